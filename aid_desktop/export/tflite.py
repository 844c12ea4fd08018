"""Files of TensorFlow Lite, now LiteRT: with numbers of 32 bits, or of 8."""

import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.export.exporter import Check, ExportFormat, Limit, Package
from aid_desktop.export.graph import read_graph
from aid_desktop.export.labels import LABELS_NAME, labels_text
from aid_desktop.export.network import ExportNetwork
from aid_desktop.models.devices import without_native_notes
from aid_desktop.models.onnx_graph import INPUT_NAMES, frozen_function, input_shapes

LITERT = Package("ai_edge_litert", "ai-edge-litert")
_RECURRENT = frozenset({"Bidirectional", "ConvLSTM2D", "GRU", "LSTM", "RNN", "SimpleRNN"})


def write_tflite(network: ExportNetwork, path: Path) -> None:
    """Write a .tflite file with weights of 32 bits; the class names are attached to it."""
    path.write_bytes(_converted(_converter(network), network))


def write_tflite_int8(network: ExportNetwork, path: Path) -> None:
    """Write a .tflite file that computes with whole numbers of 8 bits, scaled by the network's sample of inputs.

    Inputs and output stay as they are, so that the same program runs both kinds of files.
    """
    import tensorflow as tf

    for layer in read_graph(network.model).layers:
        if layer.kind in _RECURRENT:
            raise layer.refuse("TensorFlow's calibration of it ends the program", "TensorFlow Lite of 8 bits")
    converter = _converter(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]

    def sample() -> Iterator[list[NDArray[Any]]]:
        # Every other one: the rest of the proof is on images that it has not seen.
        for number in range(0, len(network.inputs[0]), 2):
            yield [one[number : number + 1] for one in network.inputs]

    converter.representative_dataset = sample
    with warnings.catch_warnings():
        # It asks for statistics that the sample gives.
        warnings.simplefilter("ignore")
        path.write_bytes(_converted(converter, network))


def _converter(network: ExportNetwork) -> Any:
    import tensorflow as tf

    function = frozen_function(network.model, input_shapes(network.model), batch=1)
    return tf.lite.TFLiteConverter.from_concrete_functions([function])


def _converted(converter: Any, network: ExportNetwork) -> bytes:
    """Return the file with labels.txt as the format's metadata are: a zip archive behind it, which readers ignore."""
    archive = io.BytesIO()
    with without_native_notes():
        archive.write(converter.convert())
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(LABELS_NAME, labels_text(network.card.class_names))
    return archive.getvalue()


def run_litert(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return what LiteRT computes, image by image."""
    from ai_edge_litert.interpreter import Interpreter

    with without_native_notes():
        interpreter = Interpreter(model_path=str(path))
        interpreter.allocate_tensors()
    places = [_place(interpreter, name, len(inputs)) for name in INPUT_NAMES[: len(inputs)]]
    output = interpreter.get_output_details()[0]["index"]
    found = []
    for number in range(len(inputs[0])):
        for place, values in zip(places, inputs, strict=True):
            interpreter.set_tensor(place, values[number : number + 1])
        interpreter.invoke()
        found.append(interpreter.get_tensor(output)[0].copy())
    return np.asarray(found, np.float32)


def _place(interpreter: Any, name: str, n_inputs: int) -> int:
    details = interpreter.get_input_details()
    if n_inputs == 1:
        return int(details[0]["index"])
    # Images have four axes, features two: names are made up by the converter.
    wanted = 4 if name == INPUT_NAMES[0] else 2
    return int(next(one["index"] for one in details if len(one["shape"]) == wanted))


_CHECKS = (Check("LiteRT", LITERT, run_litert),)

TFLITE = ExportFormat(
    name="tflite",
    title="TensorFlow Lite",
    suffix=".tflite",
    description="For telephones and small computers (LiteRT); takes one image at a time.",
    write=write_tflite,
    n_images=1,
    checks=_CHECKS,
)
TFLITE_INT8 = ExportFormat(
    name="tflite_int8",
    title="TensorFlow Lite, 8 bits",
    suffix=".tflite",
    description="A quarter of the size, computed with whole numbers: a few answers may change, at most 2 in 100.",
    write=write_tflite_int8,
    n_images=1,
    checks=_CHECKS,
    limit=Limit.ANSWERS,
)
