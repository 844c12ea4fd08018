from collections.abc import Iterator

import pytest

from aid_desktop.gui.background import Background
from aid_desktop.gui.notifier import Notifier


@pytest.fixture
def background(qapp: object) -> Iterator[Background]:
    background = Background()
    yield background
    background.shut_down()


@pytest.fixture
def notifier(qapp: object) -> Notifier:
    return Notifier()
