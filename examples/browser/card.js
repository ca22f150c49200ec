// The card of a policy file, read out of the bytes of the .onnx: onnxruntime-web does not give a model's metadata away.
//
// An ONNX file is one protobuf message. Its field 14, metadata_props, is repeated: messages of a key (1) and a value (2). The
// card is JSON under the key "npckit". Everything else is skipped, not understood: that is onnxruntime's work. There is no guard
// here as there is in Python, so let the page load only files that you ship yourself.

const KEY = "npckit";
const FORMAT = 1;
const METADATA = 14;
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** The card as an object, from the bytes (Uint8Array) of a policy file. Throws an Error that says what is wrong. */
export function readCard(bytes) {
  for (const entry of fields(bytes)) {
    if (entry.number !== METADATA || entry.wire !== BYTES) continue;
    const [key, value] = pair(entry.value);
    if (key !== KEY) continue;
    const card = JSON.parse(value);
    if (card.format !== FORMAT) throw new Error(`the card has format ${card.format}; this page reads ${FORMAT}`);
    return card;
  }
  throw new Error("the file carries no npckit card; export the policy with npckit");
}

function pair(message) {
  const text = new TextDecoder();
  const found = ["", ""];
  for (const { number, wire, value } of fields(message)) {
    if (wire === BYTES && (number === 1 || number === 2)) found[number - 1] = text.decode(value);
  }
  return found;
}

/** The fields of a protobuf message, each {number, wire, value}: a Uint8Array for BYTES, a number for VARINT, else null. */
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (at >= bytes.length || scale > 2 ** 63) throw new Error("the file is cut off, or no ONNX file");
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const skip = (size) => {
    if (at + size > bytes.length) throw new Error("the file is cut off, or no ONNX file");
    at += size;
    return bytes.subarray(at - size, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === VARINT) yield { number, wire, value: varint() };
    else if (wire === BYTES) yield { number, wire, value: skip(varint()) };
    else if (wire === FIXED64 || wire === FIXED32) yield { number, wire, value: (skip(wire === FIXED64 ? 8 : 4), null) };
    else throw new Error("the file is no ONNX file");
  }
}
