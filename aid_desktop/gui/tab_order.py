"""Tab goes through a window as its layouts have it, whatever the order in which its parts were made."""

from collections.abc import Iterator

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QGridLayout,
    QLayout,
    QMainWindow,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QWidget,
)

from aid_desktop.gui.qt import required


def move_focus(top: QWidget, *, forward: bool) -> bool:
    """Give the focus to what stands after what has it in `top`, or before; return whether anything can take it.

    Qt keeps the order in which widgets were made, and parts are made and moved while a window is in use.
    """
    stops = [widget for widget in _stops(top) if widget.isVisibleTo(top) and widget.isEnabled()]
    focus = top.focusWidget()
    while focus is not None and focus not in stops:
        focus = None if focus is top else focus.parentWidget()
    if not stops:
        return False
    place = stops.index(focus) if focus is not None else -1 if forward else 0
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    stops[(place + (1 if forward else -1)) % len(stops)].setFocus(reason)
    return True


def _stops(widget: QWidget) -> Iterator[QWidget]:
    # What hands its focus on is no stop of its own.
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
        yield widget
    for part in _parts(widget):
        yield from _stops(part)


def _parts(widget: QWidget) -> list[QWidget]:
    """Return what stands in a widget, in its order; nothing of Qt's own composites, of lists the fields in them."""
    match widget:
        case QMainWindow():
            return [required(widget.centralWidget()), required(widget.statusBar())]
        case QTabWidget():
            return [required(widget.tabBar()), *(required(widget.widget(n)) for n in range(widget.count()))]
        case QSplitter() | QStackedWidget():
            return [required(widget.widget(n)) for n in range(widget.count())]
        case QScrollArea():
            return [inner] if (inner := widget.widget()) is not None else []
        case QAbstractItemView():
            cells = [child for child in required(widget.viewport()).children() if isinstance(child, QWidget)]
            return sorted(cells, key=lambda cell: (cell.y(), cell.x()))
        case QAbstractScrollArea() | QAbstractSpinBox() | QComboBox():
            return []
    # Of QWidget: pyqtgraph's widgets hold something else by that name.
    laid_out = list(_laid_out(QWidget.layout(widget)))
    others = [child for child in widget.children() if isinstance(child, QWidget) and not child.isWindow()]
    return list(dict.fromkeys([*laid_out, *others]))


def _laid_out(layout: QLayout | None) -> Iterator[QWidget]:
    if layout is None:
        return
    places = list(range(layout.count()))
    if isinstance(layout, QGridLayout):
        places.sort(key=lambda place: layout.getItemPosition(place)[:2])
    for item in map(layout.itemAt, places):
        if item is None:
            continue
        widget = item.widget()
        if widget is not None:
            yield widget
        else:
            yield from _laid_out(item.layout())
