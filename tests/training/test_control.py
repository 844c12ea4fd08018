import threading

from aid_desktop.training.control import RunControl


def waits(control: RunControl) -> bool:
    """Return whether the control holds a thread back."""
    thread = threading.Thread(target=control.wait_if_paused, daemon=True)
    thread.start()
    thread.join(0.05)
    return thread.is_alive()


def test_that_a_new_run_neither_waits_nor_stops() -> None:
    control = RunControl()
    assert not control.stop_requested
    assert not control.paused
    assert not control.take_keep_model()
    assert not waits(control)


def test_that_pause_holds_and_resume_lets_go() -> None:
    control = RunControl()
    control.pause()
    assert control.paused
    thread = threading.Thread(target=control.wait_if_paused, daemon=True)
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    control.resume()
    thread.join(2)
    assert not thread.is_alive()
    assert not control.paused


def test_that_stop_ends_a_paused_run_and_is_never_forgotten() -> None:
    control = RunControl()
    control.pause()
    control.stop()
    assert control.stop_requested
    assert not waits(control)
    control.pause()
    assert not control.paused
    assert not waits(control)
    control.resume()
    assert control.stop_requested


def test_that_a_request_to_keep_the_model_is_taken_once() -> None:
    control = RunControl()
    control.keep_model()
    control.keep_model()
    assert control.take_keep_model()
    assert not control.take_keep_model()


def test_that_a_request_for_the_table_is_taken_once() -> None:
    control = RunControl()
    assert not control.take_write_meta()
    control.write_meta()
    assert control.take_write_meta()
    assert not control.take_write_meta()
