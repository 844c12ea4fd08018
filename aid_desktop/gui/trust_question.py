"""Asks whether code in a model is trusted, wherever a user picks one."""

from collections.abc import Callable
from functools import partial

from PyQt5.QtWidgets import QWidget

from aid_desktop.gui.background import Failure
from aid_desktop.gui.question import Question, ask
from aid_desktop.models.trust import UntrustedCodeError, trust_code


def or_ask_for_trust(
    on_failed: Callable[[Failure], None], again: Callable[[], None], parent: QWidget
) -> Callable[[Failure], None]:
    """Return a handler of failures: `on_failed`, but for code in a model, of which it asks over `parent` first.

    If the code is trusted, `again` repeats what has failed; else `on_failed` tells of it.
    """

    def handle(failure: Failure) -> None:
        if isinstance(failure.error, UntrustedCodeError):
            on_yes = partial(_trust, failure.error, again, on_failed)
            ask(question_of(failure.error), on_yes, parent, partial(on_failed, failure))
            return
        on_failed(failure)

    return handle


def _trust(error: UntrustedCodeError, again: Callable[[], None], on_failed: Callable[[Failure], None]) -> None:
    try:
        trust_code(error.path)
    except OSError as failed:
        on_failed(Failure(f"That {error.path.name} is trusted cannot be remembered: {failed.strerror}."))
        return
    again()


def question_of(error: UntrustedCodeError) -> Question:
    """Return what is asked before code in a model runs."""
    return Question(
        "trustDialog",
        "Code in a model",
        f"{error.path.name} holds code of the program that made it ({', '.join(error.layers)}).",
        "Such code could read, change or send anything on this computer. Run it only if you know who made this file "
        "and trust them; the answer is remembered for this model.",
        ("Trust and run it", "trustButton"),
        ("Do not use it", "doNotTrustButton"),
    )
