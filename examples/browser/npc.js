// An NPC in a browser: what npckit.agents.npc.Npc does in Python, with onnxruntime-web.
//
//   const npc = await Npc.load("rival.onnx");
//   npc.reset();                                        // an episode begins
//   const action = await npc.tick(() => observe());     // every game tick: decides every `decision_ticks`, holds in between
//
// It owns the stack of frames, the recurrent state and the mask; the card in the file says how.

import * as ort from "onnxruntime-web";
import { readCard } from "./card.js";

ort.env.wasm.numThreads = 1; // small networks: threads would cost more than they give, and need headers for shared memory
ort.env.logLevel = "error";

const ARRAYS = { float32: Float32Array, uint8: Uint8Array };

export class Npc {
  /** Opens a policy file by its address. Throws an Error where it is missing, has no card, or does not run. */
  static async load(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address} cannot be loaded (${answer.status})`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const card = readCard(bytes);
    return new Npc(card, await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] }));
  }

  constructor(card, session) {
    this.card = card;
    this.session = session;
    this.scores = new Float32Array(card.actions.length); // of the last decision: logits or Q-values
    this.milliseconds = 0; // the last decision took
    this.reset();
  }

  /** An episode begins: forgets the frames, the recurrent state and the held action. */
  reset() {
    this.hold = 0;
    this.held = 0;
    this.stacks = {};
    this.state = {};
    for (const [name, shape] of this.card.recurrent) {
      this.state[name] = new ort.Tensor("float32", new Float32Array(shape.reduce((a, b) => a * b, 1)), [1, ...shape]);
    }
  }

  /** Decides once, from the newest unstacked frame (an array of numbers, or {part: array} for several) and a mask of actions. */
  async act(frame, mask = null) {
    const began = performance.now();
    const parts = this.card.observation.parts;
    const frames = parts.length > 1 ? frame : { [parts[0].name]: frame };
    const feed = { ...this.state };
    for (const part of parts) feed[part.name] = this.#stacked(part, frames[part.name]);
    const out = await this.session.run(feed);
    for (const name of Object.keys(this.state)) this.state[name] = out[`${name}_out`];
    this.scores = out[this.card.output].data;
    this.milliseconds = performance.now() - began;
    return best(this.scores, mask);
  }

  /** Call in every game tick: decides on the first and on every `decision_ticks`-th after it, and holds in between. */
  async tick(getFrame, getMask = null) {
    if (this.hold === 0) {
      this.held = await this.act(getFrame(), getMask ? getMask() : null);
      this.hold = this.card.decision_ticks;
    }
    this.hold -= 1;
    return this.held;
  }

  /** The last `stack` frames of a part joined, oldest first; the first of an episode fills every place. */
  #stacked(part, frame) {
    const size = part.frame_shape.reduce((a, b) => a * b, 1);
    if (frame?.length !== size) throw new Error(`${part.name} has ${size} numbers a frame; got ${frame?.length}`);
    const count = this.card.observation.stack;
    const kept = frame.slice(); // the game may draw the next one over it
    const stack = (this.stacks[part.name] ??= Array(count).fill(kept));
    stack.push(kept);
    stack.shift();
    const joined = new ARRAYS[part.dtype](size * count);
    stack.forEach((each, place) => joined.set(each, place * size));
    if (!joined.every(Number.isFinite)) throw new Error(`${part.name} holds NaN or infinity; check what the game observes`);
    const [depth, ...rest] = part.frame_shape;
    return new ort.Tensor(part.dtype, joined, [1, depth * count, ...rest]);
  }
}

/** The first of the best legal actions. */
function best(scores, mask) {
  let found = -1;
  scores.forEach((score, action) => {
    if ((!mask || mask[action]) && (found < 0 || score > scores[found])) found = action;
  });
  if (found < 0) throw new Error("the mask allows no action");
  return found;
}
