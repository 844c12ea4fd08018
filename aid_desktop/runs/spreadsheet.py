"""Text in cells of .xlsx files."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet


def text_cell(sheet: "WriteOnlyWorksheet", text: str) -> "str | Cell":
    """Return what a write-only sheet must be given to show `text` as it is.

    openpyxl takes a text that begins with = or # for a formula or an error value. Signs that XML does not allow are
    the caller's business.
    """
    from openpyxl.cell import WriteOnlyCell

    if not text.startswith(("=", "#")):
        return text
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    return cell
