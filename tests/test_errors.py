"""Errors as they come back from other processes."""

import pickle

from aid_desktop.errors import SettingsError


def test_that_an_error_of_a_setting_comes_back_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(SettingsError("augmentation.rotation", "got -1, expected 0 to 180")))
    assert (error.field, error.message) == ("augmentation.rotation", "got -1, expected 0 to 180")
    assert str(error) == "augmentation.rotation: got -1, expected 0 to 180"
