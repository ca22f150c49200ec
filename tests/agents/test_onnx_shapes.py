"""The sizes that the guard foretells are those that onnxruntime computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from npckit.agents.onnx_bounds import propagate
from npckit.agents.onnx_guard import inspect
from onnx import ModelProto, TensorProto, helper

node = helper.make_node


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_shapes_are_those_that_onnxruntime_computes(make_model: Any, batch: int) -> None:
    """A graph of many kinds of rule: each value is put out, and its shape compared."""

    nodes, constants = _zoo_of_rules()
    names = [name for n in nodes for name in n.output if name]
    model = make_model(nodes, {"obs": [4, 9, 7], "row": [6]}, {}, constants)
    model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    data = model.SerializeToString()
    graph = _graph_with_plain_outputs(model)
    steps = propagate(graph, batch)
    ours = {name: out.shape for step, _, outs in steps for name, out in zip(step.outputs, outs, strict=True)}
    obs = np.random.default_rng(0).normal(size=(batch, 4, 9, 7)).astype(np.float32)
    outs = ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(
        names, {"obs": obs, "row": np.ones((batch, 6), np.float32)}
    )
    assert ours == {name: out.shape for name, out in zip(names, outs, strict=True)}


def _graph_with_plain_outputs(model: ModelProto) -> Any:
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("relu", TensorProto.FLOAT, ["batch", 4, 9, 7]))
    return inspect(model.SerializeToString(), "rival.onnx").graph


def _zoo_of_rules() -> tuple[list[Any], dict[str, Any]]:
    rng = np.random.default_rng(0)
    weights = {
        "k": (8, 2, 3, 2), "c": (8,), "g": (6, 5), "lw": (2, 12, 8), "lr": (2, 12, 3), "gw": (1, 9, 8), "gr": (1, 9, 3),
        "norm": (9, 7), "channels": (4,), "batchless": (1, 4, 1, 7),
    }  # fmt: skip
    constants: dict[str, Any] = {name: rng.normal(size=shape).astype(np.float32) for name, shape in weights.items()}
    lists = {"zero": 0, "one": [1], "minus": [-1], "flat": [0, -1], "starts": [8, 0], "ends": [-100, 5], "axes": [2, 3]}
    lists |= {"steps": [-2, 2], "parts": [1, 3], "picks": [[0, 3], [-1, 2]], "shape5": [5, 1, 1, 1, 7]}
    constants |= {name: np.array(value, np.int64) for name, value in lists.items()}
    nodes = [
        node("Relu", ["obs"], ["relu"]),
        node("Conv", ["obs", "k", "c"], ["conv"], group=2, strides=[2, 1], pads=[1, 0, 1, 1], dilations=[2, 1]),
        node("MaxPool", ["conv"], ["maxpool"], kernel_shape=[2, 3], strides=[1, 2], pads=[0, 1, 1, 1]),
        node("AveragePool", ["conv"], ["meanpool"], kernel_shape=[2, 2]),
        node("GlobalAveragePool", ["conv"], ["globalpool"]),
        node("BatchNormalization", ["obs", *["channels"] * 4], ["batchnorm"]),
        node("LayerNormalization", ["obs", "norm"], ["layernorm"], axis=2),
        node("Flatten", ["obs"], ["flatten"], axis=2),
        node("Reshape", ["obs", "flat"], ["reshape"]),
        node("Transpose", ["obs"], ["transpose"], perm=[3, 0, 2, 1]),
        node("Concat", ["obs", "relu"], ["concat"], axis=-2),
        node("Split", ["obs", "parts"], ["split_a", "split_b"], axis=1),
        node("Split", ["obs"], ["third_a", "third_b", "third_c", "third_d"], axis=3, num_outputs=4),
        node("Slice", ["obs", "starts", "ends", "axes", "steps"], ["slice"]),
        node("Gather", ["obs", "picks"], ["gather"], axis=1),
        node("Unsqueeze", ["obs", "axes"], ["unsqueeze"]),
        node("Squeeze", ["unsqueeze", "axes"], ["squeeze"]),
        node("Mul", ["obs", "batchless"], ["mul"]),
        node("Expand", ["batchless", "shape5"], ["expand"]),
        node("ReduceMean", ["obs", "axes"], ["mean"], keepdims=0),
        node("ReduceMax", ["obs"], ["max"]),
        node("Gemm", ["row", "g"], ["gemm"]),
        node("Gemm", ["g", "row"], ["gemm_t"], transA=1, transB=1),
        node("MatMul", ["obs", "transposed_k"], ["matmul"]),
        node("Shape", ["obs"], ["whole"]),
        node("Shape", ["obs"], ["tail"], start=-2),
        node("Gather", ["whole", "zero"], ["n"]),
        node("Unsqueeze", ["n", "zero1"], ["n1"]),
        node("Squeeze", ["n1", "none"], ["n0"]),
        node("Concat", ["n1", "minus"], ["target"], axis=0),
        node("Reshape", ["obs", "target"], ["by_batch"]),
        node("Concat", ["one", "n1", "eight"], ["sequence"], axis=0),
        node("ConstantOfShape", ["sequence"], ["zeros"]),
        node("LSTM", ["zeros", "lw", "lr"], ["lstm", "h", "cell"], hidden_size=3, direction="bidirectional"),
        node("GRU", ["zeros", "gw", "gr"], ["gru", "gru_h"], hidden_size=3),
        node("Equal", ["whole", "minus"], ["equal"]),
        node("Where", ["equal", "whole", "minus"], ["where"]),
        node("Cast", ["equal"], ["cast"], to=7),
        node("Dropout", ["obs"], ["dropout"]),
        node("Softmax", ["row"], ["softmax"]),
    ]  # fmt: skip
    constants |= {"transposed_k": np.zeros((4, 7, 2), np.float32), "zero1": np.array([0]), "eight": np.array([8])}
    constants["none"] = np.zeros(0, np.int64)
    return nodes, constants
