// What a person sees of a match of pong, and of what goes on in the rival.

import { BALL_SIZE, HEIGHT, PADDLE_H, PADDLE_W, PADDLE_X, WIDTH } from "./pong.js";

const INK = { field: "#10121b", hud: "#2c3144", left: "#5ec4ff", right: "#ff7a69", ball: "#fafaf5", text: "#eceff7" };
const TRAIL = 10; // pictures
const trail = [];

/** Paints a match on a canvas of 4 : 3. `personIsThere` says whom the left paddle belongs to. */
export function paint(canvas, pong, personIsThere) {
  const pen = canvas.getContext("2d");
  pen.setTransform(canvas.width / WIDTH, 0, 0, canvas.height / HEIGHT, 0, 0);
  pen.fillStyle = INK.field;
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  paintMiddle(pen, pong);
  paintTrail(pen, pong);
  [INK.left, INK.right].forEach((ink, seat) => {
    const [left, top] = [PADDLE_X[seat] - PADDLE_W / 2, pong.paddleY[seat] - PADDLE_H / 2];
    glowing(pen, ink, () => pen.roundRect(left, top, PADDLE_W, PADDLE_H, PADDLE_W / 3));
  });
  const half = BALL_SIZE / 2;
  if (pong.over) paintEnd(pen, pong, personIsThere);
  else glowing(pen, INK.ball, () => pen.roundRect(pong.ballX - half, pong.ballY - half, BALL_SIZE, BALL_SIZE, half / 2));
}

function paintMiddle(pen, pong) {
  pen.fillStyle = INK.hud;
  for (let y = 256; y < HEIGHT; y += 1024) pen.fillRect(WIDTH / 2 - 32, y, 64, 512);
  pen.font = "bold 1600px 'DejaVu Sans Mono', ui-monospace, monospace";
  pen.textAlign = "center";
  pong.score.forEach((score, seat) => pen.fillText(score, WIDTH / 2 + (seat ? 1 : -1) * 1900, 2100));
}

function paintTrail(pen, pong) {
  if (pong.wait || pong.over) trail.length = 0;
  trail.push([pong.ballX, pong.ballY]);
  if (trail.length > TRAIL) trail.shift();
  pen.fillStyle = INK.ball;
  trail.forEach(([x, y], age) => {
    const size = (BALL_SIZE * age) / TRAIL;
    pen.globalAlpha = (0.25 * age) / TRAIL;
    pen.fillRect(x - size / 2, y - size / 2, size, size);
  });
  pen.globalAlpha = 1;
}

function glowing(pen, ink, trace) {
  pen.save();
  pen.fillStyle = pen.shadowColor = ink;
  pen.shadowBlur = 24;
  pen.beginPath();
  trace();
  pen.fill();
  pen.restore();
}

function paintEnd(pen, pong, personIsThere) {
  const [left, right] = pong.score;
  const winner = left === right ? "A draw" : left < right ? "The rival wins" : personIsThere ? "You win" : "The script wins";
  pen.fillStyle = "#090a0fcc";
  pen.fillRect(0, HEIGHT / 2 - 1500, WIDTH, 3000);
  pen.fillStyle = INK.text;
  pen.font = "600 1000px system-ui, 'DejaVu Sans', sans-serif";
  pen.fillText(winner, WIDTH / 2, HEIGHT / 2 + 100);
  pen.font = "420px system-ui, 'DejaVu Sans', sans-serif";
  pen.fillText("Enter: once more", WIDTH / 2, HEIGHT / 2 + 900);
}

/** The rival's chances for each action as bars, and what its last decision cost. */
export function showThoughts(place, npc) {
  const top = Math.max(...npc.scores);
  const weights = Array.from(npc.scores, (score) => Math.exp(score - top));
  const sum = weights.reduce((a, b) => a + b);
  const bars = npc.card.actions.map((name, action) => {
    const share = Math.round((100 * weights[action]) / sum);
    return `<span>${name} <span class="bar"><i style="width:${share}%"></i></span></span>`;
  });
  place.innerHTML = `${bars.join("")}<span class="faint">${npc.milliseconds.toFixed(2)} ms</span>`;
}
