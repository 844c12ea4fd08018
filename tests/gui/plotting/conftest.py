"""The window of plots with measured cells, and how it is waited for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt5.QtTest import QTest
from pytestqt.qtbot import QtBot

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.source import DataSource
from aid_desktop.gui.background import Background
from aid_desktop.gui.plotting.feature_plot_dialog import FeaturePlotDialog, PlotMemory
from aid_desktop.gui.plotting.gate_list import GateList
from aid_desktop.gui.theme import ThemeManager

WAIT_MS = 30_000


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    jobs = Background()
    yield jobs
    jobs.shut_down()


@pytest.fixture
def idle(qtbot: QtBot, background: Background) -> Callable[[], None]:
    """Return a function that waits until all background jobs have ended."""
    return lambda: qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=WAIT_MS)


@pytest.fixture
def cells(measured_cells: Path) -> DataSource:
    return open_source(measured_cells).source


@pytest.fixture
def gates(qtbot: QtBot) -> GateList:
    return GateList()


@pytest.fixture
def dialog(
    qtbot: QtBot,
    background: Background,
    themes: ThemeManager,
    cells: DataSource,
    gates: GateList,
    idle: Callable[[], None],
) -> FeaturePlotDialog:
    """Return the window with the plot of area and deformation."""
    table = ClassTable().add_sources([(cells, "blood", Role.TRAINING)])
    made = FeaturePlotDialog(table, gates, PlotMemory(), background, themes)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    idle()
    QTest.qWait(1)
    return made
