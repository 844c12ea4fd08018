import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.relink import State, find_sources
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.selection import select_images
from aid_desktop.data.source import DataSource, Problem, SourceKind
from aid_desktop.errors import RunError, SettingsError
from aid_desktop.runs.config import ModelChoice, RunSettings
from aid_desktop.runs.session import Session, StoredRow, StoredSession, read_session, write_session
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.settings.split import SplitSettings

ROOT = Path(__file__).absolute().parent
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
NAMES = TEXT.map(str.strip).filter(bool)
COUNTS = st.integers(1, 10**6)
SIDES = st.integers(1, 5000)

SOURCES = st.builds(
    DataSource,
    path=st.sampled_from([ROOT / "a.rtdc", ROOT / "ü b" / "c#1.png", Path("/other/place"), ROOT / "\udcff"]),
    kind=st.sampled_from(SourceKind),
    n_images=COUNTS,
    shapes=st.lists(st.tuples(SIDES, SIDES, st.integers(1, 32)), min_size=1, max_size=3).map(tuple),
    digest=TEXT,
    problems=st.lists(st.builds(Problem, TEXT, TEXT), max_size=2).map(tuple),
    shape_counts=st.lists(COUNTS, max_size=3).map(tuple),
    pixel_types=st.lists(st.sampled_from(["uint8", "uint16", "float32"]), max_size=2).map(tuple),
    channels=st.lists(TEXT, max_size=3).map(tuple),
    features=st.lists(TEXT, max_size=3).map(tuple),
    part=TEXT,
)
SOURCES |= st.builds(
    lambda source, numbers: select_images(replace(source, n_images=60), sorted(numbers)),
    SOURCES,
    st.sets(st.integers(0, 59), min_size=1),
)
ROWS = st.builds(
    ClassRow,
    source=SOURCES,
    class_index=st.integers(0, 9999),
    class_name=NAMES,
    role=st.sampled_from(Role),
    images_per_epoch=st.none() | COUNTS,
    shuffle=st.booleans(),
    zoom=st.floats(0.05, 20),
)
# All of them go through the tables that test_run_toml.py tests.
SETTINGS = st.builds(
    RunSettings,
    image=st.builds(
        ImageSettings,
        width=st.integers(2, 99),
        channels=st.sampled_from(["gray", "rgb", ("image_ch1", "image_ch3")]),
        features=st.sampled_from([(), ("deform", "area_um")]),
        white_level=st.floats(0, 1e9),
    ),
    model=st.builds(ModelChoice, TEXT) | st.just(ModelChoice(start_from=ROOT / "m.keras", mode="restart")),
    training=st.builds(
        TrainingSettings,
        augmentation=st.builds(AugmentationSettings, rotation=st.floats(0, 180), brightness_add=st.just((-5, 5))),
        hyperparameters=st.builds(
            HyperParameters,
            class_weights=st.just("balanced") | st.dictionaries(NAMES, st.floats(0, 10), max_size=2),
            dropout=st.lists(st.floats(0, 0.9), max_size=2).map(tuple),
        ),
    ),
    split=st.none() | st.builds(SplitSettings, group_by=st.sampled_from(["file", "image", r"donor(\d+)"])),
    device=st.builds(DeviceSettings, strategy=st.sampled_from(["auto", "gpu:0"])),
    seed=st.integers(0, 2**32 - 1),
)
SESSIONS = st.builds(Session, st.builds(ClassTable, st.lists(ROWS, max_size=3).map(tuple)), SETTINGS)


def rows_of(stored: StoredSession) -> list[ClassRow]:
    return [row.with_source(row.source) for row in stored.rows]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """Two rows, of which the sources lie in `data` beside the session."""
    (tmp_path / "data").mkdir()
    rows = []
    for index, name in enumerate(("cat", "dog")):
        path = tmp_path / "data" / f"{name}.rtdc"
        write_rtdc(path, np.full((3, 8, 8), index, np.uint8))
        rows.append(ClassRow(open_source(path).source, index, name, Role.TRAINING, images_per_epoch=7))
    return Session(ClassTable(tuple(rows)), RunSettings(ImageSettings(width=8, height=8), ModelChoice(architecture="")))


def changed(path: Path, change: Any) -> Path:
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


@settings(max_examples=100)
@given(session=SESSIONS)
def test_that_every_session_comes_back_from_its_file(
    tmp_path_factory: pytest.TempPathFactory, session: Session
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.aidsession"
    write_session(session, path)
    stored = read_session(path)
    assert rows_of(stored) == list(session.table.rows)
    assert stored.settings == session.settings
    assert stored.left_out == ()


def test_that_everything_about_rows_and_sources_is_written(tmp_path: Path, session: Session) -> None:
    path = tmp_path / "a.aidsession"
    write_session(session, path)
    row = json.loads(path.read_text(encoding="utf-8"))["data"][0]
    assert {field.name for field in fields(DataSource)} - {"selection"} | {"relative", "size"} == set(row["source"])
    assert len(fields(ClassRow)) == len(row)
    assert {field.name for field in fields(ClassRow)} <= {field.name for field in fields(StoredRow)}


def test_that_a_session_that_says_nothing_of_features_has_its_files_opened_again(
    tmp_path: Path, session: Session
) -> None:
    path = tmp_path / "a.aidsession"
    write_session(session, path)
    assert read_session(path).rows[0].source == session.table.rows[0].source
    first, _ = read_session(changed(path, lambda values: values["data"][0]["source"].pop("features"))).rows
    assert first.source is None
    assert rows_of(read_session(path))[1] == session.table.rows[1]


def test_that_the_file_says_where_sources_are(tmp_path: Path, session: Session) -> None:
    path = tmp_path / "sub" / "a.aidsession"
    path.parent.mkdir()
    write_session(session, path)
    text = path.read_text(encoding="utf-8")
    values = json.loads(text)
    cat = tmp_path / "data" / "cat.rtdc"
    assert (values["format"], values["version"]) == ("aid-desktop-session", 1)
    assert values["data"][0]["source"] | {
        "path": cat.as_posix(), "relative": "../data/cat.rtdc", "size": cat.stat().st_size,
        "digest": session.table.rows[0].source.digest,
    } == values["data"][0]["source"]  # fmt: skip
    # One line for each row.
    assert sum(line.startswith('{"class"') for line in text.splitlines()) == 2


def test_that_the_size_of_a_folder_is_its_number_of_images(tmp_path: Path, tiny_folders: Path) -> None:
    source = open_source(tiny_folders / "test" / "circle").source
    path = tmp_path / "a.aidsession"
    write_session(Session(ClassTable((ClassRow(source, 0, "circle", Role.TEST),))), path)
    assert json.loads(path.read_text(encoding="utf-8"))["data"][0]["source"]["size"] == 8
    (row,) = read_session(path).rows
    assert find_sources([row.sought])[row.sought].state is State.FOUND


def test_that_sources_are_found_after_all_was_moved_together(tmp_path: Path, session: Session) -> None:
    old, new = tmp_path / "data", tmp_path / "new place"
    write_session(session, old / "a.aidsession")
    old.rename(new)
    stored = read_session(new / "a.aidsession")
    found = find_sources(row.sought for row in stored.rows)
    assert [found[row.sought].path for row in stored.rows] == [new / "cat.rtdc", new / "dog.rtdc"]


def test_that_sources_are_found_after_the_session_alone_was_moved(tmp_path: Path, session: Session) -> None:
    write_session(session, tmp_path / "a.aidsession")
    (tmp_path / "far" / "away").mkdir(parents=True)
    moved = (tmp_path / "a.aidsession").rename(tmp_path / "far" / "away" / "a.aidsession")
    found = find_sources(row.sought for row in read_session(moved).rows)
    assert [one.path for one in found.values()] == [row.source.path for row in session.table.rows]


def test_that_paths_of_windows_are_read_on_every_system(tmp_path: Path, session: Session) -> None:
    path = tmp_path / "a.aidsession"
    write_session(session, path)

    def move(values: dict[str, Any]) -> None:
        values["data"][0]["source"] |= {"path": "Q:/my data/cat.rtdc", "relative": "elsewhere/cat.rtdc"}

    sought = read_session(changed(path, move)).rows[0].sought
    assert (sought.name, sought.where) == ("cat.rtdc", "Q:/my data/cat.rtdc")
    assert sought.places[0] == tmp_path / "elsewhere" / "cat.rtdc"


def test_that_the_file_before_is_kept_as_a_backup(tmp_path: Path, session: Session) -> None:
    path, backup = tmp_path / "a.aidsession", tmp_path / "a.aidsession.bak"
    write_session(session, path)
    assert not backup.exists()
    write_session(Session(), path)
    assert len(read_session(backup).rows) == 2
    assert read_session(path).rows == ()
    write_session(Session(), path, keep_backup=False)
    assert len(read_session(backup).rows) == 2
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.aidsession", "a.aidsession.bak", "data"]


def test_that_a_place_that_cannot_be_written_is_a_run_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"could not be saved as .*: No such file"):
        write_session(Session(), tmp_path / "no folder" / "a.aidsession")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a session, or is damaged"),
        (b"{", "is not a session, or is damaged"),
        (b"\xff\xfe", "is not a session, or is damaged"),
        (b"[" * 100_000, "is not a session, or is damaged"),
        (b"[1]", "is not a session of AID Desktop"),
        (b'{"format": "other"}', "is not a session of AID Desktop"),
        (b'{"format": "aid-desktop-session", "version": 2}', "has the version 2, this program reads version 1: update"),
        (b'{"format": "aid-desktop-session"}', "has the version None"),
        (b'{"format": "aid-desktop-session", "version": 1}', "data: got None, expected a list"),
    ],
)
def test_that_a_file_that_cannot_be_used_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "a.aidsession"
    path.write_bytes(content)
    with pytest.raises(RunError, match=message) as caught:
        read_session(path)
    assert "a.aidsession" in str(caught.value)


def test_that_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="There is no session at"):
        read_session(tmp_path / "a.aidsession")
    with pytest.raises(RunError, match="cannot be read"):
        read_session(tmp_path)


@pytest.mark.parametrize(
    ("table", "key", "value", "message"),
    [
        ((), "futures", 1, "futures: is not a setting"),
        ((), "seed", -1, "seed: got -1"),
        (("training",), "epocs", 3, r"training\.epocs: is not a setting; did you mean epochs\?"),
        (("training",), "epochs", 0, r"training\.epochs: got 0"),
        (("data", 1), "colour", "red", r"row 2: data\.colour: is not a setting"),
        (("data", 0), "zoom", 0, "row 1: The zoom is 0"),
        (("data", 0), "zoom", "1", r"row 1: data\.zoom: got '1', expected a number"),
        (("data", 0), "role", "train", "row 1: 'train' is not a valid Role"),
        (("data", 0), "source", [], r"row 1: data\.source: got \[\], expected a table"),
        (("data", 0, "source"), "kind", "film", "row 1: 'film' is not a valid SourceKind"),
        (("data", 0, "source"), "n_images", None, r"row 1: data\.source\.n_images: got None"),
        (("data", 0, "source"), "shapes", [[1, 2]], "row 1: not enough values"),
        (("data", 0, "source"), "shapes", [3], "row 1: .*int"),
        (("data", 0, "source"), "problems", [[1]], "row 1: not enough values"),
    ],
)
def test_that_what_does_not_belong_into_a_session_is_named(
    tmp_path: Path, session: Session, table: tuple[Any, ...], key: str, value: object, message: str
) -> None:
    path = tmp_path / "a.aidsession"
    write_session(session, path)

    def damage(values: Any) -> None:
        for step in table:
            values = values[step]
        values[key] = value

    with pytest.raises(RunError, match=f"a.aidsession cannot be used: {message}"):
        read_session(changed(path, damage))


@pytest.mark.parametrize("key", ["class", "index", "role", "shuffle", "zoom", "source"])
def test_that_a_row_is_complete(tmp_path: Path, session: Session, key: str) -> None:
    path = tmp_path / "a.aidsession"
    write_session(session, path)
    with pytest.raises(RunError, match=rf"row 1: data\.{key}: is missing"):
        read_session(changed(path, lambda values: values["data"][0].pop(key)))


def test_that_settings_that_a_file_does_not_say_have_their_defaults(tmp_path: Path, session: Session) -> None:
    path = tmp_path / "a.aidsession"
    write_session(session, path)

    def shorten(values: dict[str, Any]) -> None:
        for name in ("seed", "image", "training", "augmentation", "device"):
            del values[name]

    assert read_session(changed(path, shorten)).settings == Session().settings
    with pytest.raises(SettingsError, match="seed"):
        RunSettings(ImageSettings(), ModelChoice("LeNet5"), seed=-1)


def test_that_a_session_of_5000_rows_has_one_short_line_for_each(tmp_path: Path, session: Session) -> None:
    path = tmp_path / "a.aidsession"
    write_session(Session(ClassTable(session.table.rows * 2500)), path)
    stored = read_session(path)
    assert len(stored.rows) == 5000
    assert len(find_sources(row.sought for row in stored.rows)) == 2
    assert max(map(len, path.read_text(encoding="utf-8").splitlines())) < 2000
