"""A policy file: one ONNX graph with its card inside, checked before onnxruntime sees it, then run on one quiet thread."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from ..errors import UserError, plain
from .card import Card
from .onnx_bounds import MAX_BYTES
from .onnx_guard import MAX_FILE, GraphFacts, inspect
from .onnx_wire import Field, encode_varint, fields

KEY = "npckit"  # of the card in the model's metadata
ZOO = Path(__file__).parent / "zoo"
MAX_NAME = 1000  # characters of a path in a sentence
MAX_ROWS = 1024  # of one call of onnxruntime; more rows are run in turn
_DTYPE_NUMBERS = {"float32": 1, "uint8": 2}
_METADATA_FIELD = 14

Observation = NDArray[Any] | dict[str, NDArray[Any]]
State = dict[str, NDArray[np.float32]]


class PolicyFile:
    """A policy, ready to run. Make one with `load`, or from the bytes of a file and the name to tell in errors."""

    def __init__(self, data: bytes, path: Path) -> None:
        self.path, self._name = path, plain(path, MAX_NAME)
        self.facts = inspect(data, self._name)
        self.card = _read_card(self.facts)
        _check_graph(self.facts, self.card)
        self._session = open_session(data, self._name)
        self._max_rows = max(1, min(MAX_ROWS, MAX_BYTES // max(1, self.facts.cost.bytes)))
        self._checked_rows = {1}
        self._try_out()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "PolicyFile":
        """Open a file, or a shipped policy by its bare name. Raises UserError, naming the file, where it is unfit."""
        found = _find(Path(path))
        return cls(_read(found), found)

    def run(self, obs: Observation, state: State | None = None) -> tuple[NDArray[np.float32], State]:
        """The scores of every action, (n, actions) float32, and the new recurrent state, for n stacked observations.

        `obs` is (n, *stacked shape), or a dict of such for kind "both"; `state` is {name: (n, *shape)} and starts at zeros.
        Raises UserError where a shape or dtype is not what the card says.
        """
        feed = self._feed(obs, state)
        rows = len(next(iter(feed.values())))
        starts = range(0, max(rows, 1), self._max_rows)
        calls = [self._call({name: value[at : at + self._max_rows] for name, value in feed.items()}) for at in starts]
        scores, *states = (np.concatenate(pieces) for pieces in zip(*calls, strict=True))
        return scores, {name: new for (name, _), new in zip(self.card.recurrent, states, strict=True)}

    @property
    def max_rows(self) -> int:
        """How many rows go through onnxruntime at once; `run` takes more in turn."""
        return self._max_rows

    def bind(self, rows: int = 1) -> "Bound":
        """Buffers for so many rows, `max_rows` at most, bound to the session: the fast lane of an NPC, or of a crowd."""
        self._check_rows(rows)
        return Bound(self._session, self.card, self._name, rows)

    def _feed(self, obs: Observation, state: State | None) -> dict[str, NDArray[Any]]:
        parts = self.card.observation.parts
        given = obs if isinstance(obs, dict) else {parts[0].name: obs}
        dtypes = {part.name: part.dtype for part in parts}
        if given.keys() != dtypes.keys():
            got = ", ".join(map(str, given)) if isinstance(obs, dict) else "one array"
            raise UserError(f"{self._name} sees {' and '.join(dtypes)}; got {plain(got) or 'nothing'}")
        shapes = self.card.input_shapes()
        feed = {name: as_rows(name, given[name], dtype, shapes[name]) for name, dtype in dtypes.items()}
        rows = len(feed[parts[0].name])
        state = {name: np.zeros((rows, *shape), np.float32) for name, shape in self.card.recurrent} | (state or {})
        if len(state) > len(self.card.recurrent):
            known = ", ".join(name for name, _ in self.card.recurrent) or "nothing"
            raise UserError(f"{self._name} remembers {known}; got {plain(', '.join(map(str, state)))}")
        feed |= {name: as_rows(name, value, "float32", shapes[name]) for name, value in state.items()}
        if any(len(value) != rows for value in feed.values()):
            got = ", ".join(f"{len(value)} of {name}" for name, value in feed.items())
            raise UserError(f"{self._name} needs as many rows of every input; got {got}")
        return feed

    def _call(self, feed: dict[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        rows = len(next(iter(feed.values())))
        wanted = [(rows, len(self.card.actions)), *((rows, *shape) for _, shape in self.card.recurrent)]
        if rows == 0:
            return [np.zeros(shape, np.float32) for shape in wanted]
        self._check_rows(rows)
        try:
            outs: list[NDArray[np.float32]] = self._session.run(self.card.output_names(), feed)
        except Exception as error:  # onnxruntime's exceptions share no base but this
            raise _failed(self._name, error) from None
        if [(out.shape, out.dtype) for out in outs] != [(shape, np.float32) for shape in wanted]:
            raise UserError(
                f"{self._name} gives {[out.shape for out in outs]} where its card says {wanted}; export it again"
            )
        return outs

    def _check_rows(self, rows: int) -> None:
        if rows not in self._checked_rows:
            self.facts.check_batch(rows)
            self._checked_rows.add(rows)

    def _try_out(self) -> None:
        parts = self.card.observation.parts
        shapes = self.card.input_shapes()
        outs, state = self.run({p.name: np.zeros((1, *shapes[p.name]), p.dtype) for p in parts})
        if not all(np.isfinite(out).all() for out in (outs, *state.values())):
            raise UserError(f"{self._name} answers zeros with infinities or no numbers; train or export it again")


class Bound:
    """Rows of buffers that onnxruntime reads and writes in place: fill `inputs` (rows, ...), call, read `scores` (rows, actions).

    Recurrent state lives in `inputs` as well, and a call leaves the new one there.
    """

    def __init__(self, session: ort.InferenceSession, card: Card, name: str, rows: int) -> None:
        shapes = card.input_shapes()
        dtypes = {part.name: part.dtype for part in card.observation.parts}
        self.inputs = {n: np.zeros((rows, *shape), dtypes.get(n, "float32")) for n, shape in shapes.items()}
        self.scores = np.zeros((rows, len(card.actions)), np.float32)
        self._states = [(self.inputs[n], np.zeros((rows, *shape), np.float32)) for n, shape in card.recurrent]
        self._session, self._name, self._binding = session, name, session.io_binding()
        # onnxruntime keeps bare pointers: hold the arrays here, even if a caller replaces an entry of `inputs`.
        self._held = list(self.inputs.values())
        for key, array in self.inputs.items():
            self._binding.bind_input(key, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        outputs = [self.scores, *(new for _, new in self._states)]
        for key, array in zip(card.output_names(), outputs, strict=True):
            self._binding.bind_output(key, "cpu", 0, array.dtype, array.shape, array.ctypes.data)

    def __call__(self) -> None:
        """Run the rows in the buffers. Raises UserError where onnxruntime fails."""
        try:
            self._session.run_with_iobinding(self._binding)
        except Exception as error:  # onnxruntime's exceptions share no base but this
            raise _failed(self._name, error) from None
        for old, new in self._states:
            old[...] = new


def as_rows(name: str, value: Any, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """`value` as an array (n, *shape) of `dtype`, converted from numbers of the same kind. Raises UserError."""
    array = as_array(name, value, dtype, ("n", *shape))
    if array.ndim == 0 or array.shape[1:] != shape or not np.can_cast(array.dtype, dtype, "same_kind"):
        raise UserError(f"{_wanted(name, dtype, ('n', *shape))}; got {array.dtype} {array.shape}")
    return np.ascontiguousarray(array, dtype)


def as_array(name: str, value: Any, dtype: str, shape: tuple[int | str, ...]) -> NDArray[Any]:
    """`value` as an array of any shape and dtype; a UserError tells the shape and dtype it should have, where it is none."""
    try:
        return np.asarray(value)
    except (ValueError, TypeError):
        raise UserError(f"{_wanted(name, dtype, shape)}; got rows of unequal sizes") from None


def _wanted(name: str, dtype: str, shape: tuple[int | str, ...]) -> str:
    return f"{name} must be {dtype} ({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"


def with_card(data: bytes, card: Card) -> bytes:
    """The bytes of a sound ONNX file with this card in its metadata, in the place of any other card."""
    kept = [data[field.start : field.end] for field in fields(memoryview(data)) if not _is_card(field)]
    entry = _bytes_field(1, KEY.encode()) + _bytes_field(2, card.to_json().encode())
    return b"".join([*kept, _bytes_field(_METADATA_FIELD, entry)])


def write_card(path: str | os.PathLike[str], card: Card) -> None:
    """Put a card into an existing ONNX file, in one step: the file is whole at any moment.

    Raises UserError, and changes nothing, where the file is unfit or the card does not fit it.
    """
    path = Path(path)
    data = _read(path)
    inspect(data, plain(path, MAX_NAME))
    data = with_card(data, card)
    PolicyFile(data, path)
    write_whole(path, data)


def write_whole(path: Path, data: bytes) -> None:
    """Write beside the file, then put it in its place in one step. Raises UserError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}); check the folder and its free space") from None
    finally:
        beside.unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    """At most one byte more than a policy file may have."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE + 1)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); check the path and its permissions") from None


def _is_card(field: Field) -> bool:
    if field.number != _METADATA_FIELD or not isinstance(field.value, memoryview):
        return False
    return any(entry.number == 1 and entry.value == KEY.encode() for entry in fields(field.value))


def _bytes_field(number: int, data: bytes) -> bytes:
    return encode_varint(number << 3 | 2) + encode_varint(len(data)) + data


def shipped() -> dict[str, Path]:
    """The policies that come with npckit, by name."""
    return {file.stem: file for file in sorted(ZOO.glob("*.onnx"))}


def _find(path: Path) -> Path:
    if path.is_file():
        return path
    rivals = shipped()
    if str(path) in rivals:
        return rivals[str(path)]
    raise UserError(f"there is no policy file {path}; give the path of an .onnx file or one of: {', '.join(rivals)}")


def _read_card(facts: GraphFacts) -> Card:
    if KEY not in facts.metadata:
        raise UserError(
            f"{facts.name} carries no npckit card; export the policy with npckit, or add one with write_card"
        )
    try:
        return Card.from_json(facts.metadata[KEY])
    except UserError as error:
        raise UserError(f"{facts.name}: {error}") from None


def _check_graph(facts: GraphFacts, card: Card) -> None:
    dtypes = {part.name: _DTYPE_NUMBERS[part.dtype] for part in card.observation.parts}
    wanted = {name: (dtypes.get(name, 1), shape) for name, shape in card.input_shapes().items()}
    if facts.inputs != wanted:
        told, real = (plain(", ".join(map(_of_input, inputs.items()))) for inputs in (wanted, facts.inputs))
        raise UserError(f"{facts.name} takes {real or 'nothing'} where its card says {told}; export it again")
    if sorted(facts.outputs) != sorted(card.output_names()):
        told, real = (plain(", ".join(names)) for names in (card.output_names(), facts.outputs))
        raise UserError(f"{facts.name} gives {real or 'nothing'} where its card says {told}; export it again")


def _of_input(told: tuple[str, tuple[int, tuple[int, ...]]]) -> str:
    """
    >>> _of_input(("obs", (2, (4, 84, 84))))
    'obs uint8 (n, 4, 84, 84)'
    """
    name, (number, shape) = told
    dtype = next((dtype for dtype, known in _DTYPE_NUMBERS.items() if known == number), f"of data type {number}")
    return f"{name} {dtype} ({', '.join(map(str, ('n', *shape)))})"


def open_session(data: bytes, name: str) -> ort.InferenceSession:
    """A quiet session of one thread that does not spin, for bytes that `inspect` let pass. Raises UserError."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4  # fatal only: a game's console is the player's
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.add_session_config_entry("session.load_model_format", "ONNX")  # the format that was inspected
    try:
        return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base but this
        raise _failed(name, error) from None


def _failed(name: str, error: Exception) -> UserError:
    reason = plain(" ".join(str(error).split()))
    return UserError(f"{name} does not run in onnxruntime {ort.__version__} ({reason}); export the policy again")
