"""A model that holds code is only used if the answer to the question is yes."""

import zipfile
from pathlib import Path

import pytest
from PyQt5.QtWidgets import QMessageBox, QPushButton

from aid_desktop.models.trust import may_run_code

CONFIG = '{"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {"name": "cut"}}]}}'


@pytest.fixture
def with_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("aid_desktop.models.trust.user_config_dir", lambda: tmp_path / "config")
    path = tmp_path / "foreign.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", CONFIG)
    return path


def asked(tab, path: Path, qtbot, background) -> QMessageBox:
    tab.model_row.choose(path)
    qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=60_000)
    box = tab.model_row.findChild(QMessageBox, "trustDialog")
    assert box is not None
    return box


def test_that_no_is_the_easy_answer_and_changes_nothing(qtbot, tab, notifier, background, with_code: Path) -> None:
    box = asked(tab, with_code, qtbot, background)
    assert "foreign.keras holds code" in box.text()
    assert "Lambda cut" in box.text()
    assert box.defaultButton().objectName() == "doNotTrustButton"
    box.defaultButton().click()
    assert notifier.model is None
    with pytest.raises(Exception, match="holds code"):
        may_run_code(with_code)


@pytest.mark.keras
def test_that_a_trusted_model_is_chosen_again(qtbot, tab, background, with_code: Path) -> None:
    failures = []
    tab.model_row.failed.connect(failures.append)
    asked(tab, with_code, qtbot, background).findChild(QPushButton, "trustButton").click()
    assert may_run_code(with_code)
    qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=60_000)
    # It is no whole model: Keras has been asked to load it.
    assert "foreign.keras cannot be loaded" in failures[0].message
