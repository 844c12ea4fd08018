"""The confusion matrix as a picture."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aid_desktop.evaluation.confusion import ConfusionMatrix

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont

    Font = FreeTypeFont | ImageFont

# Blue and orange stay apart for colour-blind readers and in print.
CORRECT = np.array([24, 95, 170])
WRONG = np.array([240, 130, 30])
BACKGROUND = (255, 255, 255)
INK = (25, 28, 33)
FAINT = (95, 100, 110)
LINE = (205, 208, 214)
MARGIN = 14
TEXT_SIZE = 15
SMALL_SIZE = 12
LABEL_LIMIT = 190  # pixels, longest name of a class
NOTE_LIMIT = 400  # pixels, unless the matrix is wider
LARGEST_SIDE = 3000  # pixels, of the matrix of a thousand classes
NUMBERED_CLASSES = 40  # with more, numbers are left out and cells are small
MISSING = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class _Fonts:
    text: "Font"
    small: "Font"


def draw_confusion_matrix(matrix: ConfusionMatrix, note: str = "") -> "Image":
    """Draw counts and shares of the row on white, blue where correct and orange where wrong.

    The stronger the colour, the larger the share. Names that the built-in font cannot draw become
    "class i", with a line below that says so. `note` stands above the matrix. With more than 40 classes
    the cells have no numbers. Returns an RGB picture.
    """
    from PIL import Image, ImageDraw, ImageFont

    fonts = _Fonts(ImageFont.load_default(TEXT_SIZE), ImageFont.load_default(SMALL_SIZE))
    labels, replaced = _labels(matrix.class_names, fonts.text)
    cell = _cell_side(matrix, fonts)
    named = cell >= TEXT_SIZE + 3
    longest = int(max(fonts.text.getlength(label) for label in labels)) if named else 0
    left = MARGIN + TEXT_SIZE + 10 + longest + 8
    top = MARGIN + 3 * (TEXT_SIZE + 8) + longest + 8
    side = cell * len(labels)
    lines = [note, f"{matrix.n} images, accuracy {matrix.accuracy:.4f}; % of each row"]
    limit = max(left + side, NOTE_LIMIT) - MARGIN
    lines = [_shortened(line, fonts.small, limit) for line in lines if line and _drawable(line, fonts.small)]
    below = "Names that this font lacks are in report.html" if replaced else ""
    width = max(left + side, *(int(MARGIN + fonts.small.getlength(line)) for line in [*lines, below])) + MARGIN
    picture = Image.new("RGB", (width, top + side + (TEXT_SIZE + 8 if replaced else 0) + MARGIN), BACKGROUND)
    colours = Image.fromarray(_colours(matrix))
    picture.paste(colours.resize((side, side), Image.Resampling.NEAREST), (left, top))
    pen = ImageDraw.Draw(picture)
    for row, line in enumerate(lines):
        pen.text((MARGIN, MARGIN + row * (TEXT_SIZE + 5)), line, FAINT, fonts.small)
    pen.text((MARGIN, top + side + 8), below, FAINT, fonts.small)
    pen.text((left, MARGIN + 2 * (TEXT_SIZE + 6)), "predicted", INK, fonts.text)
    _draw_upright(picture, (MARGIN, top), "actual", fonts.text, align_bottom=False)
    for position, label in enumerate(labels if named else []):
        middle = position * cell + cell // 2
        pen.text((left - 8, top + middle), label, INK, fonts.text, anchor="rm")
        _draw_upright(picture, (left + middle - TEXT_SIZE // 2, top - 8), label, fonts.text, align_bottom=True)
    if named:
        _draw_cells(picture, (left, top), cell, matrix, fonts)
    pen.rectangle((left, top, left + side, top + side), outline=LINE)
    return picture


def _labels(names: tuple[str, ...], font: "Font") -> tuple[list[str], bool]:
    """Return one short drawable text per class, and whether a name had to be replaced."""
    labels, replaced = [], False
    for number, name in enumerate(names):
        label = " ".join(name.split())
        if not label or not _drawable(label, font):
            label, replaced = f"class {number}", True
        labels.append(_shortened(label, font, LABEL_LIMIT))
    return labels, replaced


def _shortened(text: str, font: "Font", limit: int) -> str:
    """Return the start of a text that is at most `limit` pixels long."""
    if font.getlength(text) <= limit:
        return text
    fitting = bisect_right(range(len(text)), float(limit), key=lambda n: font.getlength(text[:n] + ".."))
    return text[: fitting - 1] + ".."


def _drawable(text: str, font: "Font") -> bool:
    missing = bytes(font.getmask(MISSING))
    return text.isprintable() and all(sign == " " or bytes(font.getmask(sign)) != missing for sign in set(text))


def _cell_side(matrix: ConfusionMatrix, fonts: _Fonts) -> int:
    n_classes = len(matrix.class_names)
    if n_classes > NUMBERED_CLASSES:
        return max(1, min(TEXT_SIZE + 4, LARGEST_SIDE // n_classes))
    widest = int(fonts.text.getlength(str(matrix.counts.max())))
    return max(widest + 14, 72 if n_classes <= 10 else 48)


def _colours(matrix: ConfusionMatrix) -> NDArray[np.uint8]:
    """Return the colour of each cell, (C, C, 3)."""
    share = np.nan_to_num(matrix.by_row())[..., None]
    full = np.where(np.eye(len(matrix.class_names), dtype=np.bool_)[..., None], CORRECT, WRONG)
    # A single wrong image among thousands must still be seen: the colour starts at a twelfth.
    strength = np.where(share > 0, 1 / 12 + share * 11 / 12, 0)
    colours: NDArray[np.uint8] = np.rint(255 + (full - 255) * strength).astype(np.uint8)
    return colours


def _draw_cells(picture: "Image", corner: tuple[int, int], cell: int, matrix: ConfusionMatrix, fonts: _Fonts) -> None:
    from PIL import ImageDraw

    pen = ImageDraw.Draw(picture)
    left, top = corner
    n_classes = len(matrix.class_names)
    for position in range(n_classes + 1):
        offset = position * cell
        pen.line((left, top + offset, left + n_classes * cell, top + offset), LINE)
        pen.line((left + offset, top, left + offset, top + n_classes * cell), LINE)
    if n_classes > NUMBERED_CLASSES:
        return
    shares = matrix.by_row()
    for row, column in np.ndindex(n_classes, n_classes):
        middle = left + column * cell + cell // 2, top + row * cell + cell // 2
        share = shares[row, column]
        # Where white is easier to read on the blue than black; the orange is always light enough for black.
        ink = BACKGROUND if row == column and share > 0.8 else INK
        pen.text((middle[0], middle[1] - 8), str(matrix.counts[row, column]), ink, fonts.text, anchor="mm")
        if not np.isnan(share):
            pen.text((middle[0], middle[1] + 10), f"{share:.1%}", ink, fonts.small, anchor="mm")


def _draw_upright(picture: "Image", place: tuple[int, int], text: str, font: "Font", *, align_bottom: bool) -> None:
    """Draw text from bottom to top; `place` is its top left or, aligned to the bottom, bottom left."""
    from PIL import Image, ImageDraw

    length = int(font.getlength(text)) + 2
    strip = Image.new("L", (length, TEXT_SIZE + 4), 0)
    ImageDraw.Draw(strip).text((1, 0), text, 255, font)
    mask = strip.rotate(90, expand=True)
    x, y = place
    picture.paste(INK, (x, y - length if align_bottom else y), mask)
