"""The table of the counts."""

from PyQt5.QtWidgets import QHeaderView

from aid_desktop.evaluation.summary import FileSummary, Summary
from aid_desktop.gui.assess import summary_view
from aid_desktop.gui.assess.summary_view import SummaryView


def test_that_very_many_classes_are_neither_measured_nor_written_out_at_once(qtbot, themes, background, monkeypatch):
    made = []
    text = summary_view.fraction_text
    monkeypatch.setattr(summary_view, "fraction_text", lambda *numbers: made.append(numbers) or text(*numbers))
    view = SummaryView(themes, background)
    qtbot.addWidget(view)
    view.show()
    files = tuple(FileSummary(str(k), f"{k}.rtdc", tuple(range(1000))) for k in range(100))
    view.show_summary(Summary(tuple(f"class {k}" for k in range(1000)), files))
    assert view.table.horizontalHeader().sectionResizeMode(7) == QHeaderView.Interactive
    assert made == []
    assert view.model.index(0, 0).data() == "all files"
    assert view.model.index(1, 1001).data() == "999  (0.2 %)"
    view.show_summary(Summary(("cat", "dog"), (FileSummary("a", "a", (1, 2)),)))
    assert view.table.horizontalHeader().sectionResizeMode(1) == QHeaderView.ResizeToContents
