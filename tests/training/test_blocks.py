import dataclasses
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import TrainingError
from aid_desktop.runs.config import RunConfig
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training import blocks as blocks_module
from aid_desktop.training.blocks import Block, EpochBlocks, block_ends, block_length, class_weights
from aid_desktop.training.datasets import load_training_data

MakeConfig = Callable[..., RunConfig]
ALL = {80 * label + n for label in range(3) for n in range(20)}
FLIPS: dict[str, Any] = {"horizontal_flip": True, "rotation": 30, "width_shift": 3}
GREY: dict[str, Any] = {"brightness_add": (-10, 10)}


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks_module, "MAX_BLOCK_IMAGES", 32)


def epoch(config: RunConfig, number: int = 0, seed: int = 5, per_row: dict[str, Any] | None = None) -> EpochBlocks:
    rows = tuple(dataclasses.replace(row, **per_row or {}) for row in config.data)
    data = load_training_data(dataclasses.replace(config, data=rows), lambda text: None, lambda: False)
    return EpochBlocks(data, config.image, config.training, seed, number)


def levels(blocks: EpochBlocks) -> list[int]:
    return [level for block in blocks for level in block.images[:, 6, 6, 0].tolist()]


def same(one: Block, other: Block) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("images", "labels", "weights"))


def test_that_an_epoch_has_every_image_once_with_the_label_of_its_class(make_config: MakeConfig) -> None:
    blocks = epoch(make_config())
    parts = list(blocks)
    assert (blocks.n_images, blocks.n_blocks) == (60, 2)
    assert [len(part.images) for part in parts] == [32, 28]
    assert set(levels(blocks)) == ALL
    for part in parts:
        assert (part.images.dtype, part.images.shape[1:]) == (np.uint8, (12, 12, 1))
        assert part.labels.dtype == part.weights.dtype == np.float32
        assert np.array_equal(part.images[:, 6, 6, 0] // 80, part.labels.argmax(axis=1))
        assert np.array_equal(np.unique(part.labels), [0, 1])
        assert (part.weights == 1).all()


def test_that_labels_fit_the_images_under_strong_augmentation(make_config: MakeConfig) -> None:
    # Grey levels of a class stay within its 80 levels: brightness changes by less than 10.
    for part in epoch(make_config(FLIPS | GREY, image={"padding": "edge"})):
        centre = part.images[:, 6, 6, 0].astype(int)
        assert np.array_equal((centre + 10) // 80, part.labels.argmax(axis=1))


def test_that_a_block_made_twice_is_equal_and_blocks_differ(make_config: MakeConfig) -> None:
    config = make_config(FLIPS | GREY | {"mixup": 0.4, "cutmix": 1.0, "random_erasing": 0.5, "noise_std": 5})
    blocks = epoch(config)
    assert same(blocks.make(1), blocks.make(1))
    assert same(blocks.make(1), list(epoch(config))[1])
    assert not np.array_equal(blocks.make(0).images[:28], blocks.make(1).images)


@pytest.mark.parametrize("seed_and_epoch", [(6, 0), (5, 1)])
def test_that_another_seed_or_epoch_gives_another_order(
    make_config: MakeConfig, seed_and_epoch: tuple[int, int]
) -> None:
    config = make_config()
    seed, number = seed_and_epoch
    assert levels(epoch(config)) == levels(epoch(config))
    other = levels(epoch(config, number, seed))
    assert other != levels(epoch(config))
    assert set(other) == ALL


@pytest.mark.parametrize(("wanted", "counts"), [(5, {1}), (20, {1}), (45, {2, 3}), (60, {3})])
def test_that_each_row_gives_the_images_asked_for_evenly(
    make_config: MakeConfig, wanted: int, counts: set[int]
) -> None:
    blocks = epoch(make_config(), per_row={"images_per_epoch": wanted})
    seen = Counter(levels(blocks))
    assert blocks.n_images == 3 * wanted
    assert set(seen.values()) == counts
    assert Counter(level // 80 for level in seen.elements()) == {0: wanted, 1: wanted, 2: wanted}


@pytest.mark.parametrize("wanted", [5, 45])
def test_that_what_an_epoch_draws_does_not_depend_on_the_epochs_before(make_config: MakeConfig, wanted: int) -> None:
    per_row = {"images_per_epoch": wanted}
    in_order = [levels(epoch(make_config(), number, per_row=per_row)) for number in range(4)]
    backwards = [levels(epoch(make_config(), number, per_row=per_row)) for number in (3, 2, 1, 0)]
    assert in_order == backwards[::-1]
    assert len({tuple(drawn) for drawn in in_order}) == 4


def test_that_without_shuffle_the_first_images_are_taken_in_every_epoch(make_config: MakeConfig) -> None:
    for number in range(3):
        blocks = epoch(make_config(), number, per_row={"images_per_epoch": 4, "shuffle": False})
        assert sorted(levels(blocks)) == [80 * label + n for label in range(3) for n in range(4)]


def test_that_with_shuffle_epochs_take_different_images(make_config: MakeConfig) -> None:
    taken = [frozenset(levels(epoch(make_config(), n, per_row={"images_per_epoch": 4}))) for n in range(3)]
    assert len(set(taken)) == 3


# --- refresh ------------------------------------------------------------------------------------------------


def images(config: RunConfig, number: int) -> np.ndarray:
    return np.concatenate([block.images for block in epoch(config, number)])


def as_set(shown: np.ndarray) -> list[bytes]:
    return sorted(image.tobytes() for image in shown)


@pytest.mark.parametrize(
    ("affine", "photometric", "expected"),
    [
        (1, 1, [0, 1, 2, 3, 4, 5, 6]),
        (2, 2, [0, 0, 2, 2, 4, 4, 6]),
        (3, 3, [0, 0, 0, 3, 3, 3, 6]),
        # New geometry brings new grey levels, so these are kept within the interval of the geometry.
        (3, 2, [0, 0, 2, 3, 3, 5, 6]),
        (2, 5, [0, 0, 2, 2, 4, 4, 6]),
        (1, 3, [0, 1, 2, 3, 4, 5, 6]),
    ],
)
def test_that_one_augmented_set_is_used_for_as_many_epochs_as_asked_for(
    make_config: MakeConfig, affine: int, photometric: int, expected: list[int]
) -> None:
    refresh = {"affine_refresh": affine, "photometric_refresh": photometric}
    config = make_config(FLIPS | GREY | {"noise_std": 5} | refresh, image={"padding": "edge"})
    shown = [as_set(images(config, number)) for number in range(7)]
    assert [shown.index(one) for one in shown] == expected


def test_that_geometry_is_kept_while_grey_levels_are_drawn_anew(make_config: MakeConfig) -> None:
    config = make_config(FLIPS | {"random_erasing": 1.0, "affine_refresh": 3})
    geometry = [images(make_config(FLIPS | {"affine_refresh": 3}), number) for number in range(4)]
    shown = [images(config, number) for number in range(4)]
    assert as_set(geometry[0]) == as_set(geometry[1]) == as_set(geometry[2]) != as_set(geometry[3])
    assert len({tuple(as_set(one)) for one in shown}) == 4
    for whole, erased in zip(geometry, shown, strict=True):
        # A rectangle hides a part of each image; all else is the geometry of these epochs.
        assert ((whole != erased).mean(axis=(1, 2, 3)) < 0.3).all()


def test_that_images_used_again_come_in_another_order_with_their_labels(make_config: MakeConfig) -> None:
    config = make_config({"affine_refresh": 2})
    assert levels(epoch(config, 0)) != levels(epoch(config, 1))
    assert levels(epoch(config, 1)) == levels(epoch(config, 1))
    for block in epoch(config, 1):
        assert np.array_equal(block.images[:, 6, 6, 0] // 80, block.labels.argmax(axis=1))


def test_that_a_resumed_run_draws_what_an_uninterrupted_one_does_within_an_interval(make_config: MakeConfig) -> None:
    config = make_config(FLIPS | GREY | {"affine_refresh": 4, "photometric_refresh": 2, "mixup": 0.3})
    uninterrupted = [list(epoch(config, number)) for number in range(4)]
    assert all(same(*pair) for pair in zip(uninterrupted[3], epoch(config, 3), strict=True))


def test_that_mixing_is_new_in_every_epoch(make_config: MakeConfig) -> None:
    config = make_config({"cutmix": 1.0, "affine_refresh": 9, "photometric_refresh": 9})
    assert not np.array_equal(images(config, 0), images(config, 1))


# --- labels and weights -------------------------------------------------------------------------------------


def test_that_label_smoothing_spreads_its_share_over_all_classes(make_config: MakeConfig) -> None:
    block = epoch(make_config(label_smoothing=0.3)).make(0)
    assert np.allclose(np.sort(np.unique(block.labels)), [0.1, 0.8])
    assert np.allclose(block.labels.sum(axis=1), 1)
    assert np.array_equal(block.labels.argmax(axis=1), block.images[:, 6, 6, 0] // 80)


def test_that_smoothed_and_mixed_labels_sum_to_one(make_config: MakeConfig) -> None:
    block = epoch(make_config({"mixup": 0.4}, label_smoothing=0.1)).make(0)
    assert np.allclose(block.labels.sum(axis=1), 1)
    assert block.labels.min() >= np.float32(0.1 / 3) - 1e-6


LABELS = np.array([0, 0, 0, 0, 0, 0, 1, 1, 2], np.intp)


def weights(wanted: object) -> np.ndarray:
    settings = TrainingSettings(hyperparameters=HyperParameters(class_weights=wanted))
    return class_weights(settings, ("a", "b", "c"), LABELS)


def test_that_class_weights_are_one_balanced_or_given() -> None:
    assert weights("none").tolist() == [1, 1, 1]
    assert np.allclose(weights("balanced"), [0.5, 1.5, 3])
    assert weights("balanced")[LABELS].mean() == pytest.approx(1)
    assert weights({"c": 3, "a": 1, "b": 2}).tolist() == [1, 2, 3]
    assert weights("balanced").dtype == np.float32


@pytest.mark.parametrize("names", ["ab", "abcd", "abx", ""])
def test_that_weights_must_name_exactly_the_classes(names: str) -> None:
    with pytest.raises(TrainingError, match=r"training\.class_weights: .*the classes are a, b, c"):
        weights(dict.fromkeys(names, 1.0))


def test_that_each_image_carries_the_weight_of_its_class(make_config: MakeConfig) -> None:
    for part in epoch(make_config(class_weights={"a": 1, "b": 2, "c": 3})):
        assert np.array_equal(part.weights, part.labels.argmax(axis=1) + 1)


def test_that_a_class_absent_from_an_epoch_has_a_finite_balanced_weight() -> None:
    settings = TrainingSettings(hyperparameters=HyperParameters(class_weights="balanced"))
    assert np.isfinite(class_weights(settings, ("a", "b"), np.zeros(4, np.intp))).all()


# --- lengths and threads ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("batch_size", "image_bytes", "expected"),
    [(10, 1, 30), (32, 1, 32), (33, 1, 33), (100, 1, 100), (4, 4 * 2**20, 8), (4, 2**30, 4), (1, 0, 32)],
)
def test_that_blocks_are_whole_batches_within_the_limits(batch_size: int, image_bytes: int, expected: int) -> None:
    assert block_length(batch_size, image_bytes) == expected


@pytest.mark.parametrize(
    ("n_images", "batch_size", "expected"),
    [
        (400, 8, [16, 48, 112, 240, 368, 400]),
        # Whole batches, at least one.
        (400, 12, [12, 36, 84, 180, 300, 400]),
        (400, 50, [50, 150, 250, 350, 400]),
        (400, 500, [400]),
        (5, 8, [5]),
    ],
)
def test_that_blocks_grow_from_a_small_first_one(n_images: int, batch_size: int, expected: list[int]) -> None:
    longest = max(1, 128 // batch_size) * batch_size
    assert block_ends(n_images, batch_size, 16, longest) == expected


def test_that_the_first_block_is_small_except_where_images_are_used_again(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks_module, "FIRST_BLOCK_IMAGES", 8)
    for refresh, lengths in ((1, [8, 16, 32, 4]), (2, [32, 28])):
        blocks = epoch(make_config({"affine_refresh": refresh}, batch_size=4))
        assert [len(block.images) for block in blocks] == lengths
        assert set(levels(blocks)) == ALL


@pytest.mark.parametrize("batch_size", [1, 7, 16, 32, 60, 1000])
def test_that_any_batch_size_gives_every_image_once(make_config: MakeConfig, batch_size: int) -> None:
    blocks = epoch(make_config(batch_size=batch_size))
    assert set(levels(blocks)) == ALL
    lengths = [len(block.images) for block in blocks]
    assert len(lengths) == blocks.n_blocks
    assert all(length % batch_size == 0 for length in lengths[:-1])


def test_that_the_next_block_is_made_while_one_is_used(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[int, bool]] = []
    make = EpochBlocks.make

    def recording(self: EpochBlocks, number: int) -> Block:
        made.append((number, threading.current_thread() is threading.main_thread()))
        return make(self, number)

    monkeypatch.setattr(EpochBlocks, "make", recording)
    iterator = iter(epoch(make_config(batch_size=16)))
    next(iterator)
    for _ in range(200):
        if len(made) == 2:
            break
        time.sleep(0.01)
    assert made == [(0, False), (1, False)]
    assert len(list(itertools.islice(iterator, 5))) == 1


def test_that_an_epoch_left_half_way_leaves_no_thread(make_config: MakeConfig) -> None:
    before = threading.active_count()
    for _ in epoch(make_config(batch_size=4)):
        break
    assert threading.active_count() == before


def test_that_an_error_in_the_background_reaches_the_caller(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> Block:
        raise MemoryError("too large")

    monkeypatch.setattr(EpochBlocks, "make", fail)
    with pytest.raises(MemoryError, match="too large"):
        list(epoch(make_config()))
