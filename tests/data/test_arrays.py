import h5py
import numpy as np
import pytest

from aid_desktop.data.arrays import array_parts
from aid_desktop.data.formats import open_source, reopen
from aid_desktop.data.source import MAX_CHANNELS, PartNeededError, SourceKind
from aid_desktop.errors import DataError


def levels(*shape, kind="uint16"):
    return np.random.default_rng(0).integers(0, 200 if kind == "uint8" else 4000, shape).astype(kind)


def write(path, array, name="stack/images"):
    match path.suffix:
        case ".npy":
            np.save(path, array)
        case ".npz":
            np.savez_compressed(path, images=array)
        case _:
            with h5py.File(path, "w") as file:
                file.create_dataset(name, data=array, compression="gzip")
    return path


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".h5", ".hdf5"])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32", "bool"])
@pytest.mark.parametrize("shape", [(7, 8, 9), (7, 8, 9, 3), (7, 8, 9, 5), (7, 8, 9, 1)])
def test_that_stacks_keep_their_grey_levels(tmp_path, suffix, kind, shape):
    array = levels(*shape, kind=kind)
    reader = open_source(write(tmp_path / f"a{suffix}", array))
    source = reader.source
    n_channels = shape[3] if len(shape) == 4 else 1
    assert (source.kind, source.n_images, source.shapes) == (SourceKind.ARRAY, 7, ((8, 9, n_channels),))
    expected = array * np.uint8(255) if kind == "bool" else array
    for r in (reader, reopen(source)):
        for image, place in zip(r.read([5, 0, 5]), [5, 0, 5], strict=True):
            assert str(image.dtype) == source.pixel_types[0]
            np.testing.assert_array_equal(image, expected[place].reshape(image.shape))
        np.testing.assert_array_equal(r.positions([1, 2]), [[4.5, 4.0]] * 2)
        picked = r.read([3], (source.channels[-1],))[0]
        np.testing.assert_array_equal(picked[:, :, 0], expected[3].reshape(8, 9, -1)[:, :, -1])


@pytest.mark.parametrize(("shape", "expected"), [((8, 9), (8, 9, 1)), ((8, 9, 3), (8, 9, 3)), ((8, 9, 4), (8, 9, 3))])
def test_that_a_single_image_is_one(tmp_path, shape, expected):
    array = levels(*shape)
    reader = open_source(write(tmp_path / "a.npy", array))
    assert (reader.source.n_images, reader.source.shapes) == (1, (expected,))
    np.testing.assert_array_equal(reader.read([0])[0].reshape(expected), array.reshape(8, 9, -1)[:, :, : expected[2]])


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_that_one_of_several_arrays_has_to_be_chosen(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    arrays = {"first": levels(3, 8, 9), "second": levels(4, 6, 7, kind="uint8"), "table": levels(5, 2)}
    if suffix == ".npz":
        np.savez(path, **arrays)
    else:
        with h5py.File(path, "w") as file:
            for name, array in arrays.items():
                file[name] = array
    with pytest.raises(PartNeededError, match="2 arrays of images: say which one is meant, first, second") as caught:
        open_source(path)
    assert [(part.name, part.shape) for part in caught.value.parts] == [("first", (3, 8, 9)), ("second", (4, 6, 7))]
    first, second = (open_source(path, part=part.name) for part in caught.value.parts)
    np.testing.assert_array_equal(second.read([1])[0], arrays["second"][1])
    assert second.source.name == f"a{suffix}: second"
    assert reopen(second.source).source == second.source
    assert second.origin(3) == f"{path}::second#3"
    # The same file, but other data.
    assert first.source.digest != second.source.digest
    with pytest.raises(DataError, match="no array of images 'third', only first, second"):
        open_source(path, part="third")


def test_that_a_dataset_beside_the_layout_of_rtdc_can_be_chosen(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["events/image"] = levels(3, 4, 5, kind="uint8")
        file["other"] = levels(2, 6, 7)
    assert open_source(path).source.kind is SourceKind.RTDC
    assert open_source(path, part="other").source.shapes == ((6, 7, 1),)
    assert [part.name for part in array_parts(path)] == ["events/image", "other"]
    assert open_source(path, part="/other").source.part == "other"


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((3, 4, 5, MAX_CHANNELS + 1), np.uint8), "at most 32 channels"),
        (np.zeros(9), r"no array of images: expected .*; found 9  float64"),
        (np.zeros((0, 4, 5), np.uint8), "found 0 × 4 × 5  uint8"),
        (np.zeros((2, 4, 5), np.complex64), "complex64"),
        (np.array([["a", "b"], ["c", "d"]]), "found 2 × 2  <U1"),
    ],
)
def test_that_what_is_no_stack_of_images_is_told(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(DataError, match=message):
        open_source(tmp_path / "a.npy")


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_that_what_lies_beside_the_images_does_not_matter(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    images, cells = levels(3, 8, 9), np.zeros(3, [("x", "f8"), ("y", "f8")])
    if suffix == ".npz":
        np.savez(path, images=images, cells=cells, labels=levels(3), notes=np.array([{"a": 1}], dtype=object))
    else:
        with h5py.File(path, "w") as file:
            file["images"], file["cells"], file["labels"], file["notes"] = images, cells, levels(3), "text"
            file["broken"] = h5py.SoftLink("/nowhere")
    assert len(array_parts(path)) == 4
    np.testing.assert_array_equal(open_source(path).read([0, 1, 2]), images)


def test_that_datasets_whose_names_are_no_text_are_passed_over(tmp_path):
    images = levels(3, 8, 9)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file[b"\xff\xfe"] = images
    with pytest.raises(DataError, match="has no array of images"):
        open_source(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["images"] = images
    np.testing.assert_array_equal(open_source(tmp_path / "a.h5").read([0, 1, 2]), images)


def test_that_planes_can_be_chosen_where_there_is_no_stack(tmp_path):
    np.savez(tmp_path / "a.npz", first=levels(8, 9), second=levels(6, 7))
    with pytest.raises(PartNeededError):
        open_source(tmp_path / "a.npz")
    np.testing.assert_array_equal(open_source(tmp_path / "a.npz", part="second").read([0])[0], levels(6, 7))


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".h5"])
@pytest.mark.parametrize("kind", [">u2", ">f4", ">i4"])
def test_that_the_order_of_bytes_does_not_matter(tmp_path, suffix, kind):
    array = levels(4, 8, 9).astype(kind)
    reader = open_source(write(tmp_path / f"a{suffix}", array))
    assert reader.source.pixel_types == ("uint16" if kind == ">u2" else "float32",)
    assert {str(image.dtype) for image in reader.read([0, 3])} == set(reader.source.pixel_types)
    np.testing.assert_array_equal(reader.read([0, 3]), array[[0, 3]])


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.h5"])
def test_that_damaged_files_are_refused_in_plain_words(tmp_path, name):
    path = write(tmp_path / name, levels(40, 20, 20))
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(DataError, match=name):
        open_source(path)


def test_that_pickled_objects_are_never_loaded(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="cannot be read as an array of numbers"):
        open_source(tmp_path / "a.npy")


def test_that_a_file_that_has_changed_is_not_read_on(tmp_path):
    reader = open_source(write(tmp_path / "a.npy", levels(5, 8, 9)))
    write(tmp_path / "a.npy", levels(5, 9, 8))
    with pytest.raises(DataError, match="has changed"):
        reader.read([0])
    with pytest.raises(DataError, match="has changed"):
        reopen(reader.source)


def test_that_pixels_that_are_no_numbers_are_refused(tmp_path):
    array = np.zeros((3, 4, 5), np.float32)
    array[1, 2, 3] = np.nan
    reader = open_source(write(tmp_path / "a.npy", array))
    assert len(reader.read([0, 2])) == 2
    with pytest.raises(DataError, match=r"a\.npy has pixels that are not finite"):
        reader.read([1])
