"""Packages of Core ML, for Apple's devices."""

import io
import json
import logging
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ExportError
from aid_desktop.export.exporter import Check, ExportFormat, Package
from aid_desktop.export.graph import Array, layer_in, read_graph
from aid_desktop.export.network import ExportNetwork
from aid_desktop.export.verify import first_line
from aid_desktop.models.onnx_graph import INPUT_NAMES, OUTPUT_NAME, frozen_function, input_shapes

COREMLTOOLS = Package("coremltools", "coremltools")
TITLE = "Core ML"
_MOST_IMAGES = 256
_KERNEL_AXES = {"Dense": (1, 0), "Conv2D": (3, 2, 0, 1), "DepthwiseConv2D": (2, 3, 0, 1)}
"""Axes of Keras' kernels in the order of Core ML: the outputs first."""
_WEIGHT_TOLERANCE = 1e-4


def write_coreml(network: ExportNetwork, path: Path) -> None:
    """Write an ML program with numbers of 32 bits for 1 to 256 images, its class names among the metadata.

    Raises ExportError for what coremltools cannot convert, and if what was written, read back, has other inputs,
    outputs or weights.
    """
    coremltools = _coremltools()
    function = frozen_function(network.model, input_shapes(network.model))
    inputs = [
        coremltools.TensorType(
            name=tensor.name.split(":")[0],
            shape=(coremltools.RangeDim(1, _MOST_IMAGES, default=1), *tensor.shape[1:]),
            dtype=np.float32,
        )
        for tensor in function.inputs
    ]
    # Its own temporary packages stay until the program ends.
    with TemporaryDirectory() as folder:
        model = _converted(function, inputs, network, Path(folder) / "converted.mlpackage")
        specification = model.get_spec()
        for tensor, name in zip(function.inputs, INPUT_NAMES, strict=False):
            coremltools.utils.rename_feature(specification, tensor.name.split(":")[0], name)
        coremltools.utils.rename_feature(specification, specification.description.output[0].name, OUTPUT_NAME)
        specification.description.metadata.userDefined["class_names"] = json.dumps(network.card.class_names)
        specification.description.metadata.shortDescription = f"{network.card.architecture}, exported by AID Desktop"
        coremltools.utils.save_spec(specification, str(path), weights_dir=model.weights_dir)
    _check(path, network)


def _converted(function: Any, inputs: list[Any], network: ExportNetwork, path: Path) -> Any:
    coremltools = _coremltools()
    try:
        # It draws progress bars, which fail where a window has no standard error.
        with redirect_stderr(io.StringIO()):
            return coremltools.convert(
                [function],
                source="tensorflow",
                inputs=inputs,
                convert_to="mlprogram",
                compute_precision=coremltools.precision.FLOAT32,
                minimum_deployment_target=coremltools.target.macOS13,
                package_dir=str(path),
                skip_model_load=True,
            )
    # Its converters have no error in common.
    except Exception as error:
        layer = layer_in(read_graph(network.model), str(error))
        said = first_line(error)
        if layer is None:
            raise ExportError(f"Core ML: {said}: choose another format, ONNX takes most networks") from error
        raise layer.refuse(said, TITLE) from error


def _check(path: Path, network: ExportNetwork) -> None:
    """Read the specification back, which is all that can be done without macOS."""
    description = _coremltools().utils.load_spec(str(path)).description
    found = {one.name: tuple(one.type.multiArrayType.shape)[1:] for one in description.input}
    wanted = {one.name: tuple(one.shape[1:]) for one in network.model.inputs}
    if found != wanted or [one.name for one in description.output] != [OUTPUT_NAME]:
        raise ExportError(f"Core ML: the file that was written takes {found}, expected {wanted}: choose another format")
    written = _written_kernels(path)
    for layer in read_graph(network.model).layers:
        kernel = layer.weights.get("kernel")
        if kernel is None or layer.kind not in _KERNEL_AXES:
            continue
        rows = _without_scale(kernel.transpose(_KERNEL_AXES[layer.kind]))
        if not any(one.shape == rows.shape and np.allclose(one, rows, atol=_WEIGHT_TOLERANCE) for one in written):
            raise layer.refuse("its weights are not in the file that was written", TITLE)


def _written_kernels(path: Path) -> list[Array]:
    """Return the kernels of a package, in which a batch normalization may have scaled each output."""
    coremltools = _coremltools()
    with redirect_stderr(io.StringIO()):
        model = coremltools.models.MLModel(str(path), skip_model_load=True)
        found = coremltools.optimize.coreml.get_weights_metadata(model, weight_threshold=0)
    kernels = [one.val for one in found.values() if one.val.ndim > 1 and one.val.dtype == np.float32]
    return [
        _without_scale(one) for kernel in kernels for one in ((kernel, kernel.T) if kernel.ndim == 2 else (kernel,))
    ]


def _without_scale(kernel: Array) -> Array:
    """Return the weights (outputs, weights of each), the largest of each output as 1."""
    rows = kernel.reshape(len(kernel), -1)
    largest = rows[np.arange(len(rows)), np.abs(rows).argmax(axis=1)][:, None]
    return (rows / np.where(largest == 0, 1, largest)).astype(np.float32)


def run_coreml(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return what Core ML computes; on macOS."""
    model = _coremltools().models.MLModel(str(path))
    given = {name: np.asarray(values, np.float32) for name, values in zip(INPUT_NAMES, inputs, strict=False)}
    return np.asarray(model.predict(given)[OUTPUT_NAME], np.float32)


def _version_on_mac() -> str:
    """Return the version of coremltools where it can compute."""
    return COREMLTOOLS.version if sys.platform == "darwin" else ""


def _coremltools() -> Any:
    # It warns of each library that is newer than those it was tested with.
    logging.getLogger("coremltools").setLevel(logging.ERROR)
    import coremltools

    return coremltools


COREML = ExportFormat(
    name="coreml",
    title=TITLE,
    suffix=".mlpackage",
    is_folder=True,
    description="For Apple's computers and telephones from macOS 13 and iOS 16 on; grey levels go in as numbers of 32 "
    "bits.",
    write=write_coreml,
    checks=(Check("Core ML", COREMLTOOLS, run_coreml, find=_version_on_mac, lacking="it computes on macOS only"),),
    needs=(COREMLTOOLS,),
    takes="float32",
    not_verified="Core ML computes on macOS only: elsewhere the file's specification is read back, not computed.",
)
