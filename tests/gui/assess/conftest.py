"""A data set whose predictions are known, and a model that is none."""

import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtWidgets import QApplication

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.formats import open_source, reopen
from aid_desktop.data.normalize import Normalization
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.source import DataSource
from aid_desktop.evaluation import assessment as evaluation
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.gui.assess import assessment, classification
from aid_desktop.gui.assess.assess_tab import AssessTab
from aid_desktop.gui.background import Background
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import ThemeManager
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.metadata import CARD_NAME, ModelCard
from aid_desktop.settings.image import ImageSettings

NAMES = ("cat", "automobile")
COUNTS = [[9, 4], [2, 11]]
"""Rows actual, columns predicted."""


def image_of(actual: int, predicted: int, number: int) -> np.ndarray:
    """Return an image (8, 10) that tells its own class and prediction, and how certain that is."""
    image = np.zeros((8, 10), np.uint8)
    image[0, :3] = actual, predicted, number
    return image


def probabilities_of(image: np.ndarray) -> list[float]:
    certainty = 0.6 + 0.01 * min(int(image[0, 2]), 40)
    return [certainty, 1 - certainty] if image[0, 1] == 0 else [1 - certainty, certainty]


def _predict(sources: Sequence[DataSource], labels: list[int] | None, progress, stop) -> Predictions:
    images = [image for source in sources for image in reopen(source).read(range(source.n_images))]
    counts = [source.n_images for source in sources]
    progress(0, len(images))
    progress(len(images), len(images))
    return Predictions(
        class_names=NAMES,
        sources=tuple(sources),
        zooms=(1.0,) * len(sources),
        source=np.repeat(np.arange(len(sources)), counts),
        index=np.concatenate([np.arange(n) for n in counts]),
        probabilities=np.array([probabilities_of(image) for image in images], np.float32),
        labels=None if labels is None else np.repeat(labels, counts),
    )


@pytest.fixture
def card() -> ModelCard:
    return ModelCard(
        class_names=NAMES,
        image=ImageSettings(width=6, height=6),
        normalization=Normalization("divide_by_255"),
        architecture="LeNet5_do",
        epoch=11,
        revision=0,
    )


@pytest.fixture
def model_file(tmp_path: Path, card: ModelCard) -> Path:
    """Return a model file that has a card and no network."""
    path = tmp_path / "epoch_00011.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(CARD_NAME, json.dumps(card.to_json()))
    return path


@pytest.fixture(scope="session", autouse=True)
def _scores_at_hand() -> None:
    """Import what computes scores before the first test: on a busy machine that takes longer than a test waits."""
    pytest.importorskip("sklearn.metrics")


@pytest.fixture
def fake_model(monkeypatch: pytest.MonkeyPatch, card: ModelCard) -> None:
    """Let models predict what the images tell."""

    def load(path: Path) -> LoadedModel:
        return LoadedModel(None, card, path)

    def predict_rows(loaded, rows: Sequence[ClassRow], progress, stop, indices) -> Predictions:
        labels = [NAMES.index(row.class_name) for row in rows]
        made = _predict([row.source for row in rows], labels, progress, stop)
        pairs = zip(made.source.tolist(), made.index.tolist(), strict=True)
        return made.select(np.array([indices[row] is None or index in indices[row] for row, index in pairs], np.bool_))

    def predict_sources(loaded, sources: Sequence[DataSource], progress, stop) -> Predictions:
        return _predict(sources, None, progress, stop)

    monkeypatch.setattr(assessment, "load_model", load)
    monkeypatch.setattr(classification, "load_model", load)
    monkeypatch.setattr(evaluation, "predict_rows", predict_rows)
    monkeypatch.setattr(classification, "predict_sources", predict_sources)


@pytest.fixture
def sources(tmp_path: Path) -> tuple[DataSource, ...]:
    """Return one .rtdc file per class, with the predictions of COUNTS."""
    found = []
    for actual, name in enumerate(NAMES):
        pairs = [(predicted, k) for predicted in (0, 1) for k in range(COUNTS[actual][predicted])]
        path = tmp_path / f"{name}.rtdc"
        write_rtdc(path, np.stack([image_of(actual, predicted, k) for predicted, k in pairs]))
        found.append(open_source(path).source)
    return tuple(found)


@pytest.fixture
def table(sources: tuple[DataSource, ...]) -> ClassTable:
    # The indices differ from the model's: classes are matched by name.
    rows = [(source, name, Role.VALIDATION) for source, name in zip(sources, NAMES, strict=True)]
    return ClassTable().add_sources(rows[::-1])


@pytest.fixture
def background(qtbot) -> Iterator[Background]:
    jobs = Background()
    yield jobs
    jobs.shut_down()


@pytest.fixture
def notifier(qtbot, table: ClassTable) -> Notifier:
    shared = Notifier()
    shared.set_table(table)
    return shared


@pytest.fixture
def tab(qtbot, notifier: Notifier, background: Background) -> AssessTab:
    made = AssessTab(notifier, background, ThemeManager(QApplication.instance()))
    qtbot.addWidget(made)
    made.resize(1280, 640)
    made.show()
    return made


@pytest.fixture
def idle(qtbot, background: Background) -> Callable[[], None]:
    """Return a function that waits until no job is left."""
    return lambda: qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=30_000)


@pytest.fixture
def assessed_tab(qtbot, tab: AssessTab, notifier: Notifier, model_file: Path, fake_model, idle) -> AssessTab:
    notifier.choose_model(model_file)
    # The first one imports scikit-learn.
    with qtbot.waitSignal(tab.assessed, timeout=30_000):
        tab.assess()
    idle()
    return tab
