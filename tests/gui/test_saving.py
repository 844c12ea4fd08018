"""Names from file dialogs get their suffix, and no file is replaced that nobody was asked about."""

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QMessageBox, QPushButton, QWidget

from aid_desktop.gui.saving import save_as


@pytest.mark.parametrize(
    ("typed", "written"), [("lenet_0.95", "lenet_0.95.csv"), ("a.CSV", "a.CSV"), ("b", "b.csv"), ("c.csv", "c.csv")]
)
def test_that_a_missing_suffix_is_added(qtbot, tmp_path, typed, written):
    window, saved = QWidget(), []
    qtbot.addWidget(window)
    save_as(str(tmp_path / typed), ".csv", saved.append, window)
    assert saved == [tmp_path / written]


@pytest.mark.parametrize(("answer", "n_saved"), [("replaceYes", 1), ("replaceNo", 0)])
def test_that_a_file_that_the_suffix_hits_is_asked_about(qtbot, tmp_path, answer, n_saved):
    (tmp_path / "lenet_0.95.csv").write_text("old", encoding="utf-8")
    (tmp_path / "lenet_0.csv").write_text("old", encoding="utf-8")
    window, saved = QWidget(), []
    qtbot.addWidget(window)
    window.show()
    save_as(str(tmp_path / "lenet_0.95"), ".csv", saved.append, window)
    assert saved == []
    assert "lenet_0.95.csv" in window.findChild(QMessageBox, "replaceQuestion").text()
    qtbot.mouseClick(window.findChild(QPushButton, answer), Qt.MouseButton.LeftButton)
    assert saved == [tmp_path / "lenet_0.95.csv"] * n_saved
