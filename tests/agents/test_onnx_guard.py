"""The guard lets plain policies through, and refuses in a sentence whatever could run, hang, crash or eat memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from npckit.agents.onnx_attributes import ATTRIBUTES
from npckit.agents.onnx_bounds import MAX_BYTES, RULES
from npckit.agents.onnx_graph import OPSETS
from npckit.agents.onnx_guard import inspect
from npckit.agents.onnx_wire import encode_varint
from npckit.errors import UserError
from onnx import ModelProto, StringStringEntryProto, TensorProto, defs, helper, numpy_helper

node = helper.make_node
RELU = [node("Relu", ["obs"], ["logits"])]


def _refused(data: bytes | ModelProto, says: str) -> None:
    with pytest.raises(UserError, match=says) as refusal:
        inspect(data if isinstance(data, bytes) else data.SerializeToString(), "rival.onnx")
    assert str(refusal.value).startswith("rival.onnx is refused: ")


@pytest.fixture
def plain(make_model: Any) -> ModelProto:
    return make_model(RELU, {"obs": [3]}, {"logits": [3]})


@pytest.fixture
def ints(make_model: Any) -> Any:
    """A model of nodes with int64 constants, from obs (n, 8) to logits (n, 8)."""

    def make(nodes: list[Any], **constants: Any) -> ModelProto:
        arrays = {name: np.array(value, np.int64) for name, value in constants.items()}
        return make_model([*nodes, node("Relu", ["obs"], ["logits"])], {"obs": [8]}, {"logits": [8]}, arrays)

    return make


def test_the_facts_of_a_policy_are_told(make_model: Any) -> None:
    model = make_model(
        [node("MatMul", ["obs", "w"], ["x"]), node("Tanh", ["x"], ["logits"])],
        {"obs": [3]},
        {"logits": [2]},
        {"w": np.zeros((3, 2), np.float32)},
    )
    model.metadata_props.append(StringStringEntryProto(key="author", value="ann"))
    facts = inspect(model.SerializeToString(), "rival.onnx")
    assert facts.inputs == {"obs": (TensorProto.FLOAT, (3,))}
    assert facts.outputs == ("logits",)
    assert facts.operators == {"MatMul": 1, "Tanh": 1}
    assert facts.metadata == {"author": "ann"}
    assert facts.parameters == 6


def test_every_allowed_operator_and_attribute_is_one_of_onnx() -> None:
    kinds = {"INT": "i", "FLOAT": "f", "STRING": "s", "TENSOR": "t", "INTS": "is", "FLOATS": "fs"}
    known: dict[str, dict[str, str]] = {}
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "" and schema.since_version <= OPSETS[-1]:
            told = {name: kinds.get(attribute.type.name, "") for name, attribute in schema.attributes.items()}
            known.setdefault(schema.name, {}).update(told)
    assert set(ATTRIBUTES) <= set(RULES) <= set(known)
    ours = {op: {name: kind.replace("b", "i") for name, kind in told.items()} for op, told in ATTRIBUTES.items()}
    assert all(ours[op].items() <= known[op].items() for op in ours)


@pytest.mark.parametrize(
    ("op", "attributes"),
    [
        ("Relu", {"alpha": 1.0}),
        ("Softmax", {"axis": 0.5}),
        ("Elu", {"alpha": 1}),
        ("Transpose", {"perm": [1.0, 0.0]}),
        ("ReduceMax", {"keepdims": 2}),
    ],
)
def test_an_attribute_off_the_list_or_of_another_type_is_refused(
    make_model: Any, op: str, attributes: dict[str, Any]
) -> None:
    _refused(make_model([node(op, ["obs"], ["logits"], **attributes)], {"obs": [3]}, {"logits": [3]}), "the attribute")


@pytest.mark.parametrize("op", ["If", "Loop", "Scan", "Tile", "Pad", "Resize", "Range", "Mod", "NonZero", "Nothing"])
def test_an_operator_off_the_list_is_refused(make_model: Any, op: str) -> None:
    _refused(make_model([node(op, ["obs"], ["logits"])], {"obs": [3]}, {"logits": [3]}), f"the operator '{op}'")


def test_a_subgraph_is_refused(plain: ModelProto) -> None:
    plain.graph.node[0].attribute.append(helper.make_attribute("body", plain.graph))
    _refused(plain, "a subgraph")


def test_functions_are_refused(plain: ModelProto) -> None:
    opset = helper.make_opsetid("", 18)
    plain.functions.append(helper.make_function("", "Relu", ["x"], ["y"], [node("Neg", ["x"], ["y"])], [opset]))
    _refused(plain, "functions")


def test_a_foreign_domain_is_refused(make_model: Any) -> None:
    nodes = [node("Relu", ["obs"], ["logits"], domain="com.microsoft")]
    _refused(make_model(nodes, {"obs": [3]}, {"logits": [3]}), "foreign domain")


def test_external_data_is_refused(plain: ModelProto) -> None:
    tensor = numpy_helper.from_array(np.zeros(3, np.float32), "w")
    tensor.external_data.append(StringStringEntryProto(key="location", value="/etc/passwd"))
    tensor.data_location = TensorProto.EXTERNAL
    plain.graph.initializer.append(tensor)
    _refused(plain, "external data")


@pytest.mark.parametrize("version", [0, 12, 99])
def test_an_operator_set_out_of_range_is_refused(plain: ModelProto, version: int) -> None:
    plain.opset_import[0].version = version
    _refused(plain, "operator set")


@pytest.mark.parametrize("shape", [[3, 3], ["batch", "width"], ["batch", 0], []])
def test_an_input_needs_a_free_batch_axis_and_fixed_sizes(plain: ModelProto, shape: list[Any]) -> None:
    plain.graph.input[0].CopyFrom(helper.make_tensor_value_info("obs", TensorProto.FLOAT, shape))
    _refused(plain, "batch axis")


def test_a_singular_field_given_twice_is_refused(plain: ModelProto) -> None:
    # protobuf merges the second graph into the first, so a reader that takes either alone is deceived.
    data = plain.SerializeToString()
    second = ModelProto()
    second.graph.node.append(node("Loop", [], []))
    _refused(data + second.SerializeToString(), "twice")


def test_a_file_that_onnxruntime_would_take_for_its_own_format_is_refused(plain: ModelProto) -> None:
    # The bytes ORTM at offset 4 switch onnxruntime to flatbuffers, past every check of the graph.
    plain.producer_name = "ORTM"
    data = plain.SerializeToString()
    assert data[4:8] == b"ORTM"
    _refused(data, "another format")


@pytest.mark.parametrize(
    "data", [b"", b"\x08", b"\x08" + b"\xff" * 10, b"\x08\x8a\x00", b"\x3a\xff\xff\xff\xff\x0f", b"\x0b"]
)
def test_malformed_bytes_are_refused(data: bytes) -> None:
    _refused(data, "export the policy again")


def test_every_cut_of_a_file_is_refused(plain: ModelProto) -> None:
    data = plain.SerializeToString()
    for size in range(len(data)):
        _refused(data[:size], "export the policy again")


def test_sizes_and_data_of_a_tensor_must_agree(plain: ModelProto) -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2**20, 2**20], raw_data=b"\0" * 8)
    plain.graph.initializer.append(tensor)
    _refused(plain, "elements")
    tensor.dims[:] = [3]
    plain.graph.initializer[0].CopyFrom(tensor)
    _refused(plain, "holds 2 numbers and says 3")


def test_a_value_defined_twice_or_used_too_early_is_refused(make_model: Any) -> None:
    twice = [node("Relu", ["obs"], ["x"]), node("Neg", ["obs"], ["x"]), node("Relu", ["x"], ["logits"])]
    _refused(make_model(twice, {"obs": [3]}, {"logits": [3]}), "defined twice")
    early = [node("Relu", ["x"], ["logits"]), node("Relu", ["obs"], ["x"])]
    _refused(make_model(early, {"obs": [3]}, {"logits": [3]}), "before it is defined")


def test_too_many_nodes_are_refused(make_model: Any) -> None:
    nodes = [node("Relu", [f"x{at}" if at else "obs"], [f"x{at + 1}"]) for at in range(2001)]
    _refused(make_model(nodes, {"obs": [1]}, {"x2001": [1]}), "over 2000 nodes")


def test_a_tensor_of_many_great_sizes_is_refused_before_they_are_multiplied(plain: ModelProto) -> None:
    # Their product has a million digits, and took minutes.
    dims = encode_varint(2**63 - 1)
    lists = b"".join(b"\x0a" + encode_varint(7000 * len(dims)) + dims * 7000 for _ in range(12))
    initializer = b"\x2a" + encode_varint(len(lists) + 2) + lists + b"\x10\x01"
    plain.ClearField("graph")
    _refused(plain.SerializeToString() + b"\x3a" + encode_varint(len(initializer)) + initializer, "axes")


def test_a_node_of_very_many_outputs_is_refused(make_model: Any) -> None:
    # A Split into 90,000 keeps onnxruntime busy for minutes before it has opened the file.
    nodes = [node("Split", ["obs"], [f"x{at}" for at in range(513)], axis=1, num_outputs=513)]
    _refused(make_model([*nodes, *RELU], {"obs": [513]}, {"logits": [513]}), "over 512 inputs or outputs")


def test_very_many_links_between_nodes_are_refused(make_model: Any) -> None:
    nodes = [node("Concat", ["obs"] * 500, [f"x{at}"], axis=1) for at in range(41)]
    _refused(make_model([*nodes, *RELU], {"obs": [3]}, {"logits": [3]}), "over 20000 inputs and outputs")


def test_texts_are_bounded_together(plain: ModelProto) -> None:
    # One character beyond the Latin ones makes a text take four bytes for each of its own.
    plain.metadata_props.extend(StringStringEntryProto(key=str(at), value="a" * (2**20 - 4) + "☃") for at in range(9))
    _refused(plain, "all its texts")


def test_what_one_maximum_of_many_costs_is_counted(make_model: Any) -> None:
    # It is computed two by two, each time in the size of the largest.
    wide = {"w": np.zeros((100_000, 3), np.float32), "c": np.zeros(1, np.float32)}
    nodes = [node("Max", ["w", *["c"] * 500], ["x"]), *RELU]
    _refused(make_model(nodes, {"obs": [3]}, {"logits": [3]}, wide), "operations")


@pytest.mark.parametrize("op", ["LSTM", "GRU"])
def test_every_step_of_a_recurrence_is_counted(make_model: Any, op: str) -> None:
    gates = {"LSTM": 4, "GRU": 3}[op]
    weights = {"s": np.array([10**6, 1, 1]), "w": np.zeros((1, gates, 1), np.float32)}
    nodes = [node("Expand", ["one", "s"], ["e"]), node(op, ["e", "w", "w"], ["x"], hidden_size=1), *RELU]
    weights["one"] = np.ones((1, 1, 1), np.float32)
    _refused(make_model(nodes, {"obs": [3]}, {"logits": [3]}, weights), "operations|MiB of memory")


def test_a_kernels_own_copy_of_its_weights_is_counted(make_model: Any) -> None:
    # A column of weights is kept as sixteen; and each of many nodes may keep a copy of the same weights.
    column = {"w": np.zeros((2**21, 1), np.float32), "a": np.zeros((1, 1), np.float32), "s": np.array([1, 2**21])}
    nodes = [
        node("Reshape", ["obs", "one"], ["y"]),
        node("Expand", ["y", "s"], ["x"]),
        node("MatMul", ["x", "w"], ["z"]),
    ]
    _refused(
        make_model([*nodes, *RELU], {"obs": [1]}, {"logits": [1]}, {**column, "one": np.array([1, 1])}), "of memory"
    )
    square = {"w": np.zeros((1000, 1000), np.float32)}
    chain = [node("MatMul", [f"x{at}" if at else "obs", "w"], [f"x{at + 1}"]) for at in range(20)]
    _refused(make_model([*chain, *RELU], {"obs": [1000]}, {"logits": [1000]}, square), "of memory")
    inspect(make_model([*chain[:5], *RELU], {"obs": [1000]}, {"logits": [1000]}, square).SerializeToString(), "rival")


def test_the_channels_that_a_convolution_pads_are_counted(make_model: Any) -> None:
    # onnxruntime keeps pictures in blocks of sixteen channels, so one channel takes the room of sixteen.
    nodes = [node("Conv", ["obs", "w"], ["x"], pads=[1] * 4), node("Relu", ["x"], ["logits"])]
    weights = {"w": np.zeros((1, 1, 3, 3), np.float32)}
    for side, fits in ((450, True), (700, False)):
        model = make_model(nodes, {"obs": [1, side, side]}, {"logits": [1, side, side]}, weights)
        if fits:
            inspect(model.SerializeToString(), "rival.onnx")
        else:
            _refused(model, "of memory")


def test_a_row_that_is_carried_through_unchanged_is_counted(make_model: Any) -> None:
    wide = 2**20
    _refused(make_model(RELU, {"obs": [3], "h": [wide]}, {"logits": [3], "h": [wide]}), "over 4 MiB")
    _refused(make_model(RELU, {"obs": [wide]}, {"logits": [wide]}), "over 4 MiB")


@pytest.mark.parametrize(("start", "end"), [(-100, -100), (0, 2**31 - 1), (0, 2**63 - 1)])
def test_a_backward_slice_that_onnxruntime_reads_otherwise_is_refused(ints: Any, start: int, end: int) -> None:
    # Python finds nothing there, onnxruntime the first entry: a size of nothing would become one of 2**33.
    nodes = [node("Slice", ["big", "s", "e", "zero", "minus"], ["size"]), node("ConstantOfShape", ["size"], ["x"])]
    _refused(ints(nodes, big=[2**33], s=[start], e=[end], zero=[0], minus=[-1]), "backward slice")


def test_doubling_by_concat_is_refused(make_model: Any) -> None:
    nodes = [node("Concat", [f"x{at}" if at else "obs"] * 2, [f"x{at + 1}"], axis=1) for at in range(40)]
    _refused(make_model(nodes, {"obs": [3]}, {"x40": [3 * 2**40]}), "MiB of memory|odd size")


@pytest.mark.parametrize(
    "nodes",
    [
        [node("Expand", ["obs", "bomb"], ["x"])],
        [node("ConstantOfShape", ["bomb"], ["x"])],
        [node("Unsqueeze", ["obs", "two"], ["c"]), node("Expand", ["c", "bomb"], ["x"])],
        [node("Concat", ["bomb", "bomb"], ["s"], axis=0), node("Expand", ["obs", "s"], ["x"])],
    ],
)
def test_a_small_file_cannot_ask_for_much_memory(ints: Any, nodes: list[Any]) -> None:
    _refused(ints(nodes, bomb=[2**15, 2**15, 8], two=[2]), "MiB of memory|does not allow")


def test_an_outer_product_of_broadcasts_is_counted(make_model: Any) -> None:
    nodes = [
        node("Transpose", ["w"], ["t"], perm=[1, 0]),
        node("Mul", ["w", "t"], ["x"]),
        node("Relu", ["obs"], ["logits"]),
    ]
    wide = {"w": np.zeros((1, 2**14), np.float32)}
    _refused(make_model(nodes, {"obs": [3]}, {"logits": [3]}, wide), "MiB of memory")


def test_long_arithmetic_on_little_memory_is_refused(make_model: Any) -> None:
    nodes = [node("MatMul", [f"x{at}" if at else "w", "w"], [f"x{at + 1}"]) for at in range(10)]
    model = make_model([*nodes, *RELU], {"obs": [3]}, {"logits": [3]}, {"w": np.zeros((500, 500), np.float32)})
    _refused(model, "operations")


def test_memory_that_grows_with_the_square_of_the_batch_is_refused_when_asked_for(make_model: Any) -> None:
    nodes = [node("Transpose", ["obs"], ["t"], perm=[1, 0]), node("MatMul", ["obs", "t"], ["x"]), *RELU]
    facts = inspect(make_model(nodes, {"obs": [4]}, {"logits": [4]}).SerializeToString(), "rival.onnx")
    facts.check_batch(16)
    with pytest.raises(UserError, match="MiB of memory"):
        facts.check_batch(MAX_BYTES // 1024)


@pytest.mark.parametrize(("low", "divisor"), [(1, 0), (-(2**63), -1)])
def test_whole_number_division_that_traps_is_refused(ints: Any, low: int, divisor: int) -> None:
    _refused(ints([node("Div", ["a", "b"], ["x"])], a=[low], b=[divisor]), "a divisor")


def test_whole_number_division_by_data_is_refused(ints: Any) -> None:
    _refused(ints([node("Cast", ["obs"], ["b"], to=7), node("Div", ["a", "b"], ["x"])], a=[1]), "depends on the data")


def test_a_shape_that_depends_on_the_data_is_refused(ints: Any) -> None:
    nodes = [
        node("Cast", ["obs"], ["i"], to=7),
        node("Reshape", ["i", "flat"], ["s"]),
        node("Expand", ["obs", "s"], ["x"]),
    ]
    _refused(ints(nodes, flat=[-1]), "depends on the data")


@pytest.mark.parametrize(
    "attributes",
    [
        {"strides": [0, 0]},
        {"dilations": [0, 1]},
        {"pads": [2**40] * 4},
        {"pads": [-1, 0, 0, 0]},
        {"group": 0},
        {"group": 3},
        {"kernel_shape": [1, 1]},
        {"auto_pad": "SAME_UPPER"},
        {"strides": [1]},
    ],
)
def test_a_convolution_with_odd_attributes_is_refused(make_model: Any, attributes: dict[str, Any]) -> None:
    nodes = [node("Conv", ["obs", "w"], ["logits"], **attributes)]
    weights = {"w": np.zeros((2, 2, 3, 3), np.float32)}
    _refused(make_model(nodes, {"obs": [2, 8, 8]}, {"logits": [2, 6, 6]}, weights), "Conv has")


def test_numbers_beyond_their_data_type_are_refused(plain: ModelProto) -> None:
    # protobuf and onnxruntime cut them to size, so the shape we compute would not be the shape they use.
    plain.graph.initializer.append(TensorProto(name="s", data_type=TensorProto.BOOL, dims=[1], int32_data=[2]))
    _refused(plain, "truth values")
    plain.graph.initializer[0].CopyFrom(TensorProto(name="s", data_type=TensorProto.UINT8, dims=[1], int32_data=[256]))
    _refused(plain, "data type cannot")
