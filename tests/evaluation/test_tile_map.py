"""Classifying the tiles of a large image: preparation, averages of overlapping tiles, label maps and files."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.formats import open_source
from aid_desktop.data.geometry import fit_image
from aid_desktop.data.normalize import Normalization
from aid_desktop.errors import DataError, ExportError, StoppedError
from aid_desktop.evaluation import tile_map
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.evaluation.tile_map import TileMap, classify_image, classify_tiles, tile_size_of
from aid_desktop.evaluation.tile_map_writing import write_tile_map
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.metadata import ModelCard
from aid_desktop.settings.image import ImageSettings

CARD = ModelCard(
    class_names=("dark", "bright"),
    image=ImageSettings(width=8, height=6),
    normalization=Normalization("divide_by_255"),
    architecture="Brightness",
    epoch=3,
    revision=0,
)


class FakePredictor:
    """Says how bright a tile is, and keeps what it was given."""

    def __init__(self, model: SimpleNamespace, card: ModelCard, n_images: int, on_convert: object) -> None:
        self.seen = model.seen

    def predict(self, images: np.ndarray, should_stop: Callable[[], bool] | None = None) -> np.ndarray:
        self.seen.append(images)
        bright = images.reshape(len(images), -1).mean(axis=1) / 255
        return np.stack([1 - bright, bright], axis=1).astype(np.float32)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> LoadedModel:
    monkeypatch.setattr(tile_map, "Predictor", FakePredictor)
    return LoadedModel(SimpleNamespace(seen=[]), CARD, Path("model.keras"))


def with_card(loaded: LoadedModel, **values: object) -> LoadedModel:
    return replace(loaded, card=replace(loaded.card, **values))


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, shape, np.uint8)


def test_that_tiles_have_the_size_of_the_models_input_before_its_zoom(loaded: LoadedModel) -> None:
    assert tile_size_of(CARD) == (8, 6)
    assert tile_size_of(replace(CARD, zoom=0.5)) == (16, 12)
    image = noise(30, 40)
    found = classify_tiles(with_card(loaded, zoom=0.5), image)
    assert (found.size, found.stride, found.shape) == ((16, 12), (16, 12), (30, 40))
    assert found.positions.tolist()[:3] == [[0, 0], [16, 0], [24, 0]]
    assert found.n == 9


@pytest.mark.parametrize("zoom", [1.0, 0.5, 1.7])
@pytest.mark.parametrize("fit", ["crop_pad", "scale", "scale_keep_aspect"])
def test_that_a_tile_is_prepared_as_an_image_of_its_own(loaded: LoadedModel, zoom: float, fit: str) -> None:
    settings = replace(CARD.image, fit=fit, padding="reflect", channels="gray")
    image = noise(20, 30, 3)
    classify_tiles(with_card(loaded, image=settings, zoom=zoom), image, 11, 9)
    prepared = np.concatenate(loaded.model.seen)
    assert prepared.shape[1:] == (6, 8, 1)
    expected = fit_image(image[9:20, 18:29], (5.5, 5.5), settings, zoom)
    np.testing.assert_array_equal(prepared[6], expected)


def test_that_the_largest_image_goes_through_in_parts_with_progress(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tile_map, "CHUNK_IMAGES", 4)
    seen: list[tuple[int, int]] = []
    whole = classify_tiles(loaded, noise(18, 24), progress=lambda done, total: seen.append((done, total)))
    assert [len(part) for part in loaded.model.seen] == [4, 4, 1]
    assert seen == [(4, 9), (8, 9), (9, 9)]
    monkeypatch.setattr(tile_map, "CHUNK_BYTES", 1)
    np.testing.assert_array_equal(classify_tiles(loaded, noise(18, 24)).probabilities, whole.probabilities)


def test_that_it_can_be_stopped(loaded: LoadedModel) -> None:
    with pytest.raises(StoppedError):
        classify_tiles(loaded, noise(18, 24), should_stop=lambda: True)


def test_that_an_image_without_room_for_a_tile_is_refused(loaded: LoadedModel) -> None:
    with pytest.raises(DataError, match="7 × 6 px, less than one tile of 8 × 6 px"):
        classify_tiles(loaded, noise(6, 7))


def test_that_images_of_another_depth_are_refused_before_any_work(loaded: LoadedModel, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), noise(9, 9))
    reader = open_source(tmp_path / "a.png")
    assert classify_image(loaded, reader, 0).n == 4
    with pytest.raises(DataError, match="expected 16 bits"):
        classify_image(with_card(loaded, pixel_type="uint16"), reader, 0)


def test_that_channels_are_picked_by_name(loaded: LoadedModel, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", noise(1, 6, 8, 4))
    settings = replace(CARD.image, channels=("channel 4", "channel 2"))
    classify_image(with_card(loaded, image=settings), open_source(tmp_path / "a.npy"), 0)
    np.testing.assert_array_equal(loaded.model.seen[0][0], noise(1, 6, 8, 4)[0][:, :, [3, 1]])


def random_map(height: int, width: int, size: tuple[int, int], stride: tuple[int, int], seed: int) -> TileMap:
    empty = TileMap(("a", "b", "c"), (height, width), size, stride, np.empty((0, 3), np.float32))
    values = np.random.default_rng(seed).dirichlet(np.ones(3), len(empty.positions)).astype(np.float32)
    return replace(empty, probabilities=values)


@given(
    st.integers(6, 24),
    st.integers(6, 24),
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
    st.tuples(st.integers(1, 8), st.integers(1, 8)),
    st.integers(0, 2**32 - 1),
)
def test_that_each_pixel_has_the_mean_of_its_tiles(
    height: int, width: int, size: tuple[int, int], stride: tuple[int, int], seed: int
) -> None:
    made = random_map(height, width, size, stride, seed)
    sums, n_tiles = np.zeros((height, width, 3)), np.zeros((height, width))
    for (x, y), values in zip(made.positions.tolist(), made.probabilities, strict=True):
        sums[y : y + size[1], x : x + size[0]] += values
        n_tiles[y : y + size[1], x : x + size[0]] += 1
    pixels = made.averaged()
    labels = pixels.label_map()
    assert (labels.shape, labels.dtype) == ((height, width), np.uint8)
    np.testing.assert_array_equal(labels == 0, n_tiles == 0)
    for y, x in ((0, 0), (height - 1, width - 1), (height // 2, width // 3)):
        found = pixels.at(x, y)
        if n_tiles[y, x]:
            assert found is not None
            np.testing.assert_allclose(found, sums[y, x] / n_tiles[y, x], atol=1e-6)
            assert labels[y, x] == found.argmax() + 1
        else:
            assert found is None
    assert pixels.at(-1, 0) is None
    assert pixels.at(width, 0) is None


def test_that_a_threshold_decides_tiles_and_pixels() -> None:
    made = TileMap(("a", "b"), (2, 4), (2, 2), (2, 2), np.array([[0.7, 0.3], [0.9, 0.1]], np.float32))
    assert made.class_counts() == {"a": 2, "b": 0}
    rule = Threshold(1, 0.25)
    assert made.class_counts(rule) == {"a": 1, "b": 1}
    assert made.averaged().label_map(rule).tolist() == [[2, 2, 1, 1]] * 2


def test_that_many_classes_need_more_bits() -> None:
    for n_classes, dtype in ((255, np.uint8), (256, np.uint16)):
        values = np.full((1, n_classes), 1 / n_classes, np.float32)
        made = TileMap(tuple(map(str, range(n_classes))), (1, 1), (1, 1), (1, 1), values)
        assert made.averaged().label_map().dtype == dtype


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_that_a_label_map_is_written_with_legend_and_table(tmp_path: Path, suffix: str) -> None:
    made = random_map(7, 9, (4, 3), (4, 3), 1)
    path = tmp_path / "out" / f"slide_labels{suffix}"
    files = write_tile_map(path, made, image="slide.tif#3", model=Path("m.keras"), threshold=Threshold(2, 0.5))
    assert [file.name for file in files] == [path.name, "slide_labels.json", "slide_tiles.csv"]
    [labels] = open_source(path).read([0])
    np.testing.assert_array_equal(labels, made.averaged().label_map(Threshold(2, 0.5)))
    legend = json.loads(files[1].read_text(encoding="utf-8"))
    assert legend["version"] == 1
    assert legend["labels"] == {"0": "no tile", "1": "a", "2": "b", "3": "c"}
    assert legend["threshold"] == {"class": "c", "probability": 0.5}
    assert (legend["image"], legend["tile_width"], legend["tile_height"]) == ("slide.tif#3", 4, 3)
    with files[2].open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["x"]), int(row["y"])) for row in rows] == list(map(tuple, made.positions.tolist()))
    assert float(rows[4]["p_b"]) == pytest.approx(made.probabilities[4, 1], abs=1e-6)
    assert {row["class"] for row in rows} <= {"a", "b", "c"}


def test_that_other_suffixes_and_folders_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    made = random_map(4, 4, (4, 4), (4, 4), 1)
    with pytest.raises(ExportError, match=r"ends with \.png or \.tif"):
        write_tile_map(tmp_path / "a.jpg", made, image="a", model=Path("m"))
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="cannot be written"):
        write_tile_map(tmp_path / "file" / "a.png", made, image="a", model=Path("m"))


@pytest.mark.keras
def test_that_a_real_network_says_of_tiles_what_it_says_of_their_files(tmp_path: Path) -> None:
    import keras

    from aid_desktop.evaluation.assess import predict_sources

    keras.utils.set_random_seed(5)
    layers = [keras.layers.Input((6, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    loaded = LoadedModel(keras.Sequential(layers), replace(CARD, zoom=0.5), tmp_path / "m.keras")
    image = noise(26, 35)
    found = classify_tiles(loaded, image)
    (tmp_path / "tiles").mkdir()
    for number, (x, y) in enumerate(found.positions.tolist()):
        cv2.imwrite(str(tmp_path / "tiles" / f"{number:03d}.png"), image[y : y + 12, x : x + 16])
    alone = predict_sources(loaded, [open_source(tmp_path / "tiles").source])
    np.testing.assert_allclose(found.probabilities, alone.probabilities, atol=1e-6)
