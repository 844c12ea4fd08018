"""The end of a name that was asked for: added, and never at the cost of a file that nobody was asked about."""

from collections.abc import Callable
from pathlib import Path

from PyQt5.QtWidgets import QWidget

from aid_desktop.gui.question import Question, ask


def save_as(name: str, suffix: str, save: Callable[[Path], None], parent: QWidget) -> None:
    """Call `save` with a name from a file dialog; where `suffix` is missing it is added ("lenet_0.95" has none).

    Qt asked about the name as it was typed: if there is a file with the longer name, `parent` asks first.
    """
    path = Path(name)
    if path.name.lower().endswith(suffix):
        save(path)
        return
    path = path.with_name(path.name + suffix)
    if not path.exists():
        save(path)
        return
    answers = ("Replace", "replaceYes"), ("Cancel", "replaceNo")
    question = Question("replaceQuestion", "Replace?", f"Replace {path.name}?", f"There is a file {path}.", *answers)
    ask(question, lambda: save(path), parent)
