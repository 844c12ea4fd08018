"""TensorFlow's own files: a frozen graph (.pb) and a SavedModel."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ExportError
from aid_desktop.export.exporter import Check, ExportFormat, Package
from aid_desktop.export.labels import LABELS_NAME, labels_text
from aid_desktop.export.network import ExportNetwork
from aid_desktop.export.onnx_file import OPENCV
from aid_desktop.export.opencv_process import run_dnn
from aid_desktop.export.openvino_file import OPENVINO_PACKAGE, run_openvino
from aid_desktop.models.onnx_graph import INPUT_NAMES, OUTPUT_NAME, frozen_function, input_shapes

if TYPE_CHECKING:
    import tensorflow as tf

TENSORFLOW = Package("tensorflow", "tensorflow")


def write_frozen(network: ExportNetwork, path: Path) -> None:
    """Write a GraphDef whose weights are constants: inputs `image` (and `features`), output `probabilities`."""
    path.write_bytes(frozen_graph(network).SerializeToString())


def frozen_graph(network: ExportNetwork) -> Any:
    """Return the network as a GraphDef with constants folded, which OpenCV needs; any number of images."""
    import tensorflow as tf
    from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
    from tensorflow.python.grappler import tf_optimizer

    function = frozen_function(network.model, input_shapes(network.model))
    names = [one.name for one in function.inputs]
    graph = _renamed(function, names)
    meta = meta_graph_pb2.MetaGraphDef()
    meta.graph_def.CopyFrom(graph)
    meta.collection_def["train_op"].node_list.value.append(OUTPUT_NAME)
    options = config_pb2.ConfigProto()
    rewriter = options.graph_options.rewrite_options
    rewriter.optimizers.extend(["constfold"])
    rewriter.meta_optimizer_iterations = 1
    folded = tf_optimizer.OptimizeGraph(options, meta)
    if not isinstance(folded, tf.compat.v1.GraphDef):
        raise ExportError(f"TensorFlow gave {type(folded).__name__} instead of a graph; choose SavedModel or ONNX")
    return _what_is_needed(folded)


def _renamed(function: Any, names: Sequence[str]) -> Any:
    """Return the function's graph in which inputs and output have the names that all our files use."""
    import tensorflow as tf

    graph = tf.Graph()
    with graph.as_default():
        entrances = [
            tf.compat.v1.placeholder(tensor.dtype, tensor.shape, name)
            for tensor, name in zip(function.inputs, INPUT_NAMES, strict=False)
        ]
        (output,) = tf.graph_util.import_graph_def(
            function.graph.as_graph_def(),
            input_map=dict(zip(names, entrances, strict=True)),
            return_elements=[function.outputs[0].name],
            name="network",
        )
        tf.identity(output, OUTPUT_NAME)
    return graph.as_graph_def()


def _what_is_needed(graph: Any) -> Any:
    """Return a graph of nothing but what the output is computed from, in the order of computation.

    OpenCV and OpenVINO take anything else for further inputs and outputs: the order that TensorFlow keeps between
    operations, which says nothing where all weights are constants, and the entrances that were replaced.
    """
    import tensorflow as tf

    plain = tf.compat.v1.GraphDef()
    plain.versions.CopyFrom(graph.versions)
    for node in graph.node:
        copy = plain.node.add()
        copy.CopyFrom(node)
        copy.ClearField("input")
        copy.input.extend(name for name in node.input if not name.startswith("^"))
    return tf.compat.v1.graph_util.extract_sub_graph(plain, [OUTPUT_NAME])


def run_frozen(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return what a session of TensorFlow 1 computes, without Keras."""
    import tensorflow as tf

    definition = tf.compat.v1.GraphDef()
    definition.ParseFromString(path.read_bytes())
    graph = tf.Graph()
    with graph.as_default():
        tf.graph_util.import_graph_def(definition, name="")
    with tf.compat.v1.Session(graph=graph) as session:
        feed = {f"{name}:0": values for name, values in zip(INPUT_NAMES, inputs, strict=False)}
        return np.asarray(session.run(f"{OUTPUT_NAME}:0", feed), np.float32)


def run_frozen_opencv(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return what OpenCV's dnn module computes of a frozen graph; it takes float32 (N, C, H, W)."""
    images = np.ascontiguousarray(inputs[0].transpose(0, 3, 1, 2), np.float32)
    features = [np.asarray(values, np.float32) for values in inputs[1:]]
    return run_dnn("readNetFromTensorflow", [path], list(zip(INPUT_NAMES, [images, *features], strict=False)))


def write_saved_model(network: ExportNetwork, path: Path) -> None:
    """Write a SavedModel with the signature `serving_default`, and the class names as an asset."""
    import tensorflow as tf

    model = network.model
    signature = [tf.TensorSpec((None, *one.shape[1:]), one.dtype, one.name) for one in model.inputs]
    module = tf.Module()
    module.network = model
    labels = path.parent / LABELS_NAME
    labels.write_text(labels_text(network.card.class_names), encoding="utf-8")
    module.labels = tf.saved_model.Asset(str(labels))

    def serve(*inputs: "tf.Tensor") -> "dict[str, tf.Tensor]":
        return {OUTPUT_NAME: model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)}

    serving = tf.function(serve, input_signature=signature)
    tf.saved_model.save(module, str(path), signatures={"serving_default": serving})
    labels.unlink()


def run_saved_model(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return what TensorFlow computes of a SavedModel, without Keras."""
    import tensorflow as tf

    serve = tf.saved_model.load(str(path)).signatures["serving_default"]
    given = {name: tf.constant(values) for name, values in zip(INPUT_NAMES, inputs, strict=False)}
    return np.asarray(serve(**given)[OUTPUT_NAME], np.float32)


FROZEN = ExportFormat(
    name="pb",
    title="TensorFlow frozen graph",
    suffix=".pb",
    description="The protocol buffer of TensorFlow 1, with its weights as constants; OpenCV reads it too.",
    write=write_frozen,
    checks=(
        Check("TensorFlow", TENSORFLOW, run_frozen),
        Check("OpenCV", OPENCV, run_frozen_opencv, is_own=False),
        Check("OpenVINO", OPENVINO_PACKAGE, run_openvino, is_own=False),
    ),
)
SAVED_MODEL = ExportFormat(
    name="savedmodel",
    title="TensorFlow SavedModel",
    suffix="",
    is_folder=True,
    description="A folder for TensorFlow 2, TensorFlow Serving and TensorFlow in other languages.",
    write=write_saved_model,
    checks=(
        Check("TensorFlow", TENSORFLOW, run_saved_model),
        Check("OpenVINO", OPENVINO_PACKAGE, run_openvino, is_own=False),
    ),
)
