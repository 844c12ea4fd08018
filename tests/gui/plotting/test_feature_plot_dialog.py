"""The window that plots features: what it shows, and gates drawn with mouse and keys."""

import csv
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest
from PyQt5 import sip
from PyQt5.QtCore import QPoint, QPointF, Qt
from PyQt5.QtGui import QColor
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QAbstractButton, QAction, QComboBox, QFileDialog, QLineEdit, QSpinBox, QWidget

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.density import DensityMethod
from aid_desktop.data.event_columns import read_columns
from aid_desktop.data.formats import open_source
from aid_desktop.data.gates import AllOf, Axis, FeatureRange, PolygonGate, RangeGate
from aid_desktop.data.scales import Scale
from aid_desktop.gui.plotting import feature_plot_dialog, file_opening, plotted
from aid_desktop.gui.plotting.feature_plot_dialog import FeaturePlotDialog, PlotMemory
from aid_desktop.gui.plotting.gate_drawing import HINT
from aid_desktop.gui.plotting.gate_rows import RowsRequest
from aid_desktop.gui.plotting.plot_texts import EMPTY_TEXT, LEFT_TEXT, READING_TEXT
from aid_desktop.gui.theme import ThemeName

SMALL = ((34.0, 0.035), (55.0, 0.035), (55.0, 0.1), (34.0, 0.1))


@pytest.fixture
def columns(cells):
    return read_columns(cells, cells.features)


def choose(box: QComboBox, data: object) -> None:
    assert box.findData(data) >= 0
    box.setCurrentIndex(box.findData(data))


def click(dialog: FeaturePlotDialog, x: float, y: float, do=QTest.mouseClick) -> None:
    frame = dialog.frame
    do(frame.canvas.viewport(), Qt.LeftButton, Qt.NoModifier, frame.pixel_of(frame.scatter, x, y))


def draw(dialog: FeaturePlotDialog, corners) -> None:
    dialog.panel.polygon_button.click()
    for corner in corners:
        click(dialog, *corner)


def row(dialog: FeaturePlotDialog, number: int) -> list[str]:
    table = dialog.panel.table
    return [table.item(number, column).text() for column in range(table.columnCount())]


def luminance(name: str) -> float:
    color = QColor(name)
    return 0.2126 * color.red() + 0.7152 * color.green() + 0.0722 * color.blue()


# --- the plot ---------------------------------------------------------------------------------------------------


def test_that_area_and_deformation_come_first_with_words_and_units(dialog) -> None:
    assert (dialog.choice.x_box.currentText(), dialog.choice.y_box.currentText()) == ("Area [µm²]", "Deformation")
    assert dialog.frame.scatter.labels == {"left": "Deformation", "bottom": "Area [µm²]"}
    assert dialog.choice.source_box.currentText() == "blood: cells.rtdc"


def test_that_events_without_a_number_are_left_out_and_counted(dialog, columns, idle) -> None:
    shown = dialog.frame.plotted
    assert shown.n_left_out == 1
    assert 5 not in shown.shown
    assert len(shown.shown) == 59
    assert "60 events. 1 has no place on these axes" in dialog.status
    assert shown.x_histogram.counts.sum() == shown.y_histogram.counts.sum() == 59
    choose(dialog.choice.x_box, "fl1_max")
    dialog.choice.x_log.setChecked(True)
    idle()
    assert dialog.frame.plotted.n_left_out == 4
    np.testing.assert_allclose(
        dialog.frame.plotted.places[:, 0], np.log10(columns["fl1_max"][dialog.frame.plotted.shown])
    )
    assert dialog.frame.scatter.plot.getAxis("bottom").logMode


def test_that_many_events_are_drawn_in_part_but_all_counted(dialog, monkeypatch, idle) -> None:
    monkeypatch.setattr(plotted, "SHOWN_EVENTS", 20)
    dialog.choice.changed.emit()
    idle()
    shown = dialog.frame.plotted
    assert len(shown.shown) == len(shown.density) == 20
    assert shown.x_histogram.counts.sum() == 59
    assert "Drawn: 20 of them, chosen at random" in dialog.status


@pytest.mark.parametrize("method", [DensityMethod.NONE, DensityMethod.HISTOGRAM])
def test_that_points_have_the_colour_of_their_density(dialog, method, idle) -> None:
    choose(dialog.choice.density_box, method)
    idle()
    colors = {point.brush().color().name() for point in dialog.frame._points.points()}
    assert (len(colors) == 1) is (method is DensityMethod.NONE)


def test_that_a_click_shows_the_nearest_event(dialog, columns, idle) -> None:
    click(dialog, columns["area_um"][45] + 0.2, columns["deform"][45])
    idle()
    shown = dialog.event_view.shown
    away = np.hypot(columns["area_um"] - columns["area_um"][45], 400 * (columns["deform"] - columns["deform"][45]))
    assert shown.request.index in np.argsort(away)[:3]
    assert dialog.tabs.currentWidget() is dialog.event_view
    text = dialog.findChild(QWidget, "eventValues").text()
    assert f"Area [µm²]: {columns['area_um'][shown.request.index]:.4g}" in text


def test_that_a_click_shows_the_trace_among_the_peaks_too(dialog, columns, idle) -> None:
    dialog.tabs.setCurrentWidget(dialog.peaks)
    click(dialog, columns["area_um"][45], columns["deform"][45])
    idle()
    assert dialog.tabs.currentWidget() is dialog.peaks
    assert dialog.peaks.trace.event == dialog.event_view.shown.request.index
    assert dialog.peaks.add_button.isEnabled()


def test_that_the_crosshair_tells_the_event(dialog, columns) -> None:
    x, y = columns["area_um"][50], columns["deform"][50]
    told = dialog.frame._read(dialog.frame.scatter, x, y)
    assert "<b>event 51</b>" in told.text
    assert (told.x, told.y) == (x, y)
    assert "event" not in dialog.frame._read(dialog.frame.scatter, 60.0, 0.12).text
    bars = dialog.frame.plotted.x_histogram
    middle = bars.edges[:2].mean()
    assert dialog.frame._read(dialog.frame.above, middle, 0).text.endswith(f": {bars.counts[0]} events")


def test_that_tables_of_points_traces_and_peaks_are_written_in_the_background(
    dialog, tmp_path, idle, background
) -> None:
    click(dialog, 50.0, 0.05)
    idle()
    plots = (dialog.frame, dialog.event_view.trace_plot, dialog.peaks.trace_plot, dialog.peaks.peak_plot)
    for number, plot in enumerate(plots):
        plot._save_to(tmp_path / f"{number}.csv")
        assert background.n_jobs == 1
        idle()
        plot.save(tmp_path / "expected.csv")
        assert (tmp_path / f"{number}.csv").read_bytes() == (tmp_path / "expected.csv").read_bytes()
        assert plot._messages.notes == ()


def test_that_the_plot_is_saved_as_picture_drawing_and_numbers(dialog, tmp_path, columns) -> None:
    for suffix in (".png", ".svg", ".csv"):
        dialog.frame.save(tmp_path / f"plot{suffix}")
    assert (tmp_path / "plot.png").read_bytes()[:4] == b"\x89PNG"
    drawing = (tmp_path / "plot.svg").read_text()
    assert drawing.count("<image") == 1
    assert "Deformation" in drawing
    with (tmp_path / "plot.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 59
    assert list(lines[0]) == ["event", "area_um", "deform", "density"]
    number = int(lines[30]["event"])
    assert float(lines[30]["area_um"]) == pytest.approx(columns["area_um"][number - 1])


def test_that_the_picture_in_the_drawing_lies_where_the_points_are(dialog, tmp_path) -> None:
    from PyQt5.QtGui import QImage, QPainter
    from PyQt5.QtSvg import QSvgRenderer

    dialog.frame.save(tmp_path / "plot.svg")
    renderer = QSvgRenderer(str(tmp_path / "plot.svg"))
    picture = QImage(renderer.defaultSize(), QImage.Format_ARGB32)
    picture.fill(QColor("white"))
    painter = QPainter(picture)
    renderer.render(painter)
    painter.end()
    points = dialog.frame.plotted
    top = int(np.argmax(points.places[:, 1]))
    place = dialog.frame.pixel_of(dialog.frame.scatter, *points.places[top])
    around = [picture.pixelColor(place + QPoint(x, y)) for x in (-1, 0, 1) for y in (-1, 0, 1)]
    assert min(color.lightness() for color in around) < 120


def test_that_a_theme_changes_the_plot(dialog, themes) -> None:
    themes.set_theme(ThemeName.DARK)
    dark = {point.brush().color().name() for point in dialog.frame._points.points()}
    ground = QColor(dialog.frame.canvas.grab().toImage().pixelColor(2, 2)).name()
    assert ground == themes.current.plot_background
    themes.set_theme(ThemeName.LIGHT)
    light = {point.brush().color().name() for point in dialog.frame._points.points()}
    assert min(map(luminance, dark)) > min(map(luminance, light)) + 20


# --- sources ----------------------------------------------------------------------------------------------------


def test_that_without_features_it_is_said_what_belongs_here(qtbot, background, themes, gates) -> None:
    made = FeaturePlotDialog(ClassTable(), gates, PlotMemory(), background, themes)
    qtbot.addWidget(made)
    assert made.frame.empty_text == EMPTY_TEXT
    assert not made.panel.polygon_button.isEnabled()
    assert not made.panel.add_button.isEnabled()
    assert not made.choice.x_box.isEnabled()


def test_that_a_file_is_opened_or_refused_with_its_reason(dialog, measured_cells, tmp_path, idle, monkeypatch) -> None:
    other = tmp_path / "other.rtdc"
    other.write_bytes(measured_cells.read_bytes())
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(other), ""))
    dialog.choice.open_button.click()
    idle()
    assert dialog.choice.source.path == other
    assert dialog.frame.plotted.request.source.path == other
    bare = tmp_path / "bare.rtdc"
    with h5py.File(bare, "w") as file:
        file["events/image"] = np.zeros((3, 4, 5), np.uint8)
    for path, text in ((bare, "no features of its events"), (tmp_path / "gone.rtdc", "does not exist")):
        dialog.files.open(path)
        idle()
        assert text in dialog.messages.notes[-1].text
    assert dialog.choice.source.path == other


def test_that_a_file_that_has_gone_is_told(dialog, measured_cells, idle) -> None:
    measured_cells.unlink()
    choose(dialog.choice.x_box, "time")
    idle()
    assert "does not exist" in dialog.messages.notes[-1].text
    assert dialog.frame.plotted is None
    assert "does not exist" in dialog.frame.empty_text
    assert not dialog.panel.box_button.isEnabled()


@pytest.fixture
def other(tmp_path, measured_cells):
    """Return a file of the same cells in reverse, of which there are only 50."""
    path = tmp_path / "other.rtdc"
    with h5py.File(measured_cells) as old, h5py.File(path, "w") as new:
        for name in ("image", "area_um", "deform"):
            new[f"events/{name}"] = old[f"events/{name}"][:][:9:-1]
    return open_source(path).source


def test_that_of_a_source_that_cannot_be_read_nothing_is_plotted(dialog, other, idle) -> None:
    dialog.event_view.show_event(55)
    idle()
    other.path.unlink()
    dialog.show_source(other)
    assert dialog.frame.plotted is None
    assert dialog.frame.empty_text == READING_TEXT
    assert not dialog.panel.polygon_button.isEnabled()
    idle()
    assert dialog.frame.plotted is None
    assert "does not exist" in dialog.frame.empty_text
    assert dialog.layer.items == {}
    dialog.choice.y_log.setChecked(True)
    assert dialog.frame.empty_text == READING_TEXT
    idle()
    assert "does not exist" in dialog.frame.empty_text
    click(dialog, 80.0, 0.2)
    idle()
    assert dialog.event_view.shown is None


def test_that_an_event_is_told_of_once_its_source_is_plotted(dialog, other, columns, monkeypatch, idle, qtbot) -> None:
    gate = threading.Event()
    plot = feature_plot_dialog.plot_events
    monkeypatch.setattr(feature_plot_dialog, "plot_events", lambda *parts: gate.wait(10) and plot(*parts))
    dialog.show_source(other)
    dialog.event_view.show_event(0)
    qtbot.waitUntil(lambda: dialog.event_view.shown is not None)
    assert dialog.findChild(QWidget, "eventValues").text() == ""
    gate.set()
    idle()
    assert f"Area [µm²]: {columns['area_um'][59]:.4g}" in dialog.findChild(QWidget, "eventValues").text()
    assert dialog.frame._ring.getData()[0].tolist() == [columns["area_um"][59]]


def test_that_a_cancelled_change_of_an_axis_leaves_no_plot_of_the_one_before(dialog, monkeypatch, idle) -> None:
    def slow(request, known, context):
        while True:
            context.leave_if_cancelled(0, 1)

    monkeypatch.setattr(feature_plot_dialog, "plot_events", slow)
    dialog.choice.x_log.setChecked(True)
    dialog._plotting.cancel()
    idle()
    assert dialog.frame.plotted is None
    assert dialog.frame.empty_text == LEFT_TEXT
    monkeypatch.undo()
    dialog.choice.x_log.setChecked(False)
    idle()
    assert dialog.frame.plotted.n_events == 60


def test_that_the_window_is_closed_while_a_file_is_opened(gates, background, themes, other, monkeypatch, idle) -> None:
    gate, begun = threading.Event(), threading.Event()
    read = file_opening.open_source

    def slow(path, progress):
        begun.set()
        gate.wait(10)
        return read(path)

    monkeypatch.setattr(file_opening, "open_source", slow)
    memory = PlotMemory()
    made = FeaturePlotDialog(ClassTable(), gates, memory, background, themes)
    made.show()
    made.files.open(other.path)
    assert begun.wait(10)
    made.close()
    sip.delete(made)
    gate.set()
    idle()
    assert memory.opened == []


def test_that_of_two_plots_the_last_one_is_shown(dialog, monkeypatch, idle) -> None:
    gate, begun = threading.Event(), threading.Event()
    plot = feature_plot_dialog.plot_events

    def slow(request, known, context):
        if request.x.feature == "time":
            begun.set()
            gate.wait(10)
        return plot(request, known, context)

    monkeypatch.setattr(feature_plot_dialog, "plot_events", slow)
    choose(dialog.choice.x_box, "time")
    assert begun.wait(10)
    choose(dialog.choice.x_box, "pos_x")
    gate.set()
    idle()
    assert dialog.frame.plotted.request.x.feature == "pos_x"


def test_that_the_window_shows_again_what_it_showed(qtbot, dialog, background, themes, gates, idle) -> None:
    choose(dialog.choice.y_box, "fl1_max")
    dialog.choice.y_log.setChecked(True)
    choose(dialog.choice.density_box, DensityMethod.NONE)
    idle()
    gates.add([RangeGate("late", (FeatureRange("time", 0.3, 9),))])
    again = FeaturePlotDialog(dialog._table, gates, dialog._memory, background, themes)
    qtbot.addWidget(again)
    idle()
    assert again.frame.plotted.request == dialog.frame.plotted.request
    assert row(again, 1)[:2] == ["late", "30"]
    assert again.panel.table.selected_gates() == ()


# --- gates ------------------------------------------------------------------------------------------------------


def test_that_a_polygon_is_drawn_by_clicks_and_counted(dialog, gates, columns, idle) -> None:
    draw(dialog, SMALL)
    assert dialog.status == HINT
    QTest.keyClick(dialog.frame, Qt.Key_Return)
    idle()
    (gate,) = gates.gates
    assert isinstance(gate, PolygonGate)
    np.testing.assert_allclose(gate.vertices, SMALL, atol=0.2)
    expected = gate.contains(columns["area_um"], columns["deform"])
    assert expected.sum() >= 25
    assert row(dialog, 1)[:3] == ["gate", str(expected.sum()), f"{100 * expected.mean():.3g} %"]
    assert row(dialog, 1)[3] == f"{np.median(columns['area_um'][expected]):.3g}"
    assert row(dialog, 0)[:3] == ["All events", "60", "100 %"]
    assert dialog.frame.canvas.scene().selectedItems() == []
    assert not dialog.frame.is_drawing


def test_that_a_double_click_closes_and_other_keys_take_back_and_cancel(dialog, gates, idle) -> None:
    view = dialog.frame.scatter.plot.vb.viewRange()
    draw(dialog, SMALL[:3])
    QTest.keyClick(dialog.frame, Qt.Key_Backspace)
    assert len(dialog.new_gates.drawing.corners) == 2
    QTest.keyClick(dialog.frame, Qt.Key_Return)
    assert dialog.frame.is_drawing
    click(dialog, *SMALL[2])
    for do in (QTest.mouseClick, QTest.mouseDClick, QTest.mouseRelease):
        click(dialog, *SMALL[3], do=do)
    idle()
    assert len(gates.gates[0].vertices) == 4
    assert dialog.frame.scatter.plot.vb.viewRange() == view
    for cancel in (lambda: QTest.keyClick(dialog.frame, Qt.Key_Escape), dialog.reject):
        draw(dialog, SMALL[:2])
        cancel()
        assert not dialog.frame.is_drawing
        assert dialog.isVisible()
    assert len(gates.gates) == 1
    draw(dialog, SMALL[:2])
    dialog.findChild(QAbstractButton, "plotCloseButton").click()
    assert not dialog.isVisible()


def test_that_a_polygon_can_be_made_by_keys_alone(dialog, gates, idle) -> None:
    dialog.panel.polygon_button.setFocus()
    QTest.keyClick(dialog.panel.polygon_button, Qt.Key_Space)
    QTest.keyClick(dialog.frame, Qt.Key_Enter)
    idle()
    assert len(gates.gates[0].vertices) == 4
    dialog.panel.limits.setText("20, 0; 60, 0; 60, 0.15")
    QTest.keyClick(dialog.panel.limits, Qt.Key_Return)
    idle()
    assert gates.gates[0].vertices == ((20, 0), (60, 0), (60, 0.15))
    dialog.panel.limits.setText("20, 0; 60")
    QTest.keyClick(dialog.panel.limits, Qt.Key_Return)
    assert "expected corners like" in dialog.messages.notes[-1].text
    assert dialog.panel.limits.text() == "20, 0; 60, 0; 60, 0.15"


def test_that_corners_are_dragged(dialog, gates, columns, idle) -> None:
    gates.add([PolygonGate("small", Axis("area_um"), Axis("deform"), SMALL)])
    item = dialog.layer.items["small"]
    item.getHandles()[1].movePoint(dialog.frame.scatter.plot.vb.mapViewToScene(item.mapToParent(55.0, 0.05)))
    idle()
    (gate,) = gates.gates
    np.testing.assert_allclose(gate.vertices[1], (55.0, 0.05), atol=1e-6)
    assert dialog.layer.items["small"] is item
    assert row(dialog, 1)[1] == str(gate.contains(columns["area_um"], columns["deform"]).sum())


def test_that_a_click_on_an_edge_adds_a_corner_and_shows_no_event(dialog, gates, idle) -> None:
    gates.add([PolygonGate("small", Axis("area_um"), Axis("deform"), SMALL)])
    QTest.qWait(1)
    click(dialog, 44.0, 0.1)
    idle()
    assert len(gates.gates[0].vertices) == 5
    np.testing.assert_allclose(gates.gates[0].vertices[3], (44.0, 0.1), atol=0.3)
    assert dialog.tabs.currentWidget() is dialog.panel
    dialog.panel.polygon_button.click()
    click(dialog, 39.0, 0.1)
    assert len(dialog.new_gates.drawing.corners) == 1
    QTest.keyClick(dialog.frame, Qt.Key_Escape)
    assert len(gates.gates[0].vertices) == 5


def test_that_a_polygon_on_logarithmic_axes_is_seen_there_only(dialog, gates, columns, idle) -> None:
    choose(dialog.choice.x_box, "fl1_max")
    dialog.choice.x_log.setChecked(True)
    idle()
    draw(dialog, ((2.0, 0.05), (3.5, 0.05), (3.5, 0.2), (2.0, 0.2)))
    QTest.keyClick(dialog.frame, Qt.Key_Return)
    idle()
    (gate,) = gates.gates
    assert gate.x == Axis("fl1_max", Scale.LOG)
    assert 80 < gate.vertices[0][0] < 120
    assert "gate" in dialog.layer.items
    n = row(dialog, 1)[1]
    assert n == str(gate.contains(columns["fl1_max"], columns["deform"]).sum())
    dialog.choice.x_log.setChecked(False)
    idle()
    assert dialog.layer.items == {}
    assert row(dialog, 1)[1] == n


@pytest.mark.parametrize(
    ("name", "features"),
    [("x_button", ["area_um"]), ("y_button", ["deform"]), ("box_button", ["area_um", "deform"])],
)
def test_that_ranges_begin_with_the_middle_half(dialog, gates, columns, name, features, idle) -> None:
    getattr(dialog.panel, name).click()
    idle()
    (gate,) = gates.gates
    assert list(gate.features) == features
    usable = np.isfinite(columns["deform"])
    for part in gate.ranges:
        assert [part.low, part.high] == pytest.approx(np.percentile(columns[part.feature][usable], [25, 75]))
    assert row(dialog, 1)[1] == str(gate.contains(*(columns[feature] for feature in features)).sum())


def test_that_a_range_is_dragged_in_its_histogram(dialog, gates, columns, idle) -> None:
    dialog.panel.x_button.click()
    item = dialog.layer.items["gate"]
    item.setRegion((60, 100))
    item.sigRegionChangeFinished.emit(item)
    idle()
    assert gates.gates[0].ranges == (FeatureRange("area_um", 60, 100),)
    assert row(dialog, 1)[1] == str((columns["area_um"] > 60).sum()) == "20"
    assert dialog.panel.limits.text() == "60 to 100"


def test_that_a_box_is_dragged(dialog, gates, idle) -> None:
    gates.add([RangeGate("box", (FeatureRange("area_um", 30, 50), FeatureRange("deform", 0.02, 0.08)))])
    item = dialog.layer.items["box"]
    item.setPos((60, 0.1))
    idle()
    (gate,) = gates.gates
    found = [value for part in gate.ranges for value in (part.low, part.high)]
    np.testing.assert_allclose(found, [60, 80, 0.1, 0.16])


def test_that_a_range_without_an_end_is_drawn_to_the_end(dialog, gates, idle) -> None:
    gates.add([RangeGate("all", (FeatureRange("area_um", -np.inf, np.inf),))])
    edges = dialog.frame.plotted.x_histogram.edges
    assert dialog.layer.items["all"].getRegion() == pytest.approx((edges[0], edges[-1]))
    idle()
    assert row(dialog, 1)[1] == "60"


def test_that_gates_are_combined_renamed_and_removed(dialog, gates, columns, idle) -> None:
    dialog.panel.x_button.click()
    dialog.panel.y_button.click()
    idle()
    assert not dialog.panel.combine_button.isEnabled()
    dialog.panel.table.select_gates((0, 1))
    dialog.panel.combine_button.click()
    idle()
    both = gates.gates[2]
    assert isinstance(both, AllOf)
    assert both.name == "gate and gate 2"
    expected = both.contains(*(columns[name] for name in both.features))
    assert row(dialog, 3)[1] == str(expected.sum())
    assert dialog.panel.table.selected_gates() == (2,)
    assert not dialog.panel.limits.isEnabled()
    dialog.panel.table.item(1, 0).setText(" round ")
    idle()
    assert gates.names == ("round", "gate 2", "gate and gate 2")
    assert gates.gates[2].gates[0].name == "round"
    dialog.panel.table.item(1, 0).setText("gate 2")
    assert gates.names[0] == "gate 2 2"
    dialog.panel.table.item(1, 0).setText("")
    assert "name is ''" in dialog.messages.notes[-1].text
    assert row(dialog, 1)[0] == "gate 2 2"
    dialog.panel.table.select_gates((0, 1))
    QTest.keyClick(dialog.panel.table, Qt.Key_Delete)
    idle()
    assert gates.gates[0].name == "gate and gate 2"
    assert row(dialog, 1)[1] == str(expected.sum())


def test_that_a_combination_follows_its_parts(dialog, gates, columns, idle) -> None:
    x = RangeGate("x", (FeatureRange("area_um", 0, 60),))
    y = RangeGate("y", (FeatureRange("deform", 0, 1),))
    gates.add([x, y])
    gates.combine((0, 1))
    gates.exchange(x, RangeGate("x", (FeatureRange("area_um", 60, 200),)))
    idle()
    assert row(dialog, 3)[1] == "20"


def test_that_statistics_are_those_of_the_chosen_feature(dialog, gates, columns, idle) -> None:
    gates.add([RangeGate("large", (FeatureRange("area_um", 60, 200),))])
    choose(dialog.panel.feature_box, "fl1_max")
    idle()
    inside = columns["fl1_max"][columns["area_um"] >= 60]
    assert row(dialog, 1)[3:] == [f"{value:.3g}" for value in (np.median(inside), inside.mean(), inside.std())]
    choose(dialog.choice.x_box, "time")
    idle()
    assert dialog.panel.feature == "fl1_max"


def test_that_gates_and_statistics_are_saved_and_gates_opened(dialog, gates, tmp_path, idle, monkeypatch) -> None:
    gates.add([PolygonGate("small", Axis("area_um"), Axis("deform"), SMALL)])
    idle()
    panel = dialog.panel
    for suffix in (".json", ".poly", ".csv"):
        save(panel, tmp_path / f"gates{suffix}", suffix, monkeypatch)
    with (tmp_path / "gates.csv").open(encoding="utf-8-sig") as file:
        lines = list(csv.DictReader(file))
    assert [line["gate"] for line in lines] == ["all events", "small"]
    assert lines[1]["events"] == row(dialog, 1)[1]
    for name in ("gates.json", "gates.poly"):
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, name=name: (str(tmp_path / name), ""))
        panel.open_button.click()
    idle()
    assert gates.names == ("small", "small 2", "small 3")
    assert {gate.vertices for gate in gates.gates} == {SMALL}
    gates.add([RangeGate("r", (FeatureRange("time", 0, 1),))])
    save(panel, tmp_path / "b", ".poly", monkeypatch)
    assert "'r' is no polygon on linear axes" in dialog.messages.notes[-1].text
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "gates.csv"), ""))
    panel.open_button.click()
    assert "is no file of gates" in dialog.messages.notes[-1].text


def save(panel, path, suffix, monkeypatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    panel.findChild(QAction, f"gateSave{suffix}").trigger()


def test_that_statistics_are_of_all_gates_or_refused(dialog, gates, tmp_path, idle, monkeypatch) -> None:
    path = tmp_path / "gates.json.csv"
    large = RangeGate("large", (FeatureRange("area_um", 60, 200),))
    gates.add([large, RangeGate("soft", (FeatureRange("emodulus", 0, 1),))])
    idle()
    save(dialog.panel, tmp_path / "gates.json", ".csv", monkeypatch)
    with path.open(encoding="utf-8-sig") as file:
        lines = list(csv.DictReader(file))
    assert [(line["gate"], line["events"], line["n"]) for line in lines] == [
        ("all events", "60", "60"), ("large", "20", "20"), ("soft", "", ""),
    ]  # fmt: skip
    path.unlink()
    gates.exchange(large, RangeGate("large", (FeatureRange("area_um", 70, 200),)))
    save(dialog.panel, path, ".csv", monkeypatch)
    assert "events of large are not counted yet" in dialog.messages.notes[-1].text
    dialog.panel.show_events(None)
    save(dialog.panel, path, ".csv", monkeypatch)
    assert "events are not counted yet" in dialog.messages.notes[-1].text
    assert not path.exists()
    idle()


def test_that_a_taken_name_and_blanks_are_shown_as_what_they_became(dialog, gates) -> None:
    gates.add([RangeGate(name, (FeatureRange("time", 0, 1),)) for name in ("a", "a 2")])
    item = dialog.panel.table.item(2, 0)
    item.setText("a")
    assert (item.text(), gates.names) == ("a 2", ("a", "a 2"))
    item.setText("  a 2 ")
    assert item.text() == "a 2"


def test_that_a_combination_follows_gates_whose_names_were_taken(gates) -> None:
    x, y = (RangeGate(name, (FeatureRange(name, 0, 60),)) for name in ("x", "y"))
    both = AllOf("x and y", (x, y))
    gates.add([x, y, both])
    gates.add([both, x, y])
    assert gates.names == ("x", "y", "x and y", "x and y 2", "x 2", "y 2")
    assert [part.name for part in gates.gates[3].gates] == ["x 2", "y 2"]
    gates.exchange(gates.gates[4], RangeGate("x 2", (FeatureRange("x", 0, 1),)))
    assert gates.gates[3].gates[0].ranges[0].high == 1
    assert gates.gates[2].gates[0].ranges[0].high == 60
    gates.add([x, x])
    assert gates.names[6:] == ("x 3", "x 4")


@pytest.mark.parametrize("scale", Scale)
def test_that_the_end_that_is_not_dragged_stays_as_it_was(dialog, gates, idle, scale) -> None:
    choose(dialog.choice.x_box, "fl1_max")
    dialog.choice.x_log.setChecked(scale is Scale.LOG)
    idle()
    gates.add(
        [
            RangeGate("open", (FeatureRange("fl1_max", -np.inf, 3000.3),)),
            RangeGate("below", (FeatureRange("fl1_max", -5.0, 3000.3),)),
            RangeGate("box", (FeatureRange("fl1_max", -np.inf, 3000.3), FeatureRange("deform", 0.1, np.inf))),
        ]
    )
    for name in ("open", "below"):
        item = dialog.layer.items[name]
        item.setRegion((item.getRegion()[0], scale.place(np.array([2000.7]))[0]))
        item.sigRegionChangeFinished.emit(item)
    box = dialog.layer.items["box"]
    middle = box.mapToParent(box.getHandles()[1].pos())
    box.getHandles()[1].movePoint(
        dialog.frame.scatter.plot.vb.mapViewToScene(QPointF(scale.place(np.array([2000.7]))[0], middle.y()))
    )
    idle()
    first, second, third = gates.gates
    assert first.ranges[0].low == -np.inf
    assert second.ranges[0].low == -5.0
    assert (third.ranges[0].low, third.ranges[1].high) == (-np.inf, np.inf)
    for gate in gates.gates:
        assert gate.ranges[0].high == pytest.approx(2000.7, rel=1e-3)
    item = dialog.layer.items["open"]
    item.setRegion((scale.place(np.array([20.0]))[0], item.getRegion()[1]))
    item.sigRegionChangeFinished.emit(item)
    idle()
    assert gates.gates[0].ranges[0].low == pytest.approx(20)
    assert gates.gates[0].ranges[0].high == first.ranges[0].high


def test_that_corners_that_are_not_dragged_keep_their_numbers(dialog, gates, idle) -> None:
    choose(dialog.choice.x_box, "fl1_max")
    dialog.choice.x_log.setChecked(True)
    idle()
    corners = ((11.1, 0.03), (777.7, 0.03), (777.7, 0.2), (33.3, 0.17))
    gates.add([PolygonGate("p", Axis("fl1_max", Scale.LOG), Axis("deform"), corners)])
    item = dialog.layer.items["p"]
    item.getHandles()[0].movePoint(dialog.frame.scatter.plot.vb.mapViewToScene(item.mapToParent(1.5, 0.05)))
    idle()
    assert gates.gates[0].vertices[1:] == corners[1:]
    assert gates.gates[0].vertices[0] == pytest.approx((10**1.5, 0.05), rel=1e-3)


def test_that_a_polygon_keeps_three_corners(dialog, gates, idle) -> None:
    gates.add([PolygonGate("small", Axis("area_um"), Axis("deform"), SMALL)])
    for _ in range(2):
        item = dialog.layer.items["small"]
        item.removeHandle(item.getHandles()[0])
        QTest.qWait(1)
    idle()
    assert gates.gates[0].vertices == SMALL[1:]
    assert len(dialog.layer.items["small"].getHandles()) == 3


def test_that_the_name_of_a_gate_is_seen_where_the_gate_is(dialog, gates, idle) -> None:
    gates.add([RangeGate("box", (FeatureRange("area_um", 30, 500), FeatureRange("deform", 0.02, 9.0)))])
    (label,) = [shown.label for shown in dialog.layer._shown]
    frame = dialog.frame
    vb = frame.scatter.plot.vb
    for _ in range(2):
        frame.grab()
        text = label.mapRectToScene(label.boundingRect())
        assert vb.sceneBoundingRect().adjusted(-2, -2, 2, 2).contains(text)
        vb.setRange(xRange=(40, 60), yRange=(0.05, 0.1), padding=0)
    assert label.isVisible()
    vb.setRange(xRange=(10, 20), yRange=(0.05, 0.1), padding=0)
    assert not label.isVisible()
    vb.setRange(xRange=(10, 600), yRange=(0.0, 10), padding=0)
    assert label.isVisible()
    assert (label.pos().x(), label.pos().y()) == pytest.approx((500, 9))
    assert tuple(label.anchor) == (0, 1)
    assert label.fill.color().alpha() > 150


def test_that_gates_of_features_that_a_source_lacks_have_no_numbers(dialog, gates, idle) -> None:
    gates.add([RangeGate("soft", (FeatureRange("emodulus", 0, 1),)), RangeGate("all", (FeatureRange("time", 0, 9),))])
    idle()
    assert row(dialog, 1)[1:] == ["–"] * 5
    assert row(dialog, 2)[1] == "60"
    with pytest.raises(AssertionError):
        wanted_rows(dialog, (0, 1))
    assert "cells.rtdc lacks a feature of soft" in dialog.messages.notes[-1].text


def wanted_rows(dialog: FeaturePlotDialog, places) -> RowsRequest:
    found: list[RowsRequest] = []
    dialog.rows_wanted.connect(found.append)
    dialog.panel.table.select_gates(places)
    dialog.panel.add_button.click()
    dialog.rows_wanted.disconnect(found.append)
    assert found
    return found[0]


def test_that_the_selected_gates_become_rows_or_else_all(dialog, gates, columns, idle) -> None:
    gates.add(
        [RangeGate("large", (FeatureRange("area_um", 60, 200),)), RangeGate("all", (FeatureRange("time", 0, 9),))]
    )
    idle()
    dialog.panel.role_box.setCurrentText("test")
    request = wanted_rows(dialog, (0,))
    assert (request.role, [name for name, _ in request.gates]) == (Role.TEST, ["large"])
    np.testing.assert_array_equal(request.gates[0][1], columns["area_um"] >= 60)
    assert [name for name, _ in wanted_rows(dialog, ()).gates] == ["large", "all"]


def test_that_every_control_has_a_name_a_title_and_a_tooltip(dialog) -> None:
    kinds = (QAbstractButton, QComboBox, QLineEdit, QSpinBox)
    found = [
        widget
        for kind in kinds
        for widget in dialog.findChildren(kind)
        if type(widget) is not QAbstractButton and not widget.objectName().startswith(("qt_", "Scroll"))
    ]
    names = [widget.objectName() for widget in found]
    assert len(set(names)) == len(names)
    for widget in found:
        assert widget.objectName()
        assert widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()), widget.objectName()
        assert widget.toolTip() or widget.objectName().startswith("plotMessages"), widget.objectName()


def test_that_it_fits_on_a_small_screen(dialog, gates, idle) -> None:
    gates.add([RangeGate("large", (FeatureRange("area_um", 60, 200),))])
    idle()
    hint = dialog.minimumSizeHint()
    assert hint.width() <= 1366 - 40
    assert hint.height() <= 768 - 80
    assert dialog.width() <= 1366
    assert Path(dialog.choice.source.path).exists()
