"""Reads the protobuf wire format of an ONNX file into plain dicts. No protobuf library, no code from the file.

Strict where protobuf is lenient, so that onnxruntime cannot understand a file differently than we did: a field we do
not know, a singular field given twice (protobuf would merge them), a group, a padded number: each refuses the file.
Source: https://protobuf.dev/programming-guides/encoding and onnx/onnx.proto (ONNX 1.23).
"""

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MAX_FIELDS = 100_000  # of all messages together, and the numbers in packed lists
MAX_PACKED = 2**16  # bytes of one packed list: weights belong in raw_data
MAX_TEXT = 2**20  # bytes
MAX_TEXTS = 8 * 2**20  # bytes of all texts together: a character may take four in memory, and onnxruntime keeps copies


class Refused(ValueError):
    """Why a file is refused, as the middle of a sentence; `inspect` names the file and the fix."""


class Slot(NamedTuple):
    """One field of a message: `kind` is int, float, double, text, bytes, or the name of a message."""

    name: str
    kind: str
    many: bool = False


def _ignored(**numbers: int) -> dict[int, Slot]:
    return {number: Slot(name, "text") for name, number in numbers.items()}


_METADATA = Slot("metadata_props", "Entry", many=True)

# What is absent here is refused; these deserve their names in the refusal.
_FORBIDDEN = {
    ("Model", 20): "training_info",
    ("Model", 25): "functions",
    ("Attribute", 6): "a subgraph",
    ("Attribute", 11): "subgraphs",
    ("Tensor", 13): "external data",
    ("Tensor", 14): "a data location",
    ("Graph", 15): "sparse tensors",
}
MESSAGES: dict[str, dict[int, Slot]] = {
    "Model": {
        1: Slot("ir_version", "int"),
        5: Slot("model_version", "int"),
        7: Slot("graph", "Graph"),
        8: Slot("opset_import", "Opset", many=True),
        14: _METADATA,
        **_ignored(producer_name=2, producer_version=3, domain=4, doc_string=6),
    },
    "Opset": {1: Slot("domain", "text"), 2: Slot("version", "int")},
    "Entry": {1: Slot("key", "text"), 2: Slot("value", "text")},
    "Graph": {
        1: Slot("node", "Node", many=True),
        5: Slot("initializer", "Tensor", many=True),
        11: Slot("input", "Value", many=True),
        12: Slot("output", "Value", many=True),
        13: Slot("value_info", "Value", many=True),
        16: _METADATA,
        **_ignored(name=2, doc_string=10),
    },
    "Node": {
        1: Slot("input", "text", many=True),
        2: Slot("output", "text", many=True),
        4: Slot("op_type", "text"),
        5: Slot("attribute", "Attribute", many=True),
        7: Slot("domain", "text"),
        9: _METADATA,
        **_ignored(name=3, doc_string=6),
    },
    "Attribute": {
        1: Slot("name", "text"),
        2: Slot("f", "float"),
        3: Slot("i", "int"),
        4: Slot("s", "bytes"),
        5: Slot("t", "Tensor"),
        7: Slot("floats", "float", many=True),
        8: Slot("ints", "int", many=True),
        9: Slot("strings", "bytes", many=True),
        20: Slot("type", "int"),
        **_ignored(doc_string=13),
    },
    "Tensor": {
        1: Slot("dims", "int", many=True),
        2: Slot("data_type", "int"),
        4: Slot("float_data", "float", many=True),
        5: Slot("int32_data", "int", many=True),
        7: Slot("int64_data", "int", many=True),
        8: Slot("name", "text"),
        9: Slot("raw_data", "bytes"),
        10: Slot("double_data", "double", many=True),
        16: _METADATA,
        **_ignored(doc_string=12),
    },
    "Value": {1: Slot("name", "text"), 2: Slot("type", "Type"), 4: _METADATA, **_ignored(doc_string=3)},
    "Type": {1: Slot("tensor_type", "TensorType"), **_ignored(denotation=6)},
    "TensorType": {1: Slot("elem_type", "int"), 2: Slot("shape", "Shape")},
    "Shape": {1: Slot("dim", "Dimension", many=True)},
    "Dimension": {1: Slot("dim_value", "int"), 2: Slot("dim_param", "text"), **_ignored(denotation=3)},
}
_WIRE = {"int": VARINT, "float": FIXED32, "double": FIXED64}
_UNPACK = {"float": struct.Struct("<f"), "double": struct.Struct("<d")}


class Field(NamedTuple):
    """One field as it lies in the file: `value` is its number or its payload, data[start:end] is all of it."""

    number: int
    wire: int
    value: int | memoryview
    start: int
    end: int


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """An unsigned number of up to 64 bits and the position after it.

    >>> varint(memoryview(b"\\xac\\x02"), 0)
    (300, 2)
    """
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Refused("it ends inside a number, or holds one of over 64 bits")
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            break
    if value >> 64 or (byte == 0 and shift > 7):
        raise Refused("it holds a number of over 64 bits or a padded one")
    return value, at


def encode_varint(value: int) -> bytes:
    """The bytes of an unsigned number.

    >>> encode_varint(300)
    b'\\xac\\x02'
    """
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def fields(data: memoryview) -> Iterator[Field]:
    """The fields of one message in file order. Raises Refused where the bytes are malformed."""
    at = 0
    while at < len(data):
        start = at
        tag, at = varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, end = varint(data, at)
            yield Field(number, wire, value, start, end)
        else:
            if wire == BYTES:
                size, at = varint(data, at)
            elif wire in (FIXED32, FIXED64):
                size = 4 if wire == FIXED32 else 8
            else:
                raise Refused(f"it holds a field of wire type {wire}, which ONNX does not use")
            end = at + size
            if end > len(data):
                raise Refused("it is cut short")
            yield Field(number, wire, data[at:end], start, end)
        at = end


class Decoder:
    """Decodes messages by the table above, spending one budget of fields and one of text over the whole file."""

    def __init__(self) -> None:
        self.left, self.text_left = MAX_FIELDS, MAX_TEXTS

    def message(self, data: memoryview, kind: str) -> dict[str, Any]:
        """{field name: value, or list of values where the field repeats}; absent singular fields are absent."""
        slots = MESSAGES[kind]
        out: dict[str, Any] = {slot.name: [] for slot in slots.values() if slot.many}
        for found in fields(data):
            self._spend(1)
            slot = slots.get(found.number)
            if slot is None:
                what = _FORBIDDEN.get((kind, found.number), f"field {found.number}")
                raise Refused(f"its {kind} has {what}, which no policy needs")
            if slot.many:
                out[slot.name].extend(self._values(slot, found))
            elif slot.name in out:
                raise Refused(f"its {kind} gives {slot.name} twice")
            else:
                out[slot.name] = self._value(slot, found)
        return out

    def _spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise Refused(f"it has over {MAX_FIELDS} fields")

    def _values(self, slot: Slot, found: Field) -> Iterator[Any]:
        if found.wire != BYTES or slot.kind not in _WIRE:
            yield self._value(slot, found)
            return
        assert isinstance(found.value, memoryview)
        if len(found.value) > MAX_PACKED:
            raise Refused(f"its list {slot.name} is over {MAX_PACKED} bytes; large tensors belong in raw_data")
        at = 0
        while at < len(found.value):
            self._spend(1)
            if slot.kind == "int":
                number, at = varint(found.value, at)
                yield _signed(number)
            else:
                unpack = _UNPACK[slot.kind]
                if at + unpack.size > len(found.value):
                    raise Refused(f"its list {slot.name} is cut short")
                yield unpack.unpack_from(found.value, at)[0]
                at += unpack.size

    def _value(self, slot: Slot, found: Field) -> Any:
        if found.wire != _WIRE.get(slot.kind, BYTES):
            raise Refused(f"its field {slot.name} has the wrong wire type")
        if isinstance(found.value, int):
            return _signed(found.value)
        if slot.kind in _UNPACK:
            return _UNPACK[slot.kind].unpack(found.value)[0]
        if slot.kind == "bytes":
            return found.value
        return self._text(slot, found.value) if slot.kind == "text" else self.message(found.value, slot.kind)

    def _text(self, slot: Slot, data: memoryview) -> str:
        self.text_left -= len(data)
        if len(data) > MAX_TEXT or self.text_left < 0:
            raise Refused(f"its {slot.name} is over {MAX_TEXT} bytes, or all its texts over {MAX_TEXTS}")
        try:
            return str(data, "utf-8")
        except UnicodeDecodeError:
            raise Refused(f"its {slot.name} is not UTF-8 text") from None


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number
