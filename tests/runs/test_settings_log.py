from pathlib import Path

import pytest

from aid_desktop.errors import AidError, RunError
from aid_desktop.runs.settings_log import Revision, append_revision, read_revisions
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import TrainingSettings

SETTINGS = (
    TrainingSettings(),
    TrainingSettings(
        AugmentationSettings(contrast=(0.5, 2), brightness_add=(-3, 4), horizontal_flip=True),
        HyperParameters(class_weights={"b": 2, "ä": 0.5}, dropout=(0.1, 0.2), optimizer="lion"),
    ),
    TrainingSettings(hyperparameters=HyperParameters(class_weights="balanced")),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "settings.jsonl"
    for revision, settings in enumerate(SETTINGS):
        append_revision(path, Revision.now(revision, 10 * revision, settings))
    return path


def test_that_revisions_are_read_as_they_were_appended(path: Path) -> None:
    revisions = read_revisions(path)
    assert tuple(item.settings for item in revisions) == SETTINGS
    assert [(item.revision, item.epoch) for item in revisions] == [(0, 0), (1, 10), (2, 20)]
    assert all(item.time.endswith("+00:00") for item in revisions)
    assert len(path.read_bytes().splitlines()) == 3


def test_that_a_line_cut_short_by_a_crash_is_left_out(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])
    assert len(read_revisions(path)) == 2


def test_that_no_file_means_no_revisions(tmp_path: Path) -> None:
    assert read_revisions(tmp_path / "settings.jsonl") == ()


@pytest.mark.parametrize("line", ["{", "[]", "3", "{}", '{"settings": 3}', ""])
def test_that_a_broken_line_is_named(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    with pytest.raises(RunError, match=r"settings\.jsonl, line 4 cannot be read"):
        read_revisions(path)


def test_that_settings_of_another_version_are_a_known_error(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for changed in (text.replace('"rotation": 0.0', '"rotation": 999'), text.replace('"rotation"', '"twist"')):
        path.write_text(changed, encoding="utf-8")
        with pytest.raises(AidError):
            read_revisions(path)


def test_that_what_is_no_text_or_no_file_is_a_run_error(tmp_path: Path) -> None:
    (tmp_path / "settings.jsonl").write_bytes(b"\xff\xff\n")
    for path in (tmp_path / "settings.jsonl", tmp_path):
        with pytest.raises(RunError, match="cannot be read"):
            read_revisions(path)
