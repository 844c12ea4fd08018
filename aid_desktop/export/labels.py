"""The class names beside, or within, an exported file: a line each, in the order of its outputs."""

from collections.abc import Sequence

LABELS_NAME = "labels.txt"


def labels_text(class_names: Sequence[str]) -> str:
    """Return the content of the file."""
    return "".join(f"{name}\n" for name in class_names)
