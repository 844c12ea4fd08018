"""The list of architectures."""

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from aid_desktop.gui.training.architecture_selector import ArchitectureSelector
from aid_desktop.models.registry import Architecture

ARCHITECTURES = tuple(
    Architecture.declared(name, min_size=size, family=family, docstring=f"About {name}.", line=line)
    for line, (name, size, family) in enumerate(
        [("MLP_8", 1, "mlp"), ("MLP_*", 1, "mlp"), ("Small", 8, "cnn"), ("Large", 40, "cnn"), ("Own_8", 8, "mlp")]
    )
)


@pytest.fixture
def selector(qtbot: QtBot) -> ArchitectureSelector:
    made = ArchitectureSelector()
    qtbot.addWidget(made)
    made.set_architectures(ARCHITECTURES)
    made.show()
    return made


def rows(selector: ArchitectureSelector) -> list[tuple[str, bool]]:
    model = selector.list.model()
    indexes = [model.index(row, 0) for row in range(model.rowCount())]
    return [(str(index.data()), bool(model.flags(index) & Qt.ItemFlag.ItemIsEnabled)) for index in indexes]


def test_that_architectures_are_grouped_by_family_under_headings_that_cannot_be_chosen(
    selector: ArchitectureSelector, qtmodeltester: ModelTester
) -> None:
    assert rows(selector) == [
        ("Perceptrons", False), ("MLP_8", True), ("MLP with numbers of your own…", True), ("Own_8", True),
        ("Convolutional networks", False), ("Small", True), ("Large", True),
    ]  # fmt: skip
    assert selector.name == "MLP_8"
    qtmodeltester.check(selector.list.model())


def test_that_what_does_not_fit_is_greyed_out_and_says_why(selector: ArchitectureSelector) -> None:
    selector.set_shape((39, 60, 1))
    assert [name for name, is_enabled in rows(selector) if not is_enabled][-1] == "Large"
    index = selector.list.model().index(6, 0)
    assert "needs images of at least 40 × 40 px, got 60 × 39" in index.data(Qt.ItemDataRole.ToolTipRole)
    selector.set_shape((40, 60, 1))
    assert rows(selector)[-1] == ("Large", True)
    assert index.data(Qt.ItemDataRole.ToolTipRole) == "About Large."


def test_that_typing_goes_to_a_name(selector: ArchitectureSelector) -> None:
    QTest.keyClicks(selector.list, "la")
    assert selector.name == "Large"


@pytest.mark.parametrize("typed", ["96_80", "96 80", " 96, 80 ", "96;80"])
def test_that_numbers_of_ones_own_make_a_name(selector: ArchitectureSelector, typed: str, qtbot: QtBot) -> None:
    assert not selector.numbers.isVisible()
    selector.list.setCurrentIndex(2)
    assert selector.numbers.isVisible()
    assert selector.name == "MLP_24_16_24"
    with qtbot.waitSignal(selector.changed):
        selector.numbers.setText(typed)
    assert selector.name == "MLP_96_80"


def test_that_a_name_made_of_a_star_can_be_chosen_and_unknown_ones_change_nothing(
    selector: ArchitectureSelector,
) -> None:
    selector.choose("MLP_5_6")
    assert (selector.name, selector.numbers.text()) == ("MLP_5_6", "5_6")
    for name in ("MLP_5_0", "Nothing", ""):
        selector.choose(name)
        assert selector.name == "MLP_5_6"
    selector.choose("Small")
    assert selector.name == "Small"
    assert not selector.numbers.isVisible()


def test_that_the_choice_stays_when_the_list_changes_as_long_as_it_is_there(selector: ArchitectureSelector) -> None:
    selector.choose("Large")
    selector.set_architectures(ARCHITECTURES[1:])
    assert selector.name == "Large"
    selector.set_architectures(ARCHITECTURES[:3])
    assert selector.name == "MLP_8"
    selector.set_architectures(())
    assert selector.name == ""


def test_that_nothing_can_be_chosen_while_it_is_locked(selector: ArchitectureSelector) -> None:
    selector.set_locked("A run goes on.")
    assert not selector.list.isEnabled()
    assert selector.numbers.isReadOnly()
    assert selector.list.toolTip() == "A run goes on."
    selector.set_locked(None)
    assert selector.list.isEnabled()
    assert not selector.numbers.isReadOnly()
