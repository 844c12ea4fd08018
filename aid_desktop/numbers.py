"""Numbers as people read them, in the window, on the command line and in reports."""

GB = 10**9
"""Bytes of what people call a GB of a disk."""


def grouped(number: int) -> str:
    """Return a whole number with its thousands apart, such as 12 345: with spaces at which no line is broken."""
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")


def megabytes(n_bytes: int) -> str:
    """Return a size in MB (10⁶ bytes), with two significant digits at least."""
    size = n_bytes / 1e6
    return f"{size:.2g} MB" if size < 10 else f"{grouped(round(size))} MB"
