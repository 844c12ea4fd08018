"""Images judged by the runs of a series that have held them out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.class_table import Role
from aid_desktop.data.formats import reopen
from aid_desktop.data.normalize import Normalization
from aid_desktop.errors import DataError, RunError
from aid_desktop.evaluation import label_search, series_predictions
from aid_desktop.evaluation.label_issues import Evidence, Reason
from aid_desktop.evaluation.label_search import search_labels
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.series_predictions import predict_held_out
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.metadata import ModelCard
from aid_desktop.runs.config import ModelChoice, RunConfig
from aid_desktop.runs.held_out import held_out_images, write_held_out
from aid_desktop.runs.series import PlannedRun, Series
from aid_desktop.settings.image import ImageSettings

Make = Callable[..., Any]


@pytest.fixture
def images(tmp_path: Path, predictions_of: Make, write_classes: Make) -> Predictions:
    """Return two classes of 24 images whose first grey level tells the class that they show; the labels of two lie."""
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1], 24)
    pixels = random.integers(0, 255, (48, 8, 8), np.uint8)
    pixels[:, 0, 0] = labels
    pixels[5, 0, 0], pixels[40, 0, 0] = 1, 0
    return predictions_of(labels, np.eye(2)[labels], write_classes(tmp_path, pixels, labels))


@pytest.fixture
def series(tmp_path: Path, images: Predictions, monkeypatch: pytest.MonkeyPatch) -> Series:
    """Return a series of three folds of which the last one was not trained; its models see what an image shows.

    Their classes are the other way round.
    """
    image = ImageSettings(width=8, height=8)
    config = RunConfig(image, ModelChoice("MLP_8_8_8"), data=())
    made = Series(tmp_path / "series", tuple(PlannedRun(f"fold{number}", config) for number in range(3)))
    readers = [reopen(source) for source in images.sources]
    for number, run in enumerate(made.runs[:2]):
        folder = made.folder(run)
        folder.path.mkdir(parents=True)
        chosen = np.arange(number, 24, 3)
        write_held_out(held_out_images(readers, [chosen, chosen]), folder.held_out)
    card = ModelCard(
        class_names=images.class_names[::-1],
        image=image,
        normalization=Normalization("divide_by_255"),
        architecture="None",
        epoch=0,
        revision=0,
    )
    monkeypatch.setattr(series_predictions, "find_model", lambda path: path / "best.keras")
    monkeypatch.setattr(series_predictions, "load_model", lambda path: LoadedModel(None, card, path))
    monkeypatch.setattr(series_predictions, "predict_rows", _predict_rows)
    return made


def _predict_rows(loaded: LoadedModel, rows: Any, progress: Any, stop: Any, indices: Any) -> Predictions:
    names = loaded.card.class_names
    shown = [reopen(row.source).read(which)[k][0, 0] for row, which in zip(rows, indices, strict=True)
             for k in range(len(which))]  # fmt: skip
    # The fake model is sure, and wrong about nothing.
    probabilities = np.where(np.array(shown)[:, None] == [1, 0], 0.875, 0.125).astype(np.float32)
    progress(len(shown), len(shown))
    return Predictions(
        names,
        tuple(row.source for row in rows),
        tuple(row.zoom for row in rows),
        np.repeat(np.arange(len(rows)), [len(which) for which in indices]),
        np.concatenate(indices),
        probabilities,
        np.repeat([names.index(row.class_name) for row in rows], [len(which) for which in indices]),
    )


def test_that_each_image_is_judged_by_the_run_that_held_it_out(series: Series, images: Predictions) -> None:
    told: list[tuple[int, int]] = []
    probabilities, judged = predict_held_out(series, images, lambda *step: told.append(step))
    assert np.array_equal(judged, images.index % 3 < 2)
    shown = np.where(np.isin(np.arange(48), [5, 40]), 1 - images.labels, images.labels)
    assert np.array_equal(probabilities[judged].argmax(axis=1), shown[judged])
    assert not probabilities[~judged].any()
    assert told == [(16, 32), (32, 32)]


def test_that_a_search_with_a_series_finds_what_no_model_has_learnt(
    series: Series, images: Predictions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_search, "embed_rows", lambda *_: np.zeros((48, 2), np.float32))
    loaded = LoadedModel(None, None, Path("m.keras"))
    found = search_labels(loaded, images, Role.TRAINING, series)
    # Image 16 of the second class, in all number 40, is of the fold that was trained; 5 of the one that was not.
    assert [issue.position for issue in found.issues] == [40]
    assert (found.evidence, found.issues[0].reasons) == (Evidence.SERIES, (Reason.MODEL,))


def test_that_an_unusable_series_is_told(series: Series, images: Predictions, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="has held out images and saved a model"):
        predict_held_out(Series(tmp_path / "series", series.runs[2:]), images)
    with pytest.raises(DataError, match="held out none of these images"):
        predict_held_out(series, images.select(images.index % 3 == 2))
    others = Predictions(
        ("cat", "dog"), images.sources, images.zooms, images.source, images.index, images.probabilities, images.labels
    )
    with pytest.raises(DataError, match=r"knows the classes class 1, class 0, the images have cat, dog"):
        predict_held_out(series, others)
