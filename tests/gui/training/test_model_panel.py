"""A user's own networks: model_zoo.py edited while the window is open; and what the chosen network costs."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from PyQt5 import sip
from PyQt5.QtWidgets import QComboBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.background import Background
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import ThemeManager
from aid_desktop.gui.training import network_costs
from aid_desktop.gui.training.model_panel import ModelPanel
from aid_desktop.gui.training.network_costs import Counted, Network, counted
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.models.cost import Cost
from aid_desktop.models.seeding import making_network
from aid_desktop.models.zoo import read_digest
from aid_desktop.runs.folder import RunFolder
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.image import ImageSettings

WAIT_MS = 60_000
COST = Cost(12_345, 6_789)
ZOO = """import keras
from aid_desktop.models.registry import architecture


@architecture("First", min_size=4)
def first(input_shape, n_classes):
    image = keras.Input(input_shape)
    x = keras.layers.Flatten()(image)
    return keras.Model(image, keras.layers.Dense(n_classes, activation="softmax")(x))
"""
OWN = '\n\n@architecture("Own", min_size=4)\ndef own(input_shape, n_classes):\n    """Mine."""\n'
LINE = ZOO.count("\n") + 6  # of what follows OWN

Drop = Callable[[QWidget, Sequence[Path]], None]


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    path = tmp_path / "zoo" / "model_zoo.py"
    path.parent.mkdir()
    path.write_text(ZOO, encoding="utf-8")
    return path


@pytest.fixture
def session(qapp: object) -> TrainingSession:
    return TrainingSession()


@pytest.fixture
def panel(qtbot: QtBot, zoo: Path, session: TrainingSession) -> Iterator[ModelPanel]:
    background = Background()
    made = ModelPanel(Notifier(), background, session, zoo)
    qtbot.addWidget(made)
    made.show()
    yield made
    background.shut_down()


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> list[Network]:
    """Let nothing be built; the list tells what would have been."""
    asked: list[Network] = []

    def count(network: Network, device: DeviceSettings) -> Counted:
        assert device.strategy == "cpu"
        asked.append(network)
        return Counted(None, "line 7: no") if network.name == "Own" else Counted(COST)

    monkeypatch.setattr(network_costs, "counted", count)
    return asked


def text(panel: ModelPanel, name: str) -> str:
    return panel.findChild(QLabel, name).text()


def names(panel: ModelPanel) -> list[str]:
    box = panel.findChild(QComboBox, "architectureSelector")
    return [box.itemText(row) for row in range(box.count())]


def edit(panel: ModelPanel, zoo: Path, addition: str) -> None:
    """Add to the file, and press Reload."""
    zoo.write_text(ZOO + addition, encoding="utf-8")
    panel.findChild(QPushButton, "reloadZooButton").click()


# --- editing the file ---------------------------------------------------------------------------------------


def test_that_a_function_added_to_the_file_appears_after_reload(panel: ModelPanel, zoo: Path) -> None:
    assert names(panel) == ["Convolutional networks", "First"]
    edit(panel, zoo, f"{OWN}    return first(input_shape, n_classes)\n")
    assert names(panel) == ["Convolutional networks", "First", "Own"]
    assert panel.architecture == "First"
    panel.choose("Own")
    assert (panel.architecture, panel.problem) == ("Own", "")


def test_that_a_file_with_an_error_is_told_with_its_line_until_it_is_mended(panel: ModelPanel, zoo: Path) -> None:
    edit(panel, zoo, f"{OWN}    return (\n")
    assert panel.problem == f"{zoo}, line {LINE}: '(' was never closed"
    assert text(panel, "architectureFits") == panel.problem
    panel._notifier.set_image_settings(ImageSettings(width=40, height=40))
    assert "never closed" in panel.problem
    edit(panel, zoo, "")
    assert panel.problem == ""
    shown = text(panel, "architectureFits").replace("\u00a0", " ")
    assert shown.startswith("Convolutional network. Takes 4 × 4 px and more; fits 40 × 40")


def test_that_an_argument_of_the_decorator_that_cannot_be_used_is_told_with_its_line(
    panel: ModelPanel, zoo: Path
) -> None:
    edit(panel, zoo, OWN.replace("min_size=4", "min_size=0") + "    return 1\n")
    assert panel.problem.startswith(f"{zoo}, line {LINE - 3}: min_size of Own must be a whole number of pixels from 1")


def test_that_an_architecture_that_has_gone_from_the_file_is_missed(panel: ModelPanel, zoo: Path) -> None:
    edit(panel, zoo, f"{OWN}    return first(input_shape, n_classes)\n")
    panel.choose("Own")
    edit(panel, zoo, "")
    assert panel.architecture == "First"
    assert text(panel, "architectureFits").startswith("There is no Own in the file any more. Convolutional network.")


def test_that_a_network_that_does_not_fit_says_why(panel: ModelPanel) -> None:
    panel._notifier.set_image_settings(ImageSettings(width=3, height=9))
    assert "First needs images of at least 4 × 4 px, got 3 × 9" in panel.problem


# --- the cost -----------------------------------------------------------------------------------------------


def test_that_the_cost_is_shown_once_tensorflow_is_there_and_each_network_is_counted_once(
    panel: ModelPanel, zoo: Path, counts: list[Network], qtbot: QtBot
) -> None:
    edit(panel, zoo, f"{OWN}    return None\n")
    qtbot.wait(400)
    assert (counts, text(panel, "architectureCost")) == ([], "")
    with qtbot.waitSignal(panel.costs.counted):
        panel.costs.allow()
    assert counts == [Network(zoo, read_digest(zoo), "First", (32, 32, 1), 2)]
    assert (
        text(panel, "architectureCost")
        == "12\N{NO-BREAK SPACE}345 parameters, 6\N{NO-BREAK SPACE}789 multiply-adds for each image"
    )
    panel._notifier.set_image_settings(ImageSettings(width=40, height=40))
    with qtbot.waitSignal(panel.costs.counted):
        assert text(panel, "architectureCost") == ""
    panel._notifier.set_image_settings(ImageSettings(width=32, height=32))
    assert "12\N{NO-BREAK SPACE}345" in text(panel, "architectureCost")
    qtbot.wait(400)
    assert [network.shape for network in counts] == [(32, 32, 1), (40, 40, 1)]


def test_that_a_network_that_cannot_be_built_cannot_be_trained(
    panel: ModelPanel, zoo: Path, counts: list[Network], qtbot: QtBot
) -> None:
    edit(panel, zoo, f"{OWN}    return None\n")
    panel.choose("Own")
    with qtbot.waitSignal(panel.costs.counted):
        panel.costs.allow()
    assert panel.problem == "line 7: no"
    panel.choose("First")
    assert panel.problem == ""


def test_that_nothing_is_counted_while_a_run_goes_on(
    panel: ModelPanel, session: TrainingSession, counts: list[Network], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrainingSession, "is_running", True)
    panel.costs.allow()
    qtbot.wait(400)
    assert counts == []
    monkeypatch.setattr(TrainingSession, "is_running", False)
    with qtbot.waitSignal(panel.costs.counted):
        session.running_changed.emit(False)
    assert len(counts) == 1


def test_that_a_count_that_waited_for_its_turn_leaves_when_a_run_has_begun(
    panel: ModelPanel, session: TrainingSession, counts: list[Network], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with making_network():
        panel.costs.allow()
        qtbot.waitUntil(lambda: panel.costs._is_busy)
        monkeypatch.setattr(TrainingSession, "is_running", True)
    qtbot.waitUntil(lambda: not panel.costs._is_busy)
    assert counts == []


@pytest.mark.keras
def test_that_a_network_is_counted_in_its_turn(panel: ModelPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.costs.counted, timeout=WAIT_MS):
        panel.costs.allow()
    # 32 x 32 pixels and a bias for each of two classes.
    assert text(panel, "architectureCost").startswith("2\u00a0050 parameters")


@pytest.mark.keras
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return first(input_shape, n_classes)", ""),
        ("return 1 / 0", f"line {LINE}: Own for images (8, 8, 1) and 3 classes: ZeroDivisionError: division by zero"),
        (
            "return first(input_shape)",
            f"line {LINE}: Own for images (8, 8, 1) and 3 classes: TypeError: first()",
        ),
        (
            "return first(input_shape, 7)",
            f"line {LINE - 2}: Own gives an output of shape (None, 7), expected",
        ),
        ("return None", f"line {LINE - 2}: Own returns NoneType, not a model"),
    ],
)
def test_that_what_is_wrong_with_a_function_is_told_with_its_line(zoo: Path, body: str, message: str) -> None:
    zoo.write_text(f"{ZOO}{OWN}    {body}\n", encoding="utf-8")
    result = counted(Network(zoo, "", "Own", (8, 8, 1), 3), DeviceSettings(strategy="cpu"))
    if message:
        assert result.cost is None
        assert result.problem.startswith(f"{zoo}, {message}")
    else:
        assert result == Counted(Cost(64 * 3 + 3, 64 * 3))


# --- in the window ------------------------------------------------------------------------------------------


@pytest.fixture
def own_window(
    qtbot: QtBot, themes: ThemeManager, preferences: Preferences, zoo: Path, drop: Drop, tiny_folders: Path
) -> Iterator[MainWindow]:
    """The window with this file of networks and with images."""
    shown = MainWindow(themes, preferences, zoo)
    shown.show()
    with qtbot.waitSignal(shown.notifier.table_changed, timeout=30_000):
        drop(shown, [tiny_folders])
    shown.notifier.set_image_settings(ImageSettings(width=12, height=12))
    shown.tabs.setCurrentWidget(shown.training)
    yield shown
    shown.session.shut_down()
    shown.close()
    sip.delete(shown)


@pytest.mark.keras
def test_that_an_own_network_is_trained_and_the_run_keeps_a_copy_of_the_file(
    own_window: MainWindow, zoo: Path, qtbot: QtBot
) -> None:
    training = own_window.training
    edit(training.model, zoo, f"{OWN}    return first(input_shape, n_classes)\n")
    training.model.choose("Own")
    training.hyperparameters.form.editor("epochs").set_value(1)
    with qtbot.waitSignal(own_window.session.finished, timeout=WAIT_MS) as finished:
        training.run.start_button.click()
    qtbot.waitUntil(lambda: not own_window.session.is_running)
    assert RunFolder(finished.args[0].folder).model_zoo.read_bytes() == zoo.read_bytes()


@pytest.mark.keras
def test_that_a_network_that_cannot_be_built_ends_the_run_with_the_line_in_the_file(
    own_window: MainWindow, zoo: Path, qtbot: QtBot
) -> None:
    training = own_window.training
    edit(training.model, zoo, f"{OWN}    return 1 / 0\n")
    training.model.choose("Own")
    with qtbot.waitSignal(own_window.session.failed, timeout=WAIT_MS):
        training.run.start_button.click()
    qtbot.waitUntil(lambda: not own_window.session.is_running)
    (note,) = training.messages.notes
    assert f"{zoo}, line {LINE}: Own for images (12, 12, 1) and 2 classes: ZeroDivisionError" in note.text
    assert not note.details


def test_that_a_broken_file_cannot_be_started(own_window: MainWindow, zoo: Path) -> None:
    edit(own_window.training.model, zoo, "x = (\n")
    assert not own_window.training.run.start_button.isEnabled()
    assert "model_zoo.py, line 10: '(' was never closed" in own_window.findChild(QLabel, "startProblems").text()
    edit(own_window.training.model, zoo, "")
    assert own_window.training.run.start_button.isEnabled()
