// The rules of npckit's pong (games/pong/rules.py, version 1) once more, for a browser, where no Python runs.
//
// Units: 1/256 of a field cell, x right, y down, 60 ticks a second; positions are centres. tests/examples/test_browser.py plays
// recorded matches in both and holds every feature of every decision equal, bit by bit: who changes the one mends the other.

export const RULES_VERSION = 1;
export const TICK_RATE = 60;
export const ACTIONS = ["stay", "up", "down"];
const CELL = 256;
export const WIDTH = 64 * CELL;
export const HEIGHT = 48 * CELL;
export const PADDLE_W = CELL;
export const PADDLE_H = 8 * CELL;
export const BALL_SIZE = 1.5 * CELL;
export const PADDLE_X = [2.5 * CELL, WIDTH - 2.5 * CELL];
export const PADDLE_SPEED = 192;
const SERVE_SPEED = 208; // along x
const FASTER = 24;
const TOP_SPEED = 800;
const TOP_VY = (TOP_SPEED * 6) / 5;
const REACH = (PADDLE_H + BALL_SIZE) / 2; // farthest from a paddle's middle that the ball still touches
const FACE = 2.5 * CELL + (PADDLE_W + BALL_SIZE) / 2; // the ball's x when it touches the left paddle
const SERVE_WAIT = 24;
const ARRIVAL_SCALE = 128; // ticks
const GOAL = 5;
const MAX_TICKS = 3600;

const clip = (value, low, high) => Math.min(Math.max(value, low), high);
const floorDivide = (a, b) => Math.floor(a / b);

export class Pong {
  /** `seed` is a BigInt of 64 bits: equal seeds give equal matches. */
  constructor(seed) {
    this.rng = mix(BigInt.asUintN(64, seed + GAMMA));
    this.tick = 0;
    this.paddleY = [HEIGHT / 2, HEIGHT / 2];
    this.score = [0, 0];
    this.over = false;
    this.hit = this.bounced = this.scored = false; // in the last tick
    this.serve(this.randint(2));
  }

  randint(n) {
    this.rng = BigInt.asUintN(64, this.rng + GAMMA);
    return Number(mix(this.rng) >> 33n) % n;
  }

  /** Puts the ball in the middle, about to fly towards a seat at a shallow angle. */
  serve(towards) {
    this.wait = SERVE_WAIT;
    this.ballX = WIDTH / 2;
    this.ballY = HEIGHT / 4 + this.randint(HEIGHT / 2);
    this.ballVx = towards === 0 ? -SERVE_SPEED : SERVE_SPEED;
    this.ballVy = this.randint(SERVE_SPEED + 1) - SERVE_SPEED / 2;
  }

  /** One tick. `actions` are numbers of ACTIONS, for the left paddle and for the right one. */
  step(actions) {
    this.hit = this.bounced = this.scored = false;
    this.movePaddle(0, actions[0]);
    this.movePaddle(1, actions[1]);
    if (this.wait > 0) this.wait -= 1;
    else this.play();
    this.tick += 1;
    this.over = this.score.includes(GOAL) || this.tick >= MAX_TICKS;
  }

  play() {
    this.moveBall();
    if (this.ballX < -BALL_SIZE) this.scorePoint(1);
    else if (this.ballX > WIDTH + BALL_SIZE) this.scorePoint(0);
  }

  movePaddle(seat, action) {
    const move = action === 1 ? -PADDLE_SPEED : action === 2 ? PADDLE_SPEED : 0;
    this.paddleY[seat] = clip(this.paddleY[seat] + move, PADDLE_H / 2, HEIGHT - PADDLE_H / 2);
  }

  moveBall() {
    const before = this.ballX;
    this.ballX += this.ballVx;
    this.ballY += this.ballVy;
    this.bounceOffWalls();
    if (before > FACE && this.ballX <= FACE) this.bounceOffPaddle(0);
    else if (before < WIDTH - FACE && this.ballX >= WIDTH - FACE) this.bounceOffPaddle(1);
  }

  bounceOffWalls() {
    const low = BALL_SIZE / 2;
    const high = HEIGHT - BALL_SIZE / 2;
    if (this.ballY < low) this.ballY = 2 * low - this.ballY;
    else if (this.ballY > high) this.ballY = 2 * high - this.ballY;
    else return;
    this.ballVy = -this.ballVy;
    this.bounced = true;
  }

  bounceOffPaddle(seat) {
    const offset = this.ballY - this.paddleY[seat];
    if (Math.abs(offset) > REACH) return;
    const speed = Math.min(Math.abs(this.ballVx) + FASTER, TOP_SPEED);
    this.ballVx = seat === 0 ? speed : -speed;
    this.ballVy = Math.sign(offset) * floorDivide(Math.abs(offset) * speed * 6, REACH * 5);
    this.ballX = seat === 0 ? FACE : WIDTH - FACE;
    this.hit = true;
  }

  /** The loser of a point gets the serve. */
  scorePoint(seat) {
    this.score[seat] += 1;
    this.scored = true;
    this.serve(1 - seat);
  }

  /** What a seat perceives, as if it were the left one: the features in the order of the card's names. */
  features(seat) {
    const facing = seat === 0 ? 1 : -1;
    return Float32Array.of(
      clip((facing * (2 * this.ballX - WIDTH)) / WIDTH, -1, 1), // ball_x
      (2 * this.ballY - HEIGHT) / HEIGHT, // ball_y
      (facing * this.ballVx) / TOP_SPEED, // ball_vx
      this.ballVy / TOP_VY, // ball_vy
      (2 * this.paddleY[seat] - HEIGHT) / HEIGHT, // own_y
      (2 * this.paddleY[1 - seat] - HEIGHT) / HEIGHT, // other_y
      this.wait / SERVE_WAIT, // serve_wait
      (2 * this.arrivalHeight() - HEIGHT) / HEIGHT, // arrival_y
      Math.min(this.arrivalTicks() / ARRIVAL_SCALE, 1), // arrival_in
    );
  }

  /** Ticks until the ball reaches the paddle that it flies towards. */
  arrivalTicks() {
    const way = this.ballVx < 0 ? this.ballX - FACE : WIDTH - FACE - this.ballX;
    return this.wait + floorDivide(Math.max(way, 0), Math.abs(this.ballVx));
  }

  /** Where the ball will be then, bounced off top and bottom on its way. */
  arrivalHeight() {
    const low = BALL_SIZE / 2;
    const span = HEIGHT - BALL_SIZE;
    const ticks = this.arrivalTicks() - this.wait;
    const y = Math.abs(this.ballY - low + this.ballVy * ticks) % (2 * span);
    return low + (y > span ? 2 * span - y : y);
  }
}

/** A scripted player for an empty chair: follows the ball while it comes, and waits in the middle while it goes. */
export function follow(pong, seat) {
  const coming = seat === 0 ? pong.ballVx < 0 : pong.ballVx > 0;
  return towards(coming ? pong.ballY : HEIGHT / 2, pong.paddleY[seat]);
}

/** The action that brings a paddle nearer to a height. */
export function towards(target, own) {
  if (Math.abs(target - own) <= PADDLE_SPEED) return 0;
  return target < own ? 1 : 2;
}

// Random numbers: SplitMix64 (Steele, Lea, Flood 2014), as in games/rng.py.
const GAMMA = 0x9e3779b97f4a7c15n;

function mix(z) {
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}
