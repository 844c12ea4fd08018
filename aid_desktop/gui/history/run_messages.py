"""What the History tab tells of the runs that it was asked to show."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from aid_desktop.gui.background import Failure
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence

_NOT_A_RUN = (
    "{} is no run: choose the folder that training has written, the folder of a series, a …_meta.xlsx of AIDeveloper, "
    "or a history.csv"
)
_MOST_NAMED = 5


class RunMessages(MessageStrip):
    """Tells what could not be read, and what is no run; it goes when another run is opened."""

    _skipped: Sequence[Path] = ()

    def tell_no_run(self, path: Path) -> None:
        """Say that there is no run at a path."""
        self.clear()
        self.add(Note(Level.ERROR, _NOT_A_RUN.format(path)))

    def skip(self, paths: Sequence[Path]) -> None:
        """Remember what is no run beside others that are, until the one to look at is there."""
        self._skipped = tuple(paths)

    def begin(self) -> None:
        """Take away what was said of other runs, and say what was skipped beside the one that is opened."""
        self.clear()
        if self._skipped:
            names = ", ".join(path.name for path in self._skipped[:_MOST_NAMED])
            n_more = len(self._skipped) - _MOST_NAMED
            more = f" and {n_more} more" if n_more > 0 else ""
            self.add(Note(Level.WARNING, f"Left out, as there is no run in them: {names}{more}"))
        self._skipped = ()

    def tell_problems(self, problems: Iterable[str]) -> None:
        """Say what could not be read of a run."""
        for problem in problems:
            self.add(Note(Level.WARNING, problem))

    def tell_failure(self, failure: Failure, *, begins: bool) -> None:
        """Say why a run cannot be read at all; `begins` as `begin` does."""
        if begins:
            self.begin()
        self.add(Note(Level.ERROR, sentence(failure.message), failure.details))
