"""Numbers as people read them."""


def grouped(number: int) -> str:
    """Return a whole number with thin spaces between its thousands."""
    return f"{number:,}".replace(",", "\N{THIN SPACE}")


def megabytes(n_bytes: int) -> str:
    """Return a size in MB (10⁶ bytes), with two significant digits at least."""
    size = n_bytes / 1e6
    return f"{size:.2g} MB" if size < 10 else f"{grouped(round(size))} MB"
