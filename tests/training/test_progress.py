import pytest

from aid_desktop.training.progress import duration_text, remaining_seconds, rough_duration


def test_that_nothing_is_estimated_before_the_first_epoch() -> None:
    assert remaining_seconds([], 10) is None


def test_that_one_slow_epoch_does_not_upset_the_estimate() -> None:
    assert remaining_seconds([30.0, 2.0, 2.0, 2.0], 5) == 10.0


def test_that_only_the_last_ten_epochs_count() -> None:
    assert remaining_seconds([100.0] * 50 + [1.0] * 10, 3) == 3.0


def test_that_nothing_is_left_when_epochs_were_lowered() -> None:
    assert remaining_seconds([1.0], -3) == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "00:00"),
        (0.4, "00:00"),
        (59.6, "01:00"),
        (127, "02:07"),
        (3600, "1:00:00"),
        (3727, "1:02:07"),
        (360000, "100:00:00"),
    ],
)
def test_that_durations_are_minutes_and_seconds(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.01, "0.1 s"),
        (0.2, "0.2 s"),
        (0.95, "1 s"),
        (40.4, "40 s"),
        (99.6, "2 min"),
        (720, "12 min"),
        (3.5 * 3600, "3.5 h"),
        (7200, "2 h"),
        (4e5, "5 days"),
    ],
)
def test_that_a_rough_duration_is_one_number(seconds: float, text: str) -> None:
    assert rough_duration(seconds) == text
