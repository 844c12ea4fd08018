"""The confusion matrix in files: its numbers as a table, its colours as a picture."""

import csv
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PyQt5.QtGui import QColor, QImage
from PyQt5.QtWidgets import QAction, QFileDialog

from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.gui.assess.confusion_picture import save_matrix
from aid_desktop.gui.models.confusion_model import ConfusionModel, Mode
from aid_desktop.gui.theme import DARK, LIGHT


def model_of(counts: list[list[int]], names: tuple[str, ...] = ("cat", "dog & wolf")) -> ConfusionModel:
    table = np.array(counts)
    actual, predicted = (np.repeat(part.ravel(), table.ravel()) for part in np.indices(table.shape))
    model = ConfusionModel()
    model.set_matrix(ConfusionMatrix(names, actual, predicted))
    return model


@pytest.fixture
def model(qapp) -> ConfusionModel:
    return model_of([[3, 1], [0, 4]])


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_that_the_table_has_the_numbers_on_show(model, tmp_path):
    save_matrix(model, tmp_path / "m.csv")
    head = ["actual \\ predicted", "cat", "dog & wolf"]
    assert rows_of(tmp_path / "m.csv") == [head, ["cat", "3", "1"], ["dog & wolf", "0", "4"]]
    model.set_mode(Mode.BY_ROW)
    save_matrix(model, tmp_path / "m.csv")
    assert rows_of(tmp_path / "m.csv") == [head, ["cat", "0.75", "0.25"], ["dog & wolf", "0", "1"]]


def colors_of(path: Path) -> set[str]:
    image = QImage(str(path)).convertToFormat(QImage.Format_RGB32)
    pixels = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint32)
    return {f"#{value & 0xFFFFFF:06x}" for value in np.unique(pixels).tolist()}


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_that_the_picture_has_the_colours_of_the_cells_on_white_in_any_theme(model, tmp_path, theme):
    model.set_theme(theme)
    save_matrix(model, tmp_path / "m.png")
    light = model_of([[3, 1], [0, 4]])
    expected = {QColor(light._ground(row, column)).name() for row in (0, 1) for column in (0, 1)}
    assert expected <= colors_of(tmp_path / "m.png")
    assert "#ffffff" in colors_of(tmp_path / "m.png")


def test_that_the_vector_picture_has_names_and_numbers_as_texts(model, tmp_path):
    model.set_mode(Mode.BY_COLUMN)
    save_matrix(model, tmp_path / "m.svg")
    texts = [node.text for node in ElementTree.parse(tmp_path / "m.svg").iter("{http://www.w3.org/2000/svg}text")]
    assert sorted(texts) == sorted(
        ["actual", "predicted", *["cat", "dog & wolf"] * 2, "100.0 %", "20.0 %", "0.0 %", "80.0 %"]
    )


def test_that_hundreds_of_classes_fit_into_a_picture(qapp, tmp_path):
    n = 300
    model = model_of(np.eye(n, dtype=int).tolist(), tuple(f"class {number}" for number in range(n)))
    save_matrix(model, tmp_path / "m.png")
    image = QImage(str(tmp_path / "m.png"))
    assert n < max(image.width(), image.height()) <= 4096
    assert QColor(model._ground(0, 0)).name() in colors_of(tmp_path / "m.png")


def test_that_the_menu_saves_the_matrix_and_tells_what_fails(assessed_tab, tmp_path, monkeypatch):
    actions = {action.objectName(): action for action in assessed_tab.confusion.findChildren(QAction)}
    for suffix in (".png", ".svg", ".csv"):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, s=suffix: (str(tmp_path / "matrix"), s))
        actions[f"confusionMatrix.save{suffix}"].trigger()
        assert (tmp_path / f"matrix{suffix}").stat().st_size > 50
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "none" / "m.csv"), ""))
    actions["confusionMatrix.save.csv"].trigger()
    assert "cannot be written" in assessed_tab.messages.notes[-1].text
