"""Keep the system from going to sleep while a run goes on."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


@contextmanager
def kept_awake() -> Iterator[None]:
    """Inhibit sleep, not the screen saver, within the block; where the system does not offer that, only log it."""
    from wakepy import keep

    with keep.running(on_fail="pass") as mode:
        if mode.active:
            logger.info("the system does not go to sleep while the run goes on (%s)", mode.active_method)
        else:
            logger.info("the system may go to sleep while the run goes on: nothing here can prevent that")
        yield
