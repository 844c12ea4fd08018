import weakref

import h5py
import numpy as np
import pytest

from aid_desktop.data import prepare
from aid_desktop.data.formats import open_source, reopen
from aid_desktop.data.geometry import centre_crop, fit_image, fit_images
from aid_desktop.data.prepare import prepare_row
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.errors import StoppedError
from aid_desktop.settings.image import ImageSettings


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def test_that_images_of_unequal_size_are_each_fitted_on_their_own(tmp_path, write_image):
    images = [noise(10, 12), noise(30, 9, 3), noise(3, 3)]
    for i, image in enumerate(images):
        write_image(tmp_path / f"{i}.png", image)
    settings = ImageSettings(width=8, height=6, channels="rgb", padding="edge")
    prepared = prepare_row(reopen(open_source(tmp_path).source), settings)
    assert prepared.shape == (3, 6, 8, 3)
    for image, found in zip(images, prepared, strict=True):
        position = image.shape[1] / 2, image.shape[0] / 2
        np.testing.assert_array_equal(found, fit_image(image, position, settings))


@pytest.mark.parametrize("margin", [False, True])
def test_that_windows_follow_the_positions(tmp_path, margin):
    images = noise(5, 40, 600)
    positions = np.array([[300, 20], [10, 5], [590, 35], [255.5, 20.5], [400, 0]])
    write_rtdc(tmp_path / "a.rtdc", images, positions)
    settings = ImageSettings(width=16, height=12)
    reader = open_source(tmp_path / "a.rtdc")
    prepared = prepare_row(reader, settings, zoom=1.5, margin=margin)
    for image, position, found in zip(images, positions, prepared, strict=True):
        np.testing.assert_array_equal(found, fit_image(image, tuple(position), settings, 1.5, margin))
    if margin:
        plain = prepare_row(reader, settings, zoom=1.5)
        np.testing.assert_array_equal(centre_crop(prepared, 16, 12), plain)


def test_that_chosen_images_come_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "MAX_BLOCK", 3)
    images = np.arange(10, dtype=np.uint8)[:, np.newaxis, np.newaxis] * np.ones((1, 4, 4), np.uint8)
    write_rtdc(tmp_path / "a.rtdc", images)
    reader = open_source(tmp_path / "a.rtdc")
    prepared = prepare_row(reader, ImageSettings(width=4, height=4), indices=[7, 7, 0, 9, 3])
    assert prepared[:, 0, 0, 0].tolist() == [7, 7, 0, 9, 3]
    assert prepare_row(reader, ImageSettings(width=4, height=4), indices=[]).shape == (0, 4, 4, 1)
    with pytest.raises(IndexError):
        prepare_row(reader, ImageSettings(), indices=[10])


def test_that_preparing_can_be_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "MAX_BLOCK", 2)
    write_rtdc(tmp_path / "a.rtdc", noise(6, 4, 4))
    answers = iter([False, True])
    with pytest.raises(StoppedError, match=r"a\.rtdc"):
        prepare_row(open_source(tmp_path / "a.rtdc"), ImageSettings(), should_stop=lambda: next(answers))


def test_that_few_files_are_read_before_a_stop_is_heard(tmp_path, write_image, monkeypatch):
    monkeypatch.setattr(prepare, "MAX_FILES", 2)
    for number in range(6):
        write_image(tmp_path / f"{number}.png", noise(4, 4))
    answers = iter([False, False, True])
    with pytest.raises(StoppedError):
        prepare_row(open_source(tmp_path), ImageSettings(), should_stop=lambda: next(answers))


def test_that_blocks_of_rtdc_files_begin_with_a_chunk(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "a.rtdc", "w") as file:
        file.create_dataset("events/image", data=noise(23, 4, 4), chunks=(4, 4, 4))
    reader = open_source(tmp_path / "a.rtdc")
    settings = ImageSettings(width=4, height=4)
    for most, sizes in ((10, [8, 8, 7]), (4, [4, 4, 4, 4, 4, 3]), (3, [3] * 7 + [2])):
        blocks = prepare.prepare_blocks(reader, settings, 1.0, False, np.arange(23), most_images=most)
        assert [len(block) for block in blocks] == sizes


def test_that_blocks_are_small_where_small_images_become_large_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "BLOCK_BYTES", 40 * 40 * 2)
    np.save(tmp_path / "a.npy", noise(5, 4, 4))
    settings = ImageSettings(width=40, height=40, fit="scale")
    blocks = prepare.prepare_blocks(open_source(tmp_path / "a.npy"), settings, 1.0, False, np.arange(5))
    assert [len(block) for block in blocks] == [2, 2, 1]


def test_that_the_originals_have_gone_when_a_block_is_used(tmp_path, monkeypatch):
    originals = []

    def fit(images, *rest):
        originals.append(weakref.ref(images[0]))
        return fit_images(images, *rest)

    monkeypatch.setattr(prepare, "fit_images", fit)
    # Without the thread, which would let go of them a moment later.
    monkeypatch.setattr(prepare, "_one_ahead", map)
    write_rtdc(tmp_path / "a.rtdc", noise(6, 4, 4))
    blocks = prepare.prepare_blocks(
        open_source(tmp_path / "a.rtdc"), ImageSettings(width=4, height=4), 1.0, False, np.arange(6), most_images=2
    )
    for number, _ in enumerate(blocks):
        assert [original() is None for original in originals] == [True] * (number + 1)
    assert originals
