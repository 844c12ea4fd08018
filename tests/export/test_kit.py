"""The deployment kit: its examples run without AID Desktop and answer as the program does."""

import json
import subprocess
import sys
import venv
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from aid_desktop.data.formats import open_source
from aid_desktop.data.geometry import fit_images
from aid_desktop.data.normalize import Normalization
from aid_desktop.errors import ExportError
from aid_desktop.evaluation.assess import predict_sources
from aid_desktop.export.exporting import ExportChoice, export_model
from aid_desktop.export.formats import find_format
from aid_desktop.export.kit_files import prepare as kit_prepare
from aid_desktop.settings.image import ImageSettings

pytestmark = pytest.mark.keras

KIT = ExportChoice(with_kit=True)
RUN = """
import runpy, sys

class Guard:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("aid_desktop", "keras", "tensorflow"):
            raise ImportError(f"{name} is not part of the kit")

sys.meta_path.insert(0, Guard())
sys.path.insert(0, ".")
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def answers(kit: Path, example: str, *images: Path) -> list[tuple[str, list[float]]]:
    """Return class and probabilities that an example prints for each image."""
    command = [sys.executable, "-I", "-c", RUN, example, *map(str, images)]
    done = subprocess.run(command, cwd=kit, capture_output=True, text=True, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return parsed(done.stdout)


def parsed(text: str) -> list[tuple[str, list[float]]]:
    found = []
    for line in text.splitlines():
        head, _, numbers = line.partition("  (")
        found.append((head.partition(": ")[2], [float(part.rpartition(" ")[2]) for part in numbers[:-1].split("  ")]))
    return found


@pytest.mark.parametrize(
    ("name", "examples"),
    [
        ("onnx", ["example_onnxruntime.py", "example_opencv.py"]),
        ("pb", ["example_opencv.py"]),
        ("caffe", ["example_opencv.py"]),
    ],
)
def test_that_the_examples_answer_as_the_program_does(
    make_loaded: Any, tmp_path: Path, name: str, examples: list[str]
) -> None:
    target = find_format(name)
    loaded = make_loaded("LeNet5_bn_do", "rgb", method="standardize_training_set", temperature=1.5)
    export_model(loaded, target, tmp_path / f"net{target.suffix}", KIT)
    kit = tmp_path / "net_kit"
    expected = json.loads((kit / "expected.json").read_text(encoding="utf-8"))
    assert sorted(one.name for one in kit.glob("example_*.py")) == examples
    for example in examples:
        found = answers(kit, example)
        assert [word for word, _ in found] == [one["class"] for one in expected]
        assert np.allclose([numbers for _, numbers in found], [one["probabilities"] for one in expected], atol=2e-6)
    readme = (kit / "README.md").read_text(encoding="utf-8")
    assert all(text in readme for text in (*examples, "images/1.png", f"{expected[0]['probabilities'][0]:.6f}"))


def test_that_a_class_name_cannot_break_the_table_of_the_readme(make_loaded: Any, tmp_path: Path) -> None:
    loaded = make_loaded("LeNet5_bn_do", "gray")
    names = ("a|b", "c", "d")
    export_model(
        replace(loaded, card=replace(loaded.card, class_names=names)), find_format("onnx"), tmp_path / "n.onnx", KIT
    )
    readme = (tmp_path / "n_kit" / "README.md").read_text(encoding="utf-8")
    table = [line for line in readme.splitlines() if line.startswith("|")]
    assert table[0] == r"| image | class | a\|b, c, d |"
    assert {row.replace(r"\|", "").count("|") for row in table} == {4}


@pytest.mark.parametrize("is_raw", [False, True])
def test_that_a_network_that_takes_grey_levels_has_a_kit(make_loaded: Any, tmp_path: Path, is_raw: bool) -> None:
    loaded = make_loaded("LeNet5_bn_do", "gray", method="standardize_each_image")
    export_model(loaded, find_format("onnx"), tmp_path / "net.onnx", ExportChoice(is_raw=is_raw, with_kit=True))
    kit = tmp_path / "net_kit"
    expected = json.loads((kit / "expected.json").read_text(encoding="utf-8"))
    found = answers(kit, "example_onnxruntime.py")
    assert np.allclose([numbers for _, numbers in found], [one["probabilities"] for one in expected], atol=1e-5)


@pytest.mark.parametrize(
    ("channels", "pixel_type", "is_raw", "image"),
    [
        ("gray", "uint16", True, "1.png"),
        ("rgb", "uint16", False, "1.png"),
        ("gray", "float32", False, "1.npy"),
        (("image", "a", "b", "c", "d"), "uint8", True, "1.npy"),
    ],
)
def test_that_images_of_each_kind_are_in_the_kit_as_they_are(
    make_loaded: Any, tmp_path: Path, channels: str | tuple[str, ...], pixel_type: str, is_raw: bool, image: str
) -> None:
    loaded = make_loaded("MLP_24_16_24", channels)
    white = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}[pixel_type]
    card = replace(loaded.card, pixel_type=pixel_type, normalization=Normalization("divide_by_255", white=white))
    choice = ExportChoice(is_raw=is_raw, with_kit=True)
    export_model(replace(loaded, card=card), find_format("onnx"), tmp_path / "net.onnx", choice)
    kit = tmp_path / "net_kit"
    expected = json.loads((kit / "expected.json").read_text(encoding="utf-8"))
    assert expected[0]["image"] == image
    assert kit_prepare.read_image(kit / "images" / image).dtype == np.dtype(pixel_type)
    for example in sorted(one.name for one in kit.glob("example_*.py")):
        found = answers(kit, example)
        assert np.allclose([numbers for _, numbers in found], [one["probabilities"] for one in expected], atol=2e-6)


def test_that_grey_levels_of_another_type_are_refused_by_the_examples() -> None:
    with pytest.raises(SystemExit, match="grey levels of the type uint8, the network uint16"):
        kit_prepare.prepare(np.zeros((4, 4), np.uint8), {"image": {}, "pixel_type": "uint16"})


@pytest.mark.parametrize("fit", ["crop_pad", "scale", "scale_keep_aspect"])
def test_that_the_examples_answer_as_the_program_for_images_of_any_size(
    make_loaded: Any, tmp_path: Path, fit: str
) -> None:
    loaded = make_loaded("LeNet5_bn_do", "gray", temperature=1.5)
    image = replace(loaded.card.image, fit=fit)
    loaded = replace(loaded, card=replace(loaded.card, image=image))
    export_model(loaded, find_format("onnx"), tmp_path / "net.onnx", KIT)
    folder = tmp_path / "own images"
    folder.mkdir()
    rng = np.random.default_rng(5)
    for number, shape in enumerate([(47, 90), (11, 20), (33, 31, 3)]):
        cv2.imwrite(str(folder / f"{number}.png"), rng.integers(0, 256, shape, np.uint8))
    expected = predict_sources(loaded, [open_source(folder).source]).probabilities
    for name in ("example_onnxruntime.py", "example_opencv.py"):
        found = answers(tmp_path / "net_kit", name, *sorted(folder.iterdir()))
        assert np.allclose([numbers for _, numbers in found], expected, atol=1e-5)


@pytest.mark.parametrize("fit", ["crop_pad", "scale", "scale_keep_aspect"])
@pytest.mark.parametrize("padding", ["constant", "edge", "reflect", "symmetric", "wrap"])
@pytest.mark.parametrize(("channels", "shape"), [("gray", (37, 50)), ("gray", (9, 61, 3)), ("rgb", (20, 11))])
def test_that_any_image_is_prepared_as_the_program_does_it(
    fit: str, padding: str, channels: str, shape: tuple[int, ...]
) -> None:
    image = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    settings = ImageSettings(width=24, height=31, channels=channels, fit=fit, padding=padding, resize="cubic")
    expected = fit_images([image], np.array([[shape[1] / 2, shape[0] / 2]]), settings, zoom=1.3)
    contract = {
        "image": {
            name: getattr(settings, name) for name in ("width", "height", "channels", "fit", "padding", "resize")
        },
        "zoom": 1.3,
        "pixel_type": "uint8",
        "preprocessing_included": True,
    }
    assert np.array_equal(kit_prepare.prepare(image, contract), expected)


def test_that_colours_are_read_in_the_order_of_the_network(tmp_path: Path) -> None:
    image = np.random.default_rng(2).integers(0, 256, (5, 4, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), image[:, :, ::-1])
    np.save(tmp_path / "a.npy", image)
    for name in ("a.png", "a.npy"):
        assert np.array_equal(kit_prepare.read_image(tmp_path / name), image)


def test_that_a_kit_does_not_replace_another_folder(make_loaded: Any, tmp_path: Path) -> None:
    (tmp_path / "net_kit").mkdir()
    with pytest.raises(ExportError, match="is no deployment kit"):
        export_model(make_loaded(), find_format("onnx"), tmp_path / "net.onnx", KIT)
    assert [one.name for one in tmp_path.iterdir()] == ["net_kit"]


def test_that_a_format_without_examples_has_no_kit(make_loaded: Any, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="there is no deployment kit for keras"):
        export_model(make_loaded(), find_format("keras"), tmp_path / "net.keras", KIT)
    assert not list(tmp_path.iterdir())


def test_that_a_kit_is_replaced_by_the_next_export(make_loaded: Any, tmp_path: Path) -> None:
    for _ in range(2):
        export_model(make_loaded("MLP_24_16_24"), find_format("onnx"), tmp_path / "net.onnx", KIT)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["export_report.json", "labels.txt", "net.onnx", "net_kit"]


@pytest.mark.exports_old
@pytest.mark.timeout(600)
def test_that_the_examples_run_in_a_new_environment(make_loaded: Any, tmp_path: Path) -> None:
    export_model(make_loaded("LeNet5_bn_do", "rgb"), find_format("onnx"), tmp_path / "net.onnx", KIT)
    kit, environment = tmp_path / "net_kit", tmp_path / "environment"
    venv.create(environment, with_pip=True)
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", kit / "requirements.txt"], check=True)
    expected = json.loads((kit / "expected.json").read_text(encoding="utf-8"))
    for example in ("example_onnxruntime.py", "example_opencv.py"):
        done = subprocess.run([python, kit / example], capture_output=True, text=True, check=True, encoding="utf-8")
        assert [word for word, _ in parsed(done.stdout)] == [one["class"] for one in expected]
