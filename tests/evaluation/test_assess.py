"""Applying a model: matching of classes, preparation, bounded memory, progress and stopping."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import cv2
import h5py
import numpy as np
import pytest

from aid_desktop.data.class_table import ClassRow, Role
from aid_desktop.data.folders import FolderReader
from aid_desktop.data.formats import open_source
from aid_desktop.data.geometry import fit_image
from aid_desktop.data.normalize import Normalization
from aid_desktop.data.source import DataSource
from aid_desktop.errors import DataError
from aid_desktop.evaluation import assess
from aid_desktop.evaluation.assess import predict_rows, predict_sources
from aid_desktop.models.files import LoadedModel, load_model, save_model
from aid_desktop.models.metadata import ModelCard
from aid_desktop.settings.image import ImageSettings

CARD = ModelCard(
    class_names=("dark", "bright"),
    image=ImageSettings(width=8, height=8),
    normalization=Normalization("divide_by_255"),
    architecture="Brightness",
    epoch=3,
    revision=0,
    zoom=2.0,
)


class FakePredictor:
    """Says how bright an image is: no network needed."""

    shapes: list[tuple[int, ...]]

    def __init__(
        self, model: SimpleNamespace, card: ModelCard, n_images: int, on_convert: Callable[[bool], None] | None
    ) -> None:
        self.shapes = model.shapes
        self.on_convert = on_convert

    def predict(
        self, images: np.ndarray, should_stop: Callable[[], bool] | None = None, features: np.ndarray | None = None
    ) -> np.ndarray:
        assert features is None or features.shape == (len(images), 0)
        self.shapes.append(images.shape)
        bright = images.reshape(len(images), -1).mean(axis=1) / 255
        return np.stack([1 - bright, bright], axis=1).astype(np.float32)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> LoadedModel:
    monkeypatch.setattr(assess, "Predictor", FakePredictor)
    return LoadedModel(SimpleNamespace(shapes=[]), CARD, Path("model.keras"))


def folder_of(path: Path, levels: list[int], shape: tuple[int, ...] = (10, 12)) -> DataSource:
    path.mkdir()
    for number, level in enumerate(levels):
        cv2.imwrite(str(path / f"{number:03}.png"), np.full(shape, level, np.uint8))
    return open_source(path).source


def row(source: DataSource, name: str, index: int = 0, **options: object) -> ClassRow:
    return ClassRow(source, index, name, Role.TEST, **options)


def test_that_labels_follow_the_names_of_the_model_not_the_numbers_of_the_table(
    loaded: LoadedModel, tmp_path: Path
) -> None:
    bright, dark = folder_of(tmp_path / "b", [250, 240, 30]), folder_of(tmp_path / "d", [10, 20])
    predictions = predict_rows(loaded, [row(bright, "bright", 0), row(dark, "dark", 1)])
    assert predictions.class_names == ("dark", "bright")
    assert predictions.labels is not None
    assert predictions.labels.tolist() == [1, 1, 1, 0, 0]
    assert predictions.predicted().tolist() == [1, 1, 0, 0, 0]
    assert predictions.source.tolist() == [0, 0, 0, 1, 1]
    assert predictions.index.tolist() == [0, 1, 2, 0, 1]
    assert predictions.origins()[3] == str(tmp_path / "d" / "000.png")


def test_that_classes_the_model_does_not_know_are_refused_before_any_work(loaded: LoadedModel, tmp_path: Path) -> None:
    source = folder_of(tmp_path / "bird", [1])
    with pytest.raises(DataError, match=r"classes dark, bright; row bird is labelled owl"):
        predict_rows(loaded, [row(source, "dark"), row(source, "owl", 1)])
    assert loaded.model.shapes == []


def test_that_long_lists_of_unknown_classes_are_cut(loaded: LoadedModel, tmp_path: Path) -> None:
    names = tuple(f"class{number}" for number in range(40))
    card = ModelCard(names, CARD.image, CARD.normalization, "Brightness", 0, 0)
    source = folder_of(tmp_path / "bird", [1])
    with pytest.raises(DataError, match=r"class9, and 30 more; .*and 5 more rows") as caught:
        predict_rows(LoadedModel(loaded.model, card, loaded.path), [row(source, "owl")] * 15)
    assert len(str(caught.value)) < 700


def test_that_the_zoom_of_the_row_or_of_the_card_is_used(loaded: LoadedModel, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    image = np.zeros((16, 16), np.uint8)
    image[6:10, 6:10] = 255
    cv2.imwrite(str(tmp_path / "x" / "0.png"), image)
    source = open_source(tmp_path / "x").source
    for zoom in (1.0, 2.0):
        expected = fit_image(image, (8, 8), CARD.image, zoom).mean() / 255
        predictions = predict_rows(loaded, [row(source, "dark", zoom=zoom)])
        assert predictions.probabilities[0, 1] == pytest.approx(expected)
        assert predictions.zooms == (zoom,)
    unlabelled = predict_sources(loaded, [source])
    assert unlabelled.zooms == (2.0,)
    assert unlabelled.labels is None
    assert unlabelled.probabilities[0, 1] == pytest.approx(expected)


def test_that_images_of_any_size_and_colour_are_brought_to_the_models_form(loaded: LoadedModel, tmp_path: Path) -> None:
    sources = [folder_of(tmp_path / "g", [9], (30, 5)), folder_of(tmp_path / "c", [9], (4, 4, 3))]
    assert predict_sources(loaded, sources).n == 2
    assert set(loaded.model.shapes) == {(1, 8, 8, 1)}


def test_that_all_images_are_used_whatever_an_epoch_would_draw(loaded: LoadedModel, tmp_path: Path) -> None:
    source = folder_of(tmp_path / "x", [1, 2, 3])
    assert predict_rows(loaded, [row(source, "dark", images_per_epoch=1)]).n == 3


def test_that_chosen_images_of_a_row_are_predicted(loaded: LoadedModel, tmp_path: Path) -> None:
    bright, dark = folder_of(tmp_path / "b", [250, 240, 30]), folder_of(tmp_path / "d", [10, 20])
    rows = [row(bright, "bright"), row(dark, "dark", 1)]
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))

    predictions = predict_rows(loaded, rows, progress, indices=[np.array([1, 2]), None])
    assert predictions.source.tolist() == [0, 0, 1, 1]
    assert predictions.index.tolist() == [1, 2, 0, 1]
    assert predictions.predicted().tolist() == [1, 0, 0, 0]
    assert told[-1] == (4, 4)


def test_that_images_come_in_chunks_with_progress(
    loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assess, "CHUNK_IMAGES", 2)
    sources = [folder_of(tmp_path / "x", [1, 2, 3]), folder_of(tmp_path / "y", [4])]
    seen: list[tuple[int, int]] = []
    predictions = predict_sources(loaded, sources, lambda done, total: seen.append((done, total)))
    assert [shape[0] for shape in loaded.model.shapes] == [2, 1, 1]
    assert seen == [(0, 4), (2, 4), (3, 4), (4, 4)]
    np.testing.assert_allclose(predictions.probabilities[:, 1] * 255, [1, 2, 3, 4], rtol=0.3)


def test_that_a_conversion_has_no_total(loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predict = FakePredictor.predict

    def convert(self: FakePredictor, *arguments: object) -> np.ndarray:
        assert self.on_convert is not None
        for converting in (True, True, False):
            self.on_convert(converting)
        return predict(self, *arguments)

    monkeypatch.setattr(FakePredictor, "predict", convert)
    seen: list[tuple[int, int]] = []
    source = folder_of(tmp_path / "x", [1, 2, 3])
    predict_sources(loaded, [source], lambda done, total: seen.append((done, total)))
    assert seen == [(0, 3), (0, 0), (0, 0), (0, 3), (3, 3)]


def test_that_large_images_come_in_small_chunks(
    loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assess, "CHUNK_BYTES", 3000)
    predict_sources(loaded, [folder_of(tmp_path / "x", [1] * 5, (30, 30))])
    assert [shape[0] for shape in loaded.model.shapes] == [2, 2, 1]


def test_that_stopping_leaves_the_predictions_made_so_far(
    loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assess, "CHUNK_IMAGES", 2)
    sources = [folder_of(tmp_path / "x", [1, 2, 3]), folder_of(tmp_path / "y", [4])]
    rows = [row(sources[0], "dark"), row(sources[1], "bright", 1)]
    for n_chunks, n in ((0, 0), (1, 2), (2, 3), (3, 4)):
        loaded.model.shapes.clear()
        predictions = predict_rows(loaded, rows, should_stop=lambda end=n_chunks: len(loaded.model.shapes) >= end)
        assert predictions.n == n
        assert predictions.labels is not None
        assert predictions.labels.tolist() == [0, 0, 0, 1][:n]


def test_that_a_predictor_that_stops_within_a_chunk_is_respected(
    loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict = FakePredictor.predict
    monkeypatch.setattr(FakePredictor, "predict", lambda *arguments: predict(*arguments)[:2])
    sources = [folder_of(tmp_path / "x", [1, 2, 3]), folder_of(tmp_path / "y", [4])]
    predictions = predict_sources(loaded, sources, should_stop=lambda: False)
    assert predictions.index.tolist() == [0, 1]


def test_that_nothing_to_do_is_refused(loaded: LoadedModel) -> None:
    with pytest.raises(DataError, match="nothing to assess"):
        predict_rows(loaded, [])
    with pytest.raises(DataError, match="nothing to classify"):
        predict_sources(loaded, [])


def test_that_a_source_that_is_gone_is_told(loaded: LoadedModel, tmp_path: Path) -> None:
    source = folder_of(tmp_path / "x", [1])
    (tmp_path / "x" / "000.png").unlink()
    with pytest.raises(DataError):
        predict_sources(loaded, [source])


@pytest.mark.keras
def test_that_a_saved_network_gives_the_same_as_keras_itself(tmp_path: Path) -> None:
    import keras

    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    )
    save_model(model, CARD, tmp_path / "model.keras")
    source = folder_of(tmp_path / "x", [0, 100, 200])
    predictions = predict_rows(load_model(tmp_path / "model.keras"), [row(source, "bright")])
    images = [fit_image(np.full((10, 12), level, np.uint8), (6, 5), CARD.image) for level in (0, 100, 200)]
    expected = np.asarray(model(np.stack(images).astype(np.float32) / 255))
    np.testing.assert_allclose(predictions.probabilities, expected, atol=1e-5)


def test_that_the_next_images_are_read_while_the_model_is_at_work(
    loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assess, "CHUNK_IMAGES", 2)
    source = folder_of(tmp_path / "x", [1, 2, 3, 4, 5])
    begun = [Event() for _ in range(3)]
    read, predict = FolderReader.read, FakePredictor.predict

    def telling_read(self: FolderReader, indices: np.ndarray, channels: tuple[str, ...] | None = None) -> list:
        begun[indices[0] // 2].set()
        return read(self, indices, channels)

    def waiting_predict(self: FakePredictor, images: np.ndarray, *others: object) -> np.ndarray:
        number = len(self.shapes)
        assert begun[min(number + 1, 2)].wait(20)
        return predict(self, images, *others)

    monkeypatch.setattr(FolderReader, "read", telling_read)
    monkeypatch.setattr(FakePredictor, "predict", waiting_predict)
    assert predict_sources(loaded, [source]).n == 5


def test_that_after_a_stop_no_more_is_read_than_one_block(
    loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assess, "CHUNK_IMAGES", 1)
    source = folder_of(tmp_path / "x", [1] * 12)
    seen: list[int] = []
    read = FolderReader.read

    def telling_read(self: FolderReader, indices: np.ndarray, channels: tuple[str, ...] | None = None) -> list:
        seen.extend(indices.tolist())
        return read(self, indices, channels)

    monkeypatch.setattr(FolderReader, "read", telling_read)
    predictions = predict_sources(loaded, [source], should_stop=lambda: len(loaded.model.shapes) >= 3)
    assert predictions.n == 3
    assert len(seen) <= 5


def test_that_a_long_file_is_never_in_memory_as_a_whole(
    loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_images, height, width = 4000, 80, 250
    path = tmp_path / "long.rtdc"
    with h5py.File(path, "w") as file:
        # Chunks that were never written take no room and are read as zeros.
        images = file.create_dataset("events/image", (n_images, height, width), np.uint8, chunks=(32, height, width))
        images[-1] = 255
    monkeypatch.setattr(assess, "CHUNK_BYTES", 2**20)
    seen: list[tuple[int, int]] = []
    source = open_source(path).source
    tracemalloc.start()
    predictions = predict_sources(loaded, [source], lambda done, total: seen.append((done, total)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 2**20 < source.n_images * height * width / 9
    assert predictions.predicted().tolist() == [0] * (n_images - 1) + [1]
    assert seen[0] == (0, n_images)
    assert seen[-1] == (n_images, n_images)
    assert len(seen) > 50
