"""Decides whether a file is a plain policy that is safe to hand to onnxruntime. Never runs anything of it.

The wire is read in onnx_wire.py, the graph checked in onnx_graph.py, its memory and time bounded in onnx_bounds.py.
"""

import math
from collections import Counter
from dataclasses import dataclass

from ..errors import UserError
from .onnx_bounds import Cost, measure
from .onnx_graph import Graph, build
from .onnx_wire import Decoder, Refused

MAX_FILE = 64 * 2**20  # bytes


@dataclass(frozen=True)
class GraphFacts:
    """What a file that passed holds."""

    name: str
    graph: Graph
    cost: Cost  # of one row

    @property
    def inputs(self) -> dict[str, tuple[int, tuple[int, ...]]]:
        """Name: (TensorProto.DataType, shape of one row)."""
        return self.graph.inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        return self.graph.outputs

    @property
    def metadata(self) -> dict[str, str]:
        return self.graph.metadata

    @property
    def operators(self) -> Counter[str]:
        return Counter(node.op for node in self.graph.nodes)

    @property
    def parameters(self) -> int:
        """Numbers in the constants of the graph."""
        return sum(math.prod(tensor.dims) for tensor in self.graph.constants.values())

    def check_batch(self, rows: int) -> None:
        """Raises UserError where a call with this many rows would break the bounds."""
        try:
            measure(self.graph, rows)
        except Refused as why:
            raise _refusal(self.name, why) from None


def inspect(data: bytes, name: str) -> GraphFacts:
    """Read an ONNX file without running it. Raises UserError, naming the file, unless it is a plain bounded policy."""
    try:
        if len(data) > MAX_FILE:
            raise Refused(f"it is over {MAX_FILE >> 20} MiB")
        if data[4:8] == b"ORTM":
            raise Refused("onnxruntime would take it for another format")
        graph = build(Decoder().message(memoryview(data), "Model"))
        return GraphFacts(name, graph, measure(graph, 1))
    except Refused as why:
        raise _refusal(name, why) from None


def _refusal(name: str, why: Refused) -> UserError:
    return UserError(
        f"{name} is refused: {why}; export the policy again with npckit, or do not trust where it came from"
    )
