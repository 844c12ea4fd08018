"""The deployment kit: a folder beside an exported file from which other people's programs can start."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from aid_desktop.data.geometry import fit_images
from aid_desktop.data.pixels import Pixels
from aid_desktop.errors import ExportError
from aid_desktop.export.labels import LABELS_NAME, labels_text
from aid_desktop.export.network import Sample, prepared_inputs
from aid_desktop.export.report import ExportReport
from aid_desktop.libraries import version_of
from aid_desktop.models.calibration import calibrated
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.predict import KerasEngine, shapes_of
from aid_desktop.paths import package_dir

FORMATS_WITH_KIT = ("onnx", "pb", "caffe")
"""Formats whose runtimes a small program in Python can call: ONNX Runtime and OpenCV."""
N_IMAGES = 2
_CONTRACT, _EXPECTED = "contract.json", "expected.json"
_ONNXRUNTIME, _OPENCV = "example_onnxruntime.py", "example_opencv.py"
_WEIGHTS = {"caffe": ".caffemodel"}


def kit_folder(path: Path) -> Path:
    """Return the folder of the kit of an exported file."""
    return path.with_name(f"{path.stem}_kit")


def check_kit(report_format: str, loaded: LoadedModel, path: Path) -> None:
    """Raise ExportError if there can be no kit, or its folder is something else."""
    folder = kit_folder(path)
    if report_format not in FORMATS_WITH_KIT:
        raise ExportError(
            f"there is no deployment kit for {report_format}, only for {', '.join(FORMATS_WITH_KIT)}: export without it"
        )
    if loaded.card.features:
        raise ExportError("a deployment kit is for networks of images alone, this one takes features too")
    if folder.exists() and not (folder / _CONTRACT).is_file():
        raise ExportError(f"{folder} is there already, and is no deployment kit: choose another name")


def write_kit(report: ExportReport, loaded: LoadedModel, sample: Sample, folder: Path) -> None:
    """Write the kit of an export into a new folder. Raises OSError.

    The two images are of different answers where the sample has such. What the network says of them is computed by
    Keras, after the whole way from an image to the input.
    """
    folder.mkdir()
    images = _images_of(loaded, sample)
    names = _write_images(images, folder / "images")
    runtimes = _runtimes(report)
    contract = _contract(report, loaded)
    (folder / _CONTRACT).write_text(json.dumps(contract, indent=1, ensure_ascii=False), encoding="utf-8")
    expected = _expected(images, loaded)
    answers = [
        {"image": name, "class": loaded.card.class_names[int(one.argmax())], "probabilities": one.tolist()}
        for name, one in zip(names, expected, strict=True)
    ]
    (folder / _EXPECTED).write_text(json.dumps(answers, indent=1, ensure_ascii=False), encoding="utf-8")
    templates = package_dir() / "export" / "kit_files"
    for name in ("prepare.py", *runtimes):
        (folder / name).write_text((templates / name).read_text(encoding="utf-8"), encoding="utf-8")
    needs = ["numpy", "opencv-python-headless", *(["onnxruntime"] if _ONNXRUNTIME in runtimes else [])]
    lines = [f"{name}>={version_of(name).partition('+')[0]}" for name in needs]
    (folder / "requirements.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / LABELS_NAME).write_text(labels_text(loaded.card.class_names), encoding="utf-8")
    (folder / "README.md").write_text(_readme(report, contract, answers, runtimes), encoding="utf-8")


def _images_of(loaded: LoadedModel, sample: Sample) -> list[Pixels]:
    probabilities = _expected(list(sample.images), loaded)
    classes = probabilities.argmax(axis=1)
    others = np.flatnonzero(classes != classes[0])
    return [sample.images[0], sample.images[int(others[0]) if len(others) else N_IMAGES - 1]]


def _expected(images: list[Pixels], loaded: LoadedModel) -> Any:
    """Return probabilities (N, C) of images of any size, as the program itself computes them for image files."""
    card = loaded.card
    centres = np.array([(image.shape[1] / 2, image.shape[0] / 2) for image in images])
    prepared = fit_images(images, centres, card.image, card.zoom)
    inputs = prepared_inputs(card, Sample(prepared, np.empty((len(prepared), 0)), ""))
    return calibrated(KerasEngine(loaded.model, shapes_of(card)).run(inputs), card.temperature)


def _write_images(images: list[Pixels], folder: Path) -> list[str]:
    """Write images as .png where PNG can hold them, else as .npy; return their names."""
    folder.mkdir()
    names = []
    for number, image in enumerate(images, 1):
        if image.shape[2] in (1, 3) and image.dtype != np.float32:
            names.append(f"{number}.png")
            _, content = cv2.imencode(".png", image[:, :, ::-1] if image.shape[2] == 3 else image)
            (folder / names[-1]).write_bytes(content.tobytes())
        else:
            names.append(f"{number}.npy")
            np.save(folder / names[-1], image)
    return names


def _runtimes(report: ExportReport) -> list[str]:
    """Return the examples: of those runtimes alone that have computed this very file."""
    agreeing = {one.runtime for one in report.agreeing}
    examples = {"ONNX Runtime": _ONNXRUNTIME, "OpenCV": _OPENCV}
    found = [name for runtime, name in examples.items() if runtime in agreeing]
    if not found:
        raise ExportError("no runtime computed the file as Keras does, so there is no example: export without a kit")
    return found


def _contract(report: ExportReport, loaded: LoadedModel) -> dict[str, Any]:
    document = report.to_json()
    suffix = _WEIGHTS.get(report.target.name)
    return {
        "version": 1,
        "model": f"../{report.path.name}",
        "weights": "" if suffix is None else f"../{report.path.with_suffix(suffix).name}",
        "opencv_layout": "channels last" if report.target.name == "onnx" else "channels first",
        "image": asdict(loaded.card.image),
        "zoom": loaded.card.zoom,
        "pixel_type": loaded.card.pixel_type,
        **{key: document[key] for key in ("class_names", "inputs", "preprocessing_included", "preprocessing")},
        "normalization": document["normalization"],
    }


def _readme(report: ExportReport, contract: dict[str, Any], answers: list[dict[str, Any]], runtimes: list[str]) -> str:
    steps = "\n".join(f"{number}. {text}" for number, text in enumerate(contract["preprocessing"], 1))
    rows = "\n".join(
        f"| images/{one['image']} | {_cell(one['class'])} | {', '.join(map('{:.6f}'.format, one['probabilities']))} |"
        for one in answers
    )
    calls = "\n".join(f"    python {name}" for name in runtimes)
    takes = contract["inputs"][0]
    return f"""# {report.path.name}

A network that tells apart: {", ".join(contract["class_names"])}. Exported as {report.target.title} by AID Desktop;
{report.summary}. See `../export_report.json`.

## Try it

    pip install -r requirements.txt
{calls}

Each prints the class of the two images in `images`, or of the images named behind it. `prepare.py` has all that happens
to an image before; it needs NumPy and OpenCV only.

## What the network takes

Input `{takes["name"]}`, {takes["dtype"]}, shape {takes["shape"]} ({report.target.layout}).

{steps}

## What comes out

One probability for each class, in the order of `labels.txt`. For the two images:

| image | class | {_cell(", ".join(contract["class_names"]))} |
|---|---|---|
{rows}
"""


def _cell(text: str) -> str:
    """Return a text that does not end its cell of a table in Markdown."""
    return text.replace("|", r"\|")
