// Plays what Python recorded (record.py) and tells how far apart the two are: policies in onnxruntime-web, and pong's rules.

import { Npc } from "./npc.js";
import { follow, Pong } from "./pong.js";

/** {policies: {name: {...}}, pong: {...}, match: {...}}: plain JSON. */
export async function selftest() {
  const answer = await fetch("selftest.json");
  if (!answer.ok) throw new Error(`selftest.json cannot be loaded (${answer.status})`);
  const recorded = await answer.json();
  const policies = {};
  for (const [name, record] of Object.entries(recorded.policies)) policies[name] = await comparePolicy(name, record);
  return { policies, pong: recorded.matches.map(comparePong), match: await playMatches(10) };
}

/** The largest difference of a score, and in how many decisions the action was another. */
async function comparePolicy(name, record) {
  const npc = await Npc.load(`zoo/${name}.onnx`);
  const told = { decisions: record.steps.length, episodes: 0, worst: 0, otherActions: 0, milliseconds: 0 };
  for (const step of record.steps) {
    if (step.fresh) {
      npc.reset();
      told.episodes += 1;
    }
    const action = await npc.act(step.frame, step.mask);
    told.milliseconds += npc.milliseconds / record.steps.length;
    if (action !== step.action) told.otherActions += 1;
    step.scores.forEach((score, at) => (told.worst = Math.max(told.worst, Math.abs(score - npc.scores[at]))));
  }
  return { algorithm: npc.card.training.algorithm, sameCard: same(npc.card, record.card), ...told };
}

/** A match with recorded actions: how many numbers that a seat perceives at a decision are not exactly Python's. */
function comparePong(match) {
  const pong = new Pong(BigInt(match.seed));
  let others = 0;
  for (const { features, actions } of match.decisions) {
    for (const seat of [0, 1]) {
      const seen = pong.features(seat);
      features[seat].forEach((value, at) => (others += value === seen[at] ? 0 : 1));
    }
    for (let tick = 0; tick < match.decision_ticks && !pong.over; tick++) pong.step(actions);
  }
  return { decisions: match.decisions.length, others, over: pong.over, sameScore: same(pong.score, match.score) };
}

/** Whole matches here: the rival on the right against a script. */
async function playMatches(count) {
  const npc = await Npc.load("zoo/pong.onnx");
  const told = { matches: count, wins: 0, points: [0, 0] };
  for (let seed = 0; seed < count; seed++) {
    const pong = new Pong(BigInt(seed));
    npc.reset();
    while (!pong.over) pong.step([follow(pong, 0), await npc.tick(() => pong.features(1))]);
    told.wins += pong.score[1] > pong.score[0] ? 1 : 0;
    told.points = told.points.map((points, seat) => points + pong.score[seat]);
  }
  return told;
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
