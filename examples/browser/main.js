// The page: a person, or a scripted player until one touches a key, on the left; the shipped rival on the right.

import { Npc } from "./npc.js";
import { ACTIONS, follow, HEIGHT, Pong, RULES_VERSION, TICK_RATE, towards } from "./pong.js";
import { paint, showThoughts } from "./picture.js";

const KEYS = { ArrowUp: 1, KeyW: 1, ArrowDown: 2, KeyS: 2 };
const TICK = 1000 / TICK_RATE;
const PAUSE = 2000; // ms between two matches that nobody plays

const page = (id) => document.getElementById(id);
const person = { there: false, held: [], pointer: null };

function action(pong) {
  if (!person.there) return follow(pong, 0);
  if (person.held.length) return person.held.at(-1);
  return person.pointer === null ? 0 : towards(person.pointer, pong.paddleY[0]);
}

/** Plays on by one tick. The rival decides when its card says, from the features that its card names. */
async function advance(pong, npc) {
  pong.step([action(pong), await npc.tick(() => pong.features(1))]);
}

async function play(npc) {
  let pong, last, due, ended;
  const begin = () => {
    pong = new Pong(crypto.getRandomValues(new BigUint64Array(1))[0]);
    npc.reset();
    [last, due, ended] = [performance.now(), 0, 0];
  };
  listen(begin);
  begin();
  const frame = async () => {
    const now = performance.now();
    due = Math.min(due + now - last, 100); // who comes back to a sleeping page is not overrun
    for (last = now; due >= TICK && !pong.over; due -= TICK) await advance(pong, npc);
    paint(page("field"), pong, person.there);
    showThoughts(page("thoughts"), npc);
    document.body.dataset.score = pong.score.join(":");
    if (pong.over) ended ||= now;
    if (pong.over && !person.there && now - ended > PAUSE) begin();
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

function listen(begin) {
  const arrive = () => {
    if (!person.there) begin();
    person.there = true;
    page("left").textContent = "You";
  };
  addEventListener("keydown", (event) => {
    if (event.code === "Enter") begin();
    if (!(event.code in KEYS)) return;
    event.preventDefault();
    arrive();
    person.pointer = null;
    if (!event.repeat) person.held.push(KEYS[event.code]);
  });
  addEventListener("keyup", (event) => (person.held = person.held.filter((held) => held !== KEYS[event.code])));
  addEventListener("blur", () => (person.held = []));
  const point = (event) => {
    const box = page("field").getBoundingClientRect();
    if (event.type === "pointerdown") arrive();
    if (person.there) person.pointer = ((event.clientY - box.top) / box.height) * HEIGHT;
  };
  page("field").addEventListener("pointerdown", point);
  page("field").addEventListener("pointermove", point);
}

/** Refuses a rival that was trained for another game, other rules, other actions, or another clock. */
function check(card) {
  const told = [card.game, card.rules_version, card.tick_rate, ...card.actions].join();
  const known = ["pong", RULES_VERSION, TICK_RATE, ...ACTIONS].join();
  if (told !== known) throw new Error(`the rival plays ${told}; this page plays ${known}`);
}

async function main() {
  const query = new URLSearchParams(location.search);
  if (query.has("selftest")) {
    const { selftest } = await import("./selftest.js");
    page("selftest").hidden = false;
    page("selftest").textContent = JSON.stringify(await selftest(), null, 1);
    document.body.dataset.done = "selftest";
    return;
  }
  page("left").textContent = "A script";
  const npc = await Npc.load("zoo/pong.onnx");
  check(npc.card);
  const { training, ratings } = npc.card;
  page("about").textContent = `${training.algorithm}, ${(training.samples / 1e6).toFixed(0)} M decisions, rated ${Math.round(ratings.rating[0])}`;
  await play(npc);
}

main().catch((error) => {
  page("about").textContent = `${error.message}. Was npm install run in this folder?`;
  document.body.dataset.done = "failed";
});
