"""Names of widgets: one for tests and scripts, one for people who hear the window, and a tooltip."""

from PyQt5.QtWidgets import QPushButton, QWidget

from aid_desktop.gui.theme import icon


def name_widget(widget: QWidget, name: str, title: str, tip: str) -> None:
    """Set object name, accessible name and tooltip."""
    widget.setObjectName(name)
    widget.setAccessibleName(title)
    widget.setToolTip(tip)


def named_button(parent: QWidget, text: str, name: str, tip: str, picture: str = "") -> QPushButton:
    """Return a button that Enter presses only when it has the focus; `picture` is the name of an icon."""
    button = QPushButton(text, parent)
    if picture:
        button.setIcon(icon(picture))
    button.setAutoDefault(False)
    name_widget(button, name, text.strip("&…"), tip)
    return button
