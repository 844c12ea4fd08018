import threading
import time
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from PyQt5.QtCore import QItemSelectionModel, QPoint, QRect, Qt
from PyQt5.QtGui import QColor, QImage
from PyQt5.QtWidgets import QApplication

from aid_desktop.errors import DataError
from aid_desktop.gui.background import Background
from aid_desktop.gui.models.image_list_model import ImageListModel
from aid_desktop.gui.theme import current_theme
from aid_desktop.gui.widgets.image_delegate import caption_lines, shortened
from aid_desktop.gui.widgets.image_grid import ImageGrid
from aid_desktop.gui.widgets.image_items import CORRECT_ROLE, FAILURE_ROLE, IMAGE_ROLE, ORIGIN_ROLE, ReadImage
from aid_desktop.gui.widgets.pixmaps import to_image, to_pixmap


class NumberedImages:
    """Images whose grey level is their row; tells which rows were read, and in which thread."""

    is_ready = False

    def __init__(self, n: int, side: int = 8, broken: frozenset[int] = frozenset()) -> None:
        self.n, self.side, self.broken = n, side, broken
        self.rows_read: list[int] = []
        self.threads: set[threading.Thread] = set()

    def __len__(self) -> int:
        return self.n

    def caption(self, row: int) -> str:
        return f"image {row}"

    def is_correct(self, row: int) -> bool | None:
        return row % 2 == 0

    def read(self, rows: Sequence[int]) -> list[ReadImage]:
        self.rows_read += rows
        self.threads.add(threading.current_thread())
        if self.broken & set(rows):
            raise DataError("the folder is gone")
        return [ReadImage(np.full((self.side, self.side), row % 256, np.uint8), f"/data/{row}.png") for row in rows]


@pytest.fixture
def background(qtbot) -> Iterator[Background]:
    jobs = Background()
    yield jobs
    jobs.shut_down()


@pytest.fixture
def grid(qtbot, background) -> ImageGrid:
    view = ImageGrid("imageGallery", ImageListModel(), background)
    qtbot.addWidget(view)
    view.resize(600, 400)
    view.show()
    return view


def all_read(grid: ImageGrid) -> bool:
    return not grid.images.missing(grid.visible_rows())


def test_that_the_model_keeps_qts_rules(qtmodeltester):
    model = ImageListModel()
    model.set_items(NumberedImages(5))
    qtmodeltester.check(model)
    model.set_images([np.zeros((4, 4), np.uint8)] * 3, ["a", "b", "c"])
    qtmodeltester.check(model)


def test_that_only_images_in_sight_are_read_in_another_thread(qtbot, grid):
    items = NumberedImages(100_000)
    grid.images.set_items(items)
    qtbot.waitUntil(lambda: all_read(grid))
    in_sight = set(grid.visible_rows())
    assert 10 < len(in_sight) < 60
    assert set(items.rows_read) == in_sight
    assert threading.main_thread() not in items.threads


def test_that_far_images_are_read_when_they_come_into_sight(qtbot, grid):
    items = NumberedImages(100_000)
    grid.images.set_items(items)
    bar = grid.verticalScrollBar()
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: 99_999 in items.rows_read and all_read(grid))
    assert grid.visible_rows()[-1] == 99_999
    assert len(items.rows_read) < 200
    assert grid.images.index(99_999).data(IMAGE_ROLE)[0, 0] == 99_999 % 256
    assert grid.images.index(50_000).data(IMAGE_ROLE) is None


def test_that_showing_and_resizing_take_no_time_that_grows_with_the_images(qtbot, grid):
    start = time.perf_counter()
    grid.images.set_items(NumberedImages(1_000_000))
    grid.resize(900, 400)
    grid.grab()
    assert time.perf_counter() - start < 0.5


def test_that_a_batch_out_of_sight_is_left(qtbot, background, grid):
    gate, items = threading.Event(), NumberedImages(10_000)
    read = items.read

    def slow_read(rows: Sequence[int]) -> list[ReadImage]:
        if 0 in rows:
            gate.wait(5)
        return read(rows)

    items.read = slow_read
    grid.images.set_items(items)
    qtbot.waitUntil(lambda: background.n_jobs == 1)
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: all_read(grid))
    gate.set()
    qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=30_000)
    assert grid.images.index(0).data(IMAGE_ROLE) is None


def test_that_images_which_cannot_be_read_are_asked_for_once_and_told(qtbot, grid):
    items = NumberedImages(5, broken=frozenset({3}))
    with qtbot.waitSignal(grid.failed) as told:
        grid.images.set_items(items)
    assert told.args[0].message == "the folder is gone"
    assert grid.images.index(3).data(FAILURE_ROLE) == "the folder is gone"
    assert grid.images.missing(range(5)) == []
    grid.viewport().update()
    qtbot.wait(60)
    assert items.rows_read == [0, 1, 2, 3, 4]


def test_that_images_in_memory_need_no_background(qtbot):
    view = ImageGrid("previewGrid", ImageListModel())
    qtbot.addWidget(view)
    view.images.set_images([np.full((4, 6, 3), 90, np.uint8)], ["original"], ["/data/a.png"])
    index = view.images.index(0)
    assert (index.data(), index.data(CORRECT_ROLE), index.data(IMAGE_ROLE).shape) == (
        "original",
        None,
        (4, 6, 3),
    )
    assert index.data(ORIGIN_ROLE) == "/data/a.png"
    with pytest.raises(ValueError, match="2 texts for 1 images"):
        view.images.set_images([np.zeros((4, 4), np.uint8)], ["a", "b"])


def test_that_new_images_of_the_same_number_leave_the_selection(qtbot):
    view = ImageGrid("previewGrid", ImageListModel())
    qtbot.addWidget(view)
    view.images.set_images([np.zeros((4, 4), np.uint8)] * 6)
    view.setCurrentIndex(view.images.index(4))
    view.images.set_images([np.full((4, 4), 7, np.uint8)] * 6)
    assert view.currentIndex().row() == 4
    assert view.images.index(4).data(IMAGE_ROLE)[0, 0] == 7


def test_that_large_images_are_kept_as_small_as_they_are_shown(qtbot, grid):
    items = NumberedImages(3, side=700)
    grid.set_side(100)
    grid.images.set_items(items)
    qtbot.waitUntil(lambda: all_read(grid))
    assert grid.images.index(0).data(IMAGE_ROLE).shape == (128, 128)
    grid.set_side(200)
    qtbot.waitUntil(lambda: all_read(grid))
    assert grid.images.index(0).data(IMAGE_ROLE).shape == (256, 256)


def test_that_arrows_move_through_lines_and_enter_opens(qtbot, grid):
    grid.images.set_items(NumberedImages(100))
    opened = []
    grid.opened.connect(opened.append)
    grid.setCurrentIndex(grid.images.index(0))
    for key in (Qt.Key_Right, Qt.Key_Down, Qt.Key_Left, Qt.Key_Return):
        qtbot.keyClick(grid, key)
    qtbot.keyClick(grid, Qt.Key_End)
    qtbot.keyClick(grid, Qt.Key_Down)
    qtbot.keyClick(grid, Qt.Key_Enter)
    assert opened == [grid.per_line(), 99]
    assert grid.visualRect(grid.images.index(99)).bottom() < grid.viewport().height()


def test_that_a_click_selects_and_a_double_click_opens_the_image_under_the_mouse(qtbot, grid):
    grid.images.set_items(NumberedImages(100))
    opened = []
    grid.opened.connect(opened.append)
    place = grid.visualRect(grid.images.index(grid.per_line() + 2)).center()
    qtbot.mouseClick(grid.viewport(), Qt.LeftButton, pos=place)
    assert [index.row() for index in grid.selectedIndexes()] == [grid.per_line() + 2]
    qtbot.mouseDClick(grid.viewport(), Qt.LeftButton, pos=place)
    assert opened == [grid.per_line() + 2]
    assert not grid.indexAt(QPoint(1, 1)).isValid()


def test_that_a_line_with_shift_selects_what_lies_between(qtbot, grid):
    grid.images.set_items(NumberedImages(100))
    qtbot.mouseClick(grid.viewport(), Qt.LeftButton, pos=grid.visualRect(grid.images.index(1)).center())
    end = grid.visualRect(grid.images.index(3)).center()
    qtbot.mouseClick(grid.viewport(), Qt.LeftButton, Qt.ShiftModifier, pos=end)
    assert sorted(index.row() for index in grid.selectedIndexes()) == [1, 2, 3]


def test_that_copying_takes_the_original_and_its_origin(qtbot, background, grid):
    grid.images.set_items(NumberedImages(9, side=300))
    grid.setCurrentIndex(grid.images.index(5))
    clipboard = QApplication.clipboard()
    clipboard.clear()
    qtbot.keyClick(grid, Qt.Key_C, Qt.ControlModifier)
    qtbot.waitUntil(lambda: clipboard.text() == "/data/5.png")
    assert clipboard.image().width() == 300
    qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=30_000)


def test_that_frames_tell_correct_from_wrong(qtbot, grid):
    grid.images.set_items(NumberedImages(2))
    qtbot.waitUntil(lambda: all_read(grid))
    picture = grid.viewport().grab().toImage()
    for row, color in ((0, current_theme().correct), (1, current_theme().wrong)):
        place = grid.visualRect(grid.images.index(row)).topLeft() + QPoint(5, 20)
        assert picture.pixelColor(place) == QColor(color)


def test_that_the_first_image_in_sight_stays_when_the_size_changes(qtbot, grid):
    grid.images.set_items(NumberedImages(1000))
    grid.scrollTo(grid.images.index(400), ImageGrid.PositionAtTop)
    first = grid.visible_rows()[0]
    grid.set_side(200)
    assert first in grid.visible_rows()


def test_that_selecting_all_is_quick(qtbot, grid):
    grid.images.set_items(NumberedImages(100_000))
    start = time.perf_counter()
    grid.selectAll()
    grid.grab()
    assert grid.selectionModel().isSelected(grid.images.index(99_999))
    grid.selectionModel().clear()
    grid.selectionModel().select(grid.images.index(0), QItemSelectionModel.Select)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("shape", [(2, 4), (2, 4, 1), (2, 4, 3)])
def test_that_enlarged_pixels_stay_visible(qapp, shape, rng):
    image = rng.integers(0, 256, shape, dtype=np.uint8)
    pixmap = to_pixmap(image, 40, ratio=2)
    assert (pixmap.width(), pixmap.height(), pixmap.devicePixelRatio()) == (80, 40, 2)
    picture = pixmap.toImage()
    for y in range(40):
        for x in range(80):
            expected = image[y // 20, x // 20]
            got = picture.pixelColor(x, y)
            assert (got.red(), got.green(), got.blue()) == tuple(np.broadcast_to(expected, 3))


def test_that_larger_images_are_averaged(qapp):
    image = np.zeros((100, 100), np.uint8)
    image[::2] = 200
    assert to_pixmap(image, 50, ratio=1).toImage().pixelColor(20, 20).red() == 100


def test_that_pixels_of_other_types_are_refused(qapp):
    with pytest.raises(ValueError, match="expected uint8"):
        to_image(np.zeros((3, 3), np.float32))


def test_that_space_opens_and_ctrl_space_selects(qtbot, grid):
    grid.images.set_items(NumberedImages(9))
    opened = []
    grid.opened.connect(opened.append)
    grid.setCurrentIndex(grid.images.index(2))
    qtbot.keyClick(grid, Qt.Key_Space)
    assert opened == [2]
    qtbot.keyClick(grid, Qt.Key_Space, Qt.ControlModifier)
    assert opened == [2]
    assert grid.selected_rows().tolist() == []


def test_that_the_selected_rows_are_told_in_order(qtbot, grid):
    grid.images.set_items(NumberedImages(100_000))
    assert grid.selected_rows().tolist() == []
    for row in (7, 3, 4):
        grid.selectionModel().select(grid.images.index(row), QItemSelectionModel.Select)
    assert grid.selected_rows().tolist() == [3, 4, 7]
    qtbot.keyClick(grid, Qt.Key_A, Qt.ControlModifier)
    np.testing.assert_array_equal(grid.selected_rows(), np.arange(100_000))


@pytest.mark.parametrize(
    ("caption", "lines"),
    [
        ("cat 0.87", ("cat 0.87",)),
        ("cat → dog 0.87", ("cat", "→ dog 0.87")),
        ("automobile → cat 0.67", ("automobile", "→ cat 0.67")),
    ],
)
def test_that_a_caption_has_two_lines_at_most(caption, lines):
    assert caption_lines(caption) == lines


def test_that_a_number_is_never_shortened(qapp):
    metrics = qapp.fontMetrics()
    width = metrics.horizontalAdvance("→ bi…le 0.55")
    assert shortened("→ airplane 0.55", metrics, 1000) == "→ airplane 0.55"
    short = shortened("→ airplane 0.55", metrics, width)
    assert short.endswith(" 0.55")
    assert "…" in short
    assert metrics.horizontalAdvance(short) <= width
    assert shortened("a long name of a class", metrics, width).endswith("ss")
    assert "…" in shortened("a long name of a class", metrics, width)


def test_that_new_captions_keep_the_images(qtbot, grid):
    items = NumberedImages(5)
    grid.images.set_items(items)
    qtbot.waitUntil(lambda: all_read(grid))
    n_read = len(items.rows_read)
    items.caption = lambda row: f"other {row}"
    with qtbot.waitSignal(grid.images.dataChanged):
        grid.images.captions_changed()
    assert grid.images.index(1).data() == "other 1"
    qtbot.wait(60)
    assert len(items.rows_read) == n_read


def test_that_a_mark_stands_over_the_foot_of_the_image_and_the_caption_stays_whole(qtbot, grid):
    def picture(caption: str) -> QImage:
        grid.images.set_images([np.zeros((20, 20), np.uint8)], [caption])
        qtbot.wait(1)
        return grid.viewport().grab().toImage()

    plain, marked = picture("automobile → cat 0.67"), picture("automobile → cat 0.67\nrelabelled: automobile → cat")
    cell = grid.visualRect(grid.images.index(0))
    accent = QColor(current_theme().accent)
    y = cell.top() + grid.side // 2 + 4 + grid.side // 2
    assert marked.pixelColor(cell.left() + 9, y) == accent
    assert plain.pixelColor(cell.left() + 9, y) != accent
    caption = QRect(cell.left(), y + 8, cell.width(), cell.bottom() - y - 8)
    assert marked.copy(caption) == plain.copy(caption)
