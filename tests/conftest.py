"""What all tests share: no screen, no user's settings, no unexpected log lines, no thread left running."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from aid_desktop.environment import set_defaults

# Before anything imports Qt.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
set_defaults()

# The same examples on every machine, however slow it is.
hypothesis.settings.register_profile("aid", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("aid")

IMAGES_PER_CLASS = {"train": 24, "validation": 8, "test": 8}
IMAGE_SIDE = 20
SECONDS_TO_END = 10.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs an X server where there is none; `bootstrap.py test` runs it under Xvfb."""
    if os.environ["QT_QPA_PLATFORM"] == "xcb":
        return
    skip = pytest.mark.skip(reason="needs QT_QPA_PLATFORM=xcb")
    for item in items:
        if item.get_closest_marker("xcb"):
            item.add_marker(skip)


@pytest.fixture(autouse=True, scope="session")
def _user_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests out of the user's folders for settings, data and logs."""
    folder = tmp_path_factory.mktemp("user")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CONFIG", "DATA", "STATE", "CACHE"):
            patch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
        yield


@pytest.fixture
def _log_records() -> Iterator[list[logging.LogRecord]]:
    records: list[logging.LogRecord] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = records.append  # type: ignore[method-assign]
    logger = logging.getLogger("aid_desktop")
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)


@pytest.fixture(autouse=True)
def _no_unexpected_log(request: pytest.FixtureRequest, _log_records: list[logging.LogRecord]) -> Iterator[None]:
    yield
    if _log_records and "expected_warnings" not in request.fixturenames:
        lines = [f"{record.levelname} {record.name}: {record.getMessage()}" for record in _log_records]
        pytest.fail("unexpected log records:\n" + "\n".join(lines), pytrace=False)


@pytest.fixture
def expected_warnings(_log_records: list[logging.LogRecord]) -> list[logging.LogRecord]:
    """Return the list that collects the program's log records from WARNING on, which are allowed here."""
    return _log_records


@pytest.fixture(autouse=True)
def _tidy_qt(request: pytest.FixtureRequest) -> Iterator[None]:
    """Give a window test its own QSettings, and fail it when it leaves a thread running."""
    if not {"qtbot", "qapp"} & set(request.fixturenames):
        yield
        return
    from PyQt5.QtCore import QCoreApplication, QSettings, QThread, QThreadPool
    from PyQt5.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    request.getfixturevalue("qapp")
    folder = str(request.getfixturevalue("tmp_path") / "settings")
    for settings_format in (QSettings.IniFormat, QSettings.NativeFormat):
        QSettings.setPath(settings_format, QSettings.UserScope, folder)
    QSettings.setDefaultFormat(QSettings.IniFormat)
    QCoreApplication.setOrganizationName("aid-desktop-tests")
    QCoreApplication.setApplicationName(request.node.name)

    started: list[QThread] = []
    start = QThread.start

    def recording_start(thread: QThread, *arguments: QThread.Priority) -> None:
        started.append(thread)
        start(thread, *arguments)

    # qtbot holds widgets weakly, and one that nobody else holds may be collected while it is being painted.
    held: list[object] = []
    add_widget = QtBot.addWidget

    def holding_add_widget(bot: QtBot, widget: QWidget, **options: object) -> None:
        held.append(widget)
        add_widget(bot, widget, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QThread, "start", recording_start)
        patch.setattr(QtBot, "addWidget", holding_add_widget)
        yield
    left = [type(thread).__name__ for thread in started if not _has_ended(thread)]
    if not QThreadPool.globalInstance().waitForDone(int(SECONDS_TO_END * 1000)):
        left.append("a job in the QThreadPool")
    if left:
        pytest.fail("left running: " + ", ".join(left), pytrace=False)


def _has_ended(thread: object) -> bool:
    from PyQt5 import sip
    from PyQt5.QtCore import QThread

    if not isinstance(thread, QThread) or sip.isdeleted(thread):
        return True
    return thread.wait(int(SECONDS_TO_END * 1000))


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator that draws the same numbers in every run."""
    return np.random.default_rng(7)


@pytest.fixture
def tiny_folders(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Write a data set that a small network learns in seconds and return its folder.

    In `train`, `validation` and `test` it has `circle` and `square` of 24, 8 and 8 grey PNG, 20 × 20 px each. No two
    are so alike that a check takes them for the same.
    """
    from PIL import Image

    root = tmp_path / "shapes"
    for role, count in IMAGES_PER_CLASS.items():
        for shape in ("circle", "square"):
            folder = root / role / shape
            folder.mkdir(parents=True)
            for index in range(count):
                Image.fromarray(_draw(shape, rng)).save(folder / f"{shape}_{index:02d}.png")
    return root


def _draw(shape: str, rng: np.random.Generator) -> np.ndarray:
    """Return a bright filled shape of random place and size on a dark noisy ground, uint8 (20, 20)."""
    row, column = rng.integers(8, 12, 2)
    radius = rng.integers(4, 7)
    rows, columns = np.mgrid[:IMAGE_SIDE, :IMAGE_SIDE]
    down, right = np.abs(rows - row), np.abs(columns - column)
    inside = np.hypot(down, right) <= radius if shape == "circle" else np.maximum(down, right) <= radius
    return np.where(inside, 200, 40).astype(np.uint8) + rng.integers(0, 50, inside.shape, dtype=np.uint8)


N_CELLS = 60


@pytest.fixture
def measured_cells(tmp_path: Path) -> Path:
    """Return the file of write_measured_cells."""
    return write_measured_cells(tmp_path)


def write_measured_cells(folder: Path) -> Path:
    """Write an .rtdc file of 60 cells with features, masks and traces, and return its path.

    The first 40 are small and round, the others large and deformed; `deform` of event 5 is NaN, `fl1_max` of events 0
    to 2 is 0 or below. Images are (24, 40), an ellipse around `pos_x`, `pos_y`, which count from the middle of the
    first pixel; the traces have 30 samples.
    """
    import h5py

    rng = np.random.default_rng(11)
    is_large = np.arange(N_CELLS) >= 40
    features = {
        "area_um": np.where(is_large, 80.0, 40.0) + rng.normal(0, 4, N_CELLS),
        "deform": np.where(is_large, 0.20, 0.05) + rng.normal(0, 0.01, N_CELLS),
        "fl1_max": np.concatenate([[0.0, -3.0, -1.0], 10 ** rng.uniform(1, 4, N_CELLS - 3)]),
        "pos_x": rng.uniform(14, 26, N_CELLS) * 0.5,
        "pos_y": rng.uniform(9, 15, N_CELLS) * 0.5,
        "time": np.arange(N_CELLS) / 100,
    }
    features["deform"][5] = np.nan
    rows, columns = np.mgrid[:24, :40]
    middle_x, middle_y = (features[name][:, None, None] / 0.5 for name in ("pos_x", "pos_y"))
    half = np.where(is_large, 9, 6)[:, None, None]
    inside = ((columns - middle_x) / half) ** 2 + ((rows - middle_y) / 5) ** 2 <= 1
    image = np.where(inside, 190, 90).astype(np.uint8) + rng.integers(0, 20, inside.shape, dtype=np.uint8)
    path = folder / "cells.rtdc"
    with h5py.File(path, "w") as file:
        file.attrs["imaging:pixel size"] = 0.5
        file.attrs["fluorescence:sample rate"] = 500_000
        file["events/image"] = image
        file["events/mask"] = np.where(inside, 255, 0).astype(np.uint8)
        for name, values in features.items():
            file[f"events/{name}"] = values
        for channel in (1, 2):
            file[f"events/trace/fl{channel}_raw"] = rng.integers(0, 100 * channel, (N_CELLS, 30)).astype(np.int16)
    return path
