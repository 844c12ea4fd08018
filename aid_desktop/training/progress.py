"""How long a run will still take."""

import statistics
from collections.abc import Sequence

_N_RECENT = 10


def remaining_seconds(epoch_seconds: Sequence[float], n_epochs_left: int) -> float | None:
    """Estimate from the median of the last ten epochs, which one slow epoch does not upset; None before the first."""
    if not epoch_seconds:
        return None
    return statistics.median(epoch_seconds[-_N_RECENT:]) * max(0, n_epochs_left)


def rough_duration(seconds: float) -> str:
    """Return one number and its unit: `0.1 s`, `40 s`, `12 min`, `3.5 h`, `4 days`."""
    # So that many short epochs make what is told of the whole.
    if seconds < 0.95:
        return f"{max(0.1, seconds):.1f} s"
    if seconds < 99.5:
        return f"{round(seconds)} s"
    if seconds < 99.5 * 60:
        return f"{round(seconds / 60)} min"
    hours = seconds / 3600
    return f"{hours:.1f}".removesuffix(".0") + " h" if hours < 48 else f"{round(hours / 24)} days"


def duration_text(seconds: float) -> str:
    """Return minutes and seconds, with hours if there are any: `02:07`, `1:02:07`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
