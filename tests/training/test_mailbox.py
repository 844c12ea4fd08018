import threading
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.mailbox import SettingsMailbox, Stamped


def settings(number: int) -> TrainingSettings:
    return TrainingSettings(hyperparameters=HyperParameters(epochs=number + 1))


@given(actions=st.lists(st.none() | st.integers(0, 99), max_size=30), first=st.integers(0, 5))
def test_that_the_latest_post_wins_and_revisions_count_every_post(actions: list[int | None], first: int) -> None:
    mailbox = SettingsMailbox(first)
    waiting: Stamped | None = None
    revision = first
    for action in actions:
        if action is None:
            assert mailbox.take() == waiting
            waiting = None
        else:
            revision += 1
            assert mailbox.post(settings(action)) == revision
            waiting = Stamped(revision, settings(action))
    assert mailbox.take() == waiting
    assert mailbox.take() is None


def test_that_a_resumed_run_counts_on_and_never_back() -> None:
    mailbox = SettingsMailbox()
    mailbox.start_after(4)
    assert mailbox.post(settings(0)) == 5
    mailbox.start_after(2)
    assert mailbox.post(settings(0)) == 6


def test_that_a_post_that_waits_for_a_resumed_run_is_numbered_after_its_revisions() -> None:
    mailbox = SettingsMailbox()
    mailbox.post(settings(3))
    mailbox.start_after(4)
    assert mailbox.take() == Stamped(5, settings(3))
    assert mailbox.post(settings(0)) == 6


def test_that_threads_posting_at_once_lose_no_revision_and_the_last_post_is_taken() -> None:
    mailbox = SettingsMailbox()
    given_out: list[list[int]] = [[] for _ in range(4)]
    taken: list[Stamped] = []
    done = threading.Event()

    def post(numbers: list[int]) -> None:
        numbers.extend(mailbox.post(settings(i)) for i in range(300))

    def take() -> None:
        while not done.is_set():
            if stamped := mailbox.take():
                taken.append(stamped)

    reader = threading.Thread(target=take)
    writers = [threading.Thread(target=post, args=(numbers,)) for numbers in given_out]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    taken.extend(filter(None, [mailbox.take()]))
    assert sorted(number for numbers in given_out for number in numbers) == list(range(1, 1201))
    assert all(one.revision < other.revision for one, other in pairwise(taken))
    assert taken[-1].revision == 1200


def test_that_the_loop_can_number_its_own_changes_before_what_waits() -> None:
    box = SettingsMailbox()
    assert box.next_revision() == 1
    assert box.post(TrainingSettings()) == 2
    assert box.next_revision() == 2
    waiting = box.take()
    assert waiting is not None
    assert waiting.revision == 3
    assert box.post(TrainingSettings()) == 4
