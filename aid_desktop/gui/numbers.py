"""Numbers as people read them."""


def grouped(number: int) -> str:
    """Return a whole number with thin spaces between its thousands."""
    return f"{number:,}".replace(",", "\N{THIN SPACE}")
