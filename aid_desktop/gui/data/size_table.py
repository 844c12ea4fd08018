"""How many images have which size."""

from collections.abc import Sequence

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from aid_desktop.data.conversion import count_shapes
from aid_desktop.data.source import DataSource
from aid_desktop.gui.qt import required
from aid_desktop.numbers import grouped

_MOST_LINES = 200


class SizeTable(QTableWidget):
    """Lists the sizes of the sources' images, the most frequent first, up to a number that anybody would read."""

    def __init__(self, sources: Sequence[DataSource], name: str, parent: QWidget | None = None) -> None:
        shapes = list(count_shapes(sources).items())
        super().__init__(min(len(shapes), _MOST_LINES), 3, parent)
        self.setObjectName(name)
        self.setAccessibleName("Sizes of the images")
        more = f"; {len(shapes) - _MOST_LINES} more are not shown" if len(shapes) > _MOST_LINES else ""
        self.setToolTip(f"Sizes of the images, the most frequent first{more}")
        self.setHorizontalHeaderLabels(["size", "channels", "images"])
        for line, ((height, width, channels), n) in enumerate(shapes[:_MOST_LINES]):
            number = "–" if n is None else grouped(n)
            for column, text in enumerate((f"{width} × {height} px", str(channels), number)):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.Alignment(Qt.AlignmentFlag.AlignRight) | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(line, column, item)
        required(self.verticalHeader()).hide()
        header = required(self.horizontalHeader())
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        self.setEditTriggers(QAbstractItemView.EditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers))
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setShowGrid(False)
