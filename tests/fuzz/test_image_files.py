"""Damaged files of images, and of AIDeveloper's tables."""

import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from aid_desktop.data.carried import take_inventory
from aid_desktop.data.class_table import Role
from aid_desktop.data.conversion import ConvertSettings, plan_conversion
from aid_desktop.data.formats import open_source
from aid_desktop.data.source import SourceKind
from aid_desktop.errors import DataError
from aid_desktop.runs.aideveloper_history import read_aideveloper_history
from aid_desktop.runs.aideveloper_tables import has_sheet, read_aideveloper_session
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig, open_table
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import append_record
from aid_desktop.runs.meta_xlsx import write_meta_xlsx
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.settings_log import Revision, append_revision
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings

PIXELS = np.random.default_rng(3).integers(0, 256, (5, 12, 14), np.uint8)


def look_at(path: Path) -> None:
    """Open a source and read all that it offers, as the window and a conversion do."""
    reader = open_source(path)
    n = reader.source.n_images
    some = np.array(sorted({0, n // 2, n - 1}))
    for image in reader.read(some):
        assert image.ndim in (2, 3)
    if reader.source.channels:
        reader.read(some, reader.source.channels[:2])
    assert reader.positions(some).shape == (len(some), 2)
    for name in reader.source.features[:4]:
        assert reader.features([name], some).shape == (len(some), 1)
    for name in getattr(reader, "trace_names", ())[:2]:
        assert len(reader.traces(name, some)) == len(some)
    if reader.source.kind is SourceKind.RTDC:
        take_inventory(reader.source, plan_conversion([reader.source], ConvertSettings()))


def written(save: Callable[[BytesIO], object]) -> bytes:
    stream = BytesIO()
    save(stream)
    return stream.getvalue()


def with_tifffile(pixels: np.ndarray, **options: object) -> bytes:
    import tifffile

    return written(lambda stream: tifffile.imwrite(stream, pixels, **options))


def pictures() -> dict[str, bytes]:
    gray, deep = Image.fromarray(PIXELS[0]), PIXELS.astype(np.uint16) * 200
    colour = Image.fromarray(PIXELS[:3].transpose(1, 2, 0).copy())
    pages = [Image.fromarray(page) for page in PIXELS[1:]]
    return {
        "gray.png": written(lambda stream: gray.save(stream, "PNG")),
        "palette.png": written(lambda stream: colour.convert("P").save(stream, "PNG")),
        "deep.png": written(lambda stream: Image.fromarray(deep[0]).save(stream, "PNG")),
        "colour.jpg": written(lambda stream: colour.save(stream, "JPEG")),
        "colour.bmp": written(lambda stream: colour.save(stream, "BMP")),
        "moving.gif": written(lambda stream: gray.save(stream, "GIF", save_all=True, append_images=pages)),
        "plain.tif": written(lambda stream: colour.save(stream, "TIFF", compression="tiff_lzw")),
        "pages.tif": with_tifffile(PIXELS, compression="zlib"),
        "deep.tif": with_tifffile(deep, imagej=True, metadata={"axes": "ZYX"}),
        "ome.ome.tif": with_tifffile(deep[:4].reshape(2, 2, 12, 14), ome=True, metadata={"axes": "ZCYX"}),
        "stack.npy": written(lambda stream: np.save(stream, PIXELS)),
        "stack.npz": written(lambda stream: np.savez_compressed(stream, images=PIXELS)),
    }


@pytest.mark.parametrize("name", sorted(pictures()))
def test_that_damaged_images_are_read_or_refused(tmp_path: Path, name: str, damage, fuzz) -> None:
    path = tmp_path / name
    content = pictures()[name]
    path.write_bytes(content)
    look_at(path)
    assert fuzz(look_at, path, damage.of_bytes(content, 60)) > 5


def test_that_an_archive_that_claims_to_be_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    header = BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (10**6, 10**4, 10**4)}
    )
    path = tmp_path / "huge.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", header.getvalue() + bytes(100))
    with pytest.raises(DataError, match=r"huge\.npz"):
        look_at(path)
    bare = path.with_suffix(".npy")
    bare.write_bytes(header.getvalue() + bytes(100))
    with pytest.raises(DataError, match=r"huge\.npy"):
        look_at(bare)


def test_that_pickles_are_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "objects.npy"
    np.save(path, np.array([{"a": 1}, None], object), allow_pickle=True)
    with pytest.raises(DataError, match="cannot be read as an array of numbers"):
        look_at(path)


@pytest.mark.parametrize("chunks", [(8, 24, 40), (8, 8, 8)])
def test_that_rtdc_files_damaged_anywhere_are_read_or_refused(measured_cells: Path, damage, fuzz, chunks) -> None:
    """Among others, where HDF5 1.14 itself ends the process or does not come back: see data/heaps.py."""
    with h5py.File(measured_cells, "a") as file:
        image = file["events/image"][:]
        del file["events/image"]
        compression = "gzip" if chunks[1:] == image.shape[1:] else None
        file.create_dataset("events/image", data=image, chunks=chunks, compression=compression, fletcher32=True)
        file.attrs.update({f"user:{number}": f"text {number}" for number in range(20)})
    content = measured_cells.read_bytes()
    assert fuzz(look_at, measured_cells, damage.of_hdf5(content, 20)) > 5
    cut_off = (content[: damage.choose(range(len(content)))] for _ in damage.of_bytes(b"", 20))
    assert fuzz(look_at, measured_cells, cut_off) > 15


def test_that_an_rtdc_file_that_names_more_images_than_it_can_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "claims.rtdc"
    with h5py.File(path, "w") as file:
        file.create_dataset("events/image", (10**9, 24, 40), np.uint8, chunks=(10, 24, 40))
    with pytest.raises(DataError, match="cannot hold the images"):
        look_at(path)


def test_that_rtdc_files_of_another_layout_are_read_or_refused(measured_cells: Path, damage, fuzz) -> None:
    content = measured_cells.read_bytes()

    def contents() -> Iterator[bytes]:
        for _ in damage.of_bytes(b"", 150):
            measured_cells.write_bytes(content)
            with h5py.File(measured_cells, "a") as file:
                rearrange(file, damage)
            yield measured_cells.read_bytes()

    assert fuzz(look_at, measured_cells, contents()) > 5


def rearrange(file: h5py.File, damage) -> None:
    """Replace a dataset or an attribute by one of another type or shape, or leave it out."""
    places = ["events", "events/image", "events/mask", "events/pos_x", "events/deform", "events/trace",
              "events/trace/fl1_raw", "imaging:pixel size"]  # fmt: skip
    place = damage.choose(places)
    values = damage.choose(
        [None, "text", 7, [1, 2, 3], np.zeros((60, 0, 3)), np.zeros((60, 24, 40, 3), np.uint8), np.zeros((60, 24)),
         np.full((60, 24, 40), np.nan), np.zeros((60, 24, 40), np.complex64), np.zeros((60, 24, 40), bool),
         np.zeros(60, "S3"), np.zeros((2, 2, 2, 2, 2)), h5py.Empty("f"), np.zeros((60, 24, 40), np.int64) - 5,
         np.zeros((59, 24, 40), np.uint8), np.zeros((60, 25, 40), np.uint16), np.zeros(60, "f4,i2"), np.zeros(60, bool),
         np.full(60, np.inf)]
    )  # fmt: skip
    if ":" in place:
        del file.attrs[place]
        file.attrs[place] = damage.choose(
            (-1.0, np.nan, "text", np.zeros(3), h5py.Empty("f"), np.zeros(1, "f4,i2"), b"\xff")
        )
        return
    del file[place]
    if values is not None:
        file[place] = values
    elif damage.choose((True, False)):
        file[place] = damage.choose((h5py.SoftLink("/nowhere"), h5py.SoftLink("/events"), h5py.ExternalLink("x", "/")))
    else:
        file.create_group(place)


def test_that_damaged_tables_of_aideveloper_are_read_or_refused(
    tmp_path: Path, measured_cells: Path, damage, fuzz
) -> None:
    path = table_of_a_run(tmp_path / "run", measured_cells)
    content = path.read_bytes()

    def read(file: Path) -> None:
        has_sheet(file, "UsedData")
        read_aideveloper_session(file)
        read_aideveloper_history(file)

    read(path)
    assert fuzz(read, path, damage.of_bytes(content, 40)) > 5
    assert fuzz(read, path, (packed(parts) for parts in damaged_parts(content, damage, 60))) > 5


def test_that_a_row_of_a_damaged_number_does_not_keep_the_program_busy(tmp_path: Path, measured_cells: Path) -> None:
    path = table_of_a_run(tmp_path / "run", measured_cells)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    far = {name: part.replace(b'r="3"', b'r="2000000000"') for name, part in parts.items()}
    assert far != parts
    path.write_bytes(packed(far))
    assert len(read_aideveloper_history(path).history) == 1


def table_of_a_run(folder: Path, cells: Path) -> Path:
    """Write meta.xlsx of a run of two epochs and return its path."""
    run = RunFolder(folder)
    run.create()
    training = TrainingSettings(images_per_epoch=(7, 8))
    append_revision(run.settings_jsonl, Revision(0, 0, "2026-01-01T00:00:00+00:00", training))
    for epoch in range(2):
        append_record(run.history_csv, EpochRecord(epoch, 0, 1e-3, (("loss", 0.5), ("val_loss", 0.7)), 1.0, None))
    data = tuple(DataRow(cells, name, role) for name, role in (("a", Role.TRAINING), ("b", Role.VALIDATION)))
    config = RunConfig(ImageSettings(), ModelChoice(architecture="LeNet5"), training, data=data)
    return write_meta_xlsx(config, open_table(data), run)


def damaged_parts(content: bytes, damage, n: int) -> Iterator[dict[str, bytes]]:
    """Yield the parts of a zip archive, one of them damaged before it is compressed."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(n):
        name = damage.choose(sorted(parts))
        for damaged in damage.of_bytes(parts[name], 1):
            yield {**parts, name: damaged}


def packed(parts: dict[str, bytes]) -> bytes:
    def write(stream: BytesIO) -> None:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, part in parts.items():
                archive.writestr(name, part)

    return written(write)
