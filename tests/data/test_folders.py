import os
from io import BytesIO
from pathlib import Path
from threading import active_count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from aid_desktop.data import folders
from aid_desktop.data.decode import decode_pages
from aid_desktop.data.digest import digest_of
from aid_desktop.data.folders import FolderReader
from aid_desktop.data.formats import open_source, reopen
from aid_desktop.data.source import SourceKind
from aid_desktop.errors import DataError

GRAY = np.arange(80, dtype=np.uint8).reshape(8, 10)
RGB = np.random.default_rng(0).integers(0, 256, (8, 10, 3), np.uint8)
PNG_BYTES = BytesIO()
Image.fromarray(RGB).save(PNG_BYTES, "png")


def test_that_all_images_below_a_folder_are_read_in_natural_order(tmp_path, write_image):
    names = [
        "b/img10.png",
        "b/img2.PNG",
        "a.jpg",
        "b/c/x.bmp",
        "img1.tif",
        "z.gif",
        "w.webp",
        "j.jpeg",
        "t.tiff",
    ]
    for name in names:
        write_image(tmp_path / name)
    reader = open_source(tmp_path)
    order = [os.path.relpath(reader.origin(i), tmp_path).replace(os.sep, "/") for i in range(len(names))]
    assert order == [
        "a.jpg", "b/c/x.bmp", "b/img2.PNG", "b/img10.png", "img1.tif", "j.jpeg", "t.tiff", "w.webp", "z.gif",
    ]  # fmt: skip
    assert reader.source.kind is SourceKind.FOLDER
    assert reader.source.n_images == len(names)
    assert reader.source.path.is_absolute()


def test_that_pixels_come_back_in_the_order_asked_for(tmp_path, write_image):
    images = [np.full((4, 5), i, np.uint8) for i in range(12)]
    for i, image in enumerate(images):
        write_image(tmp_path / f"{i}.png", image)
    reader = open_source(tmp_path)
    for r in (reader, reopen(reader.source)):
        assert [image[0, 0] for image in r.read([11, 2, 2, 0])] == [11, 2, 2, 0]
        assert r.read([]) == []
        with pytest.raises(IndexError):
            r.read([12])
        with pytest.raises(IndexError):
            r.read([-1])


def test_that_images_of_unequal_size_are_allowed_and_listed(tmp_path, write_image):
    write_image(tmp_path / "1.png", np.zeros((4, 6), np.uint8))
    for name in ("2.png", "3.png"):
        write_image(tmp_path / name, np.zeros((5, 7, 3), np.uint8))
    reader = open_source(tmp_path)
    assert reader.source.shapes == ((5, 7, 3), (4, 6, 1))
    np.testing.assert_array_equal(reader.positions([0, 1]), [[3, 2], [3.5, 2.5]])
    np.testing.assert_array_equal(reopen(reader.source).positions([1, 0]), [[3.5, 2.5], [3, 2]])
    assert reader.positions([]).shape == (0, 2)


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif", "webp"])
def test_that_a_truncated_image_is_a_problem(tmp_path, write_image, suffix, cut):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    whole = write_image(tmp_path / f"whole.{suffix}", noise)
    content = whole.read_bytes()
    (tmp_path / f"broken.{suffix}").write_bytes(content[: int(cut * len(content))])
    source = open_source(tmp_path).source
    assert (source.n_images, source.n_total, source.problem_text) == (1, 2, "1 of 2 unreadable")
    assert source.problems[0].name == f"broken.{suffix}"
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


@settings(deadline=None)
@given(st.integers(0, len(PNG_BYTES.getvalue())))
def test_that_a_png_cut_anywhere_is_read_rightly_or_refused(length):
    try:
        [image] = decode_pages(Path("cut.png"), PNG_BYTES.getvalue()[:length])
    except DataError:
        return
    np.testing.assert_array_equal(image, RGB)


def test_that_unreadable_images_are_left_out_also_when_reopened(tmp_path, write_image):
    for i in (0, 2, 4):
        write_image(tmp_path / f"{i}.png", np.full((3, 3), i, np.uint8))
    (tmp_path / "1.png").write_text("no image")
    (tmp_path / "3.png").write_bytes(b"")
    reader = open_source(tmp_path)
    assert [problem.name for problem in reader.source.problems] == ["1.png", "3.png"]
    assert "not an image" in reader.source.problems[0].reason
    again = reopen(reader.source)
    assert [int(image[0, 0]) for image in again.read(range(3))] == [0, 2, 4]


def test_that_other_files_are_problems_and_system_files_are_not(tmp_path, write_image):
    write_image(tmp_path / "a.png")
    for name in ("notes.txt", "Thumbs.db", "desktop.ini", ".hidden.png", ".DS_Store"):
        (tmp_path / name).write_text("x")
    write_image(tmp_path / ".cache" / "b.png")
    source = open_source(tmp_path).source
    assert source.n_images == 1
    assert [str(problem) for problem in source.problems] == ["notes.txt: is not an image file"]


def test_that_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="is empty"):
        open_source(tmp_path)


def test_that_a_folder_of_other_files_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DataError, match=r"no image files: notes\.txt"):
        open_source(tmp_path)
    (tmp_path / "table.csv").write_text("x")
    with pytest.raises(DataError, match="2 others"):
        open_source(tmp_path)


def test_that_a_folder_without_readable_images_is_refused_with_the_first_reason(tmp_path):
    for name in ("1.png", "2.png"):
        (tmp_path / name).write_text("x")
    with pytest.raises(DataError, match=r"None of the 2 images .* 1\.png: is not an image"):
        open_source(tmp_path)


def test_that_a_single_image_file_is_a_source_of_one_image(tmp_path, write_image):
    path = write_image(tmp_path / "one.png", RGB)
    reader = open_source(path)
    assert (reader.source.kind, reader.source.n_images, reader.source.name) == (
        SourceKind.IMAGE,
        1,
        "one.png",
    )
    assert reader.origin(0) == str(path)
    np.testing.assert_array_equal(reopen(reader.source).read([0])[0], RGB)
    assert reader.source.digest == digest_of(path)


def test_that_a_broken_single_image_file_is_refused(tmp_path):
    path = tmp_path / "one.png"
    path.write_text("x")
    with pytest.raises(DataError, match=r"one\.png is not an image"):
        open_source(path)


@pytest.mark.parametrize("suffix", ["tif", "gif", "webp"])
def test_that_all_pages_are_images(tmp_path, suffix):
    path = tmp_path / f"stack.{suffix}"
    pages = [Image.fromarray(np.full((6, 7, 3), value, np.uint8)) for value in (10, 90, 200)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    reader = open_source(path)
    assert reader.source.n_images == 3
    assert [reader.origin(i) for i in range(3)] == [f"{path}#{i}" for i in range(3)]
    for r in (reader, reopen(reader.source)):
        found = [int(image.mean()) for image in r.read([2, 0, 1])]
        np.testing.assert_allclose(found, [200, 10, 90], atol=3)


def test_that_a_stack_with_the_suffix_of_another_kind_is_read_and_reopened(tmp_path, write_image):
    write_image(tmp_path / "a.png")
    pages = [Image.fromarray(GRAY), Image.fromarray(GRAY)]
    pages[0].save(tmp_path / "b.png", format="tiff", save_all=True, append_images=pages[1:])
    source = open_source(tmp_path).source
    assert source.n_images == 3
    assert reopen(source).origin(2) == f"{tmp_path / 'b.png'}#1"


def test_that_stacks_and_single_images_mix_in_a_folder(tmp_path, write_image):
    write_image(tmp_path / "b.png")
    pages = [Image.fromarray(GRAY), Image.fromarray(GRAY)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    reader = open_source(tmp_path)
    assert [reader.origin(i)[-5:] for i in range(3)] == ["tif#0", "tif#1", "b.png"]
    assert reopen(reader.source).source.n_images == 3


def decoded(path):
    [image] = decode_pages(path)
    return image


def test_that_transparency_is_dropped_not_blended(tmp_path):
    rgba = np.dstack([RGB, np.zeros((8, 10), np.uint8)])
    Image.fromarray(rgba).save(tmp_path / "a.png")
    np.testing.assert_array_equal(decoded(tmp_path / "a.png"), RGB)
    Image.fromarray(np.dstack([GRAY, GRAY]), "LA").save(tmp_path / "b.png")
    np.testing.assert_array_equal(decoded(tmp_path / "b.png"), GRAY)


def test_that_palettes_and_cmyk_become_rgb_and_bits_become_0_or_255(tmp_path):
    palette = Image.fromarray(GRAY).convert("P")
    palette.save(tmp_path / "p.png", transparency=bytes([0, 128] * 20))
    np.testing.assert_array_equal(decoded(tmp_path / "p.png"), np.repeat(GRAY[..., np.newaxis], 3, axis=2))
    Image.new("CMYK", (4, 3), (0, 255, 255, 0)).save(tmp_path / "c.tif")
    np.testing.assert_array_equal(decoded(tmp_path / "c.tif"), np.tile(np.uint8([255, 0, 0]), (3, 4, 1)))
    Image.fromarray(GRAY > 40).save(tmp_path / "b.png")
    np.testing.assert_array_equal(decoded(tmp_path / "b.png"), np.where(GRAY > 40, 255, 0))


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_that_the_exif_orientation_is_applied(tmp_path, suffix):
    stripes = np.zeros((16, 32), np.uint8)
    stripes[:, :16] = 255
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(stripes).save(tmp_path / f"a.{suffix}", exif=exif)
    reader = open_source(tmp_path)
    for [upright] in (reader.read([0]), reopen(reader.source).read([0])):
        assert upright.shape == (32, 16)
        assert upright[:14].min() > 200
        assert upright[18:].max() < 50


def write_rgb16_png(path):
    import cv2

    cv2.imwrite(str(path), np.full((4, 5, 3), 40_000, np.uint16))


def write_rgb16_tiff(path):
    import tifffile

    tifffile.imwrite(path, np.full((4, 5, 3), 40_000, np.uint16), photometric="rgb")


def write_gray_with_alpha(path):
    import cv2

    levels = DEEP.astype(np.uint16)
    cv2.imwrite(str(path), np.dstack([levels, levels, levels, np.full_like(levels, 9)]))


DEEP = (GRAY.astype(np.int32) * 800 + 300) % 65536


@pytest.mark.parametrize(
    ("name", "pixel_type", "write"),
    [
        ("a.png", "uint16", lambda path: Image.fromarray(DEEP.astype(np.uint16)).save(path)),
        ("a.tif", "uint16", lambda path: Image.fromarray(DEEP.astype(np.uint16)).save(path)),
        ("a.tif", "uint16", lambda path: Image.fromarray(DEEP.astype(np.uint16)).save(path, compression="tiff_lzw")),
        ("a.tif", "float32", lambda path: Image.fromarray(DEEP.astype(np.float32)).save(path)),
        ("a.tif", "float32", lambda path: Image.fromarray(DEEP.astype(np.int32)).save(path)),
    ],
)
def test_that_images_of_more_than_8_bits_keep_their_grey_levels(tmp_path, name, pixel_type, write):
    write(tmp_path / name)
    reader = open_source(tmp_path)
    assert reader.source.pixel_types == (pixel_type,)
    assert reader.source.channels == ("gray",)
    [image] = reader.read([0])
    assert str(image.dtype) == pixel_type
    np.testing.assert_array_equal(image, DEEP)


@pytest.mark.parametrize(("name", "write"), [("a.png", write_rgb16_png), ("a.tif", write_rgb16_tiff)])
def test_that_colour_of_16_bits_keeps_its_levels_and_order(tmp_path, name, write):
    write(tmp_path / name)
    reader = open_source(tmp_path)
    [image] = reader.read([0])
    assert (image.shape[2], str(image.dtype)) == (3, "uint16")
    assert image.max() > 255
    [red] = reader.read([0], ("red",))
    np.testing.assert_array_equal(red[:, :, 0], image[:, :, 0])


@settings(deadline=None, max_examples=40)
@given(part=st.floats(0, 1), shape=st.sampled_from([(8, 10), (8, 10, 3)]))
def test_that_a_png_of_16_bits_cut_anywhere_is_read_rightly_or_refused(part, shape):
    import cv2

    levels = np.random.default_rng(0).integers(0, 65536, shape, np.uint16)
    content = cv2.imencode(".png", levels)[1].tobytes()
    try:
        [image] = decode_pages(Path("cut.png"), content[: round(part * len(content))])
    except DataError:
        return
    np.testing.assert_array_equal(image, levels[..., ::-1] if levels.ndim == 3 else levels)


def test_that_images_of_12_bits_neither_turn_black_nor_wrap(tmp_path):
    levels = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    for name in ("a.png", "a.tif"):
        Image.fromarray(levels).save(tmp_path / name)
    for image in open_source(tmp_path).read([0, 1]):
        np.testing.assert_array_equal(image, levels)


def test_that_transparency_of_16_bits_is_dropped(tmp_path):
    write_gray_with_alpha(tmp_path / "a.png")
    [image] = open_source(tmp_path).read([0])
    np.testing.assert_array_equal(image, np.repeat(DEEP[:, :, None], 3, axis=2))


def test_that_what_a_folder_holds_is_counted(tmp_path, write_image):
    for number in range(3):
        write_image(tmp_path / f"{number}.png")
    write_image(tmp_path / "wide.png", np.zeros((4, 9), np.uint8))
    Image.fromarray(DEEP.astype(np.uint16)).save(tmp_path / "deep.png")
    source = open_source(tmp_path).source
    assert source.shapes == ((8, 10, 1), (4, 9, 1))
    assert source.shape_counts == (4, 1)
    assert source.pixel_types == ("uint8", "uint16")


def test_that_a_folder_of_gray_and_colour_has_no_channels_to_pick(tmp_path, write_image):
    write_image(tmp_path / "gray.png")
    write_image(tmp_path / "colour.png", RGB)
    reader = open_source(tmp_path)
    assert reader.source.channels == ()
    with pytest.raises(DataError, match="no channel 'red'"):
        reader.read([0, 1], ("red",))


def test_that_letters_of_any_language_may_be_in_a_path(tmp_path, write_image):
    folder = tmp_path / "Öç 细胞"
    write_image(folder / "ä.png", GRAY)
    Image.fromarray(DEEP.astype(np.uint16)).save(folder / "ё.png")
    write_rgb16_tiff(folder / "ñ.tif")
    assert open_source(folder).source.n_images == 3
    assert open_source(folder).source.problems == ()


def test_that_an_animated_png_is_a_problem_rather_than_its_first_frame(tmp_path):
    frames = [Image.fromarray(GRAY), Image.fromarray(255 - GRAY)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    with pytest.raises(DataError, match="animated PNG"):
        open_source(tmp_path)


def test_that_an_unknown_colour_mode_is_a_problem(tmp_path):
    Image.new("LAB", (4, 3)).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match="colour mode LAB"):
        open_source(tmp_path)


def test_that_progress_reaches_the_total(tmp_path, write_image):
    for i in range(7):
        write_image(tmp_path / f"{i}.png")
    calls = []
    open_source(tmp_path, lambda done, total: calls.append((done, total)))
    assert calls[-1] == (7, 7)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)


def test_that_an_error_in_progress_ends_the_reading_and_its_threads(tmp_path, write_image):
    for i in range(300):
        write_image(tmp_path / f"{i}.png", GRAY)
    before = active_count()

    def cancel(done, total):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        open_source(tmp_path, cancel)
    assert active_count() == before


def is_kept(reader, index):
    try:
        reader.read([index])
    except DataError:
        return False
    return True


def test_that_images_are_kept_only_up_to_the_limit(tmp_path, write_image, monkeypatch):
    monkeypatch.setattr(folders, "CACHE_BYTES", 2 * GRAY.nbytes)
    for i in range(4):
        write_image(tmp_path / f"{i}.png", GRAY + np.uint8(i))
    reader = open_source(tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()
    # Which ones are kept depends on which thread decodes first.
    assert sum(is_kept(reader, index) for index in range(4)) == 2
    with pytest.raises(DataError, match="could be read when it was added"):
        reader.read(range(4))


def test_that_a_changed_folder_is_not_reopened(tmp_path, write_image):
    for i in range(3):
        write_image(tmp_path / f"{i}.png")
    source = open_source(tmp_path).source
    write_image(tmp_path / "4.png")
    with pytest.raises(DataError, match="had 3 readable images, now it has 4"):
        reopen(source)


def test_that_folders_by_links_are_read_once(tmp_path, write_image):
    write_image(tmp_path / "real" / "a.png")
    folder = tmp_path / "data"
    folder.mkdir()
    try:
        (folder / "link").symlink_to(tmp_path / "real", target_is_directory=True)
        (tmp_path / "real" / "back").symlink_to(folder, target_is_directory=True)
        (folder / "gone.png").symlink_to(tmp_path / "nowhere.png")
    except OSError:
        pytest.skip("links are not allowed here")
    source = open_source(folder).source
    assert source.n_images == 1
    assert "broken link" in source.problems[0].reason


def test_that_a_file_without_permission_is_a_problem(tmp_path, write_image, monkeypatch):
    write_image(tmp_path / "a.png")
    secret = write_image(tmp_path / "b.png")
    read_bytes = type(secret).read_bytes

    def refuse(path):
        if path == secret:
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(type(secret), "read_bytes", refuse)
    [problem] = FolderReader.open(tmp_path).source.problems
    assert str(problem) == "b.png: cannot be opened (Permission denied)"
