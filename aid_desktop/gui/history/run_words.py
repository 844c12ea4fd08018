"""The settings of a run in words, for the table that compares runs."""

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence

from aid_desktop.gui.widgets.field_editor import value_text
from aid_desktop.runs.aideveloper_columns import NOT_TAKEN, key
from aid_desktop.runs.aideveloper_history import AideveloperHistory
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig
from aid_desktop.runs.run_comparison import words_over_time
from aid_desktop.runs.settings_log import Revision
from aid_desktop.settings.field import SettingsSection, field_infos
from aid_desktop.settings.snapshot import TrainingSettings

Words = Mapping[str, str]
"""The words of settings by their label."""

_DIGITS = 6


def words_of_revisions(revisions: Sequence[Revision]) -> Words:
    """Return the words of all settings that can change in a run; of one that has, all that it has been in turn."""
    states = [_training_words(revision.settings) for revision in revisions]
    return {label: words_over_time(state[label] for state in states) for label in (states[0] if states else ())}


def words_of_config(config: RunConfig) -> Words:
    """Return the words of what a run of ours keeps from its start."""
    split = config.split
    return {
        **_model_words(config.model),
        **_section_words(config.image),
        **_section_words(config.device),
        "Seed": str(config.seed),
        "Data": _data_words(config.data),
        "Validation images": "rows of their own" if split is None else f"{split.validation_fraction:g} held out",
        "Fold": f"{split.fold + 1} of {split.folds}" if split is not None and split.folds else "none",
    }


def words_of_aideveloper(run: AideveloperHistory) -> Words:
    """Return the words of what a run of AIDeveloper keeps from its start, and of what only AIDeveloper has."""
    if run.settings is None:
        return {}
    words = {"Network": run.settings.model.name, **_section_words(run.settings.image)}
    for name in map(key, NOT_TAKEN):
        told = words_over_time(row.get(name, "") for row in run.others)
        if told:
            words[name] = told
    return words


def _training_words(settings: TrainingSettings) -> dict[str, str]:
    words: dict[str, str] = {}
    for section in settings.sections:
        for label, text in _section_words(section).items():
            words[f"{label} ({section.SECTION})" if label in words else label] = text
    return words


def _section_words(section: SettingsSection) -> dict[str, str]:
    return {info.label: value_text(info, getattr(section, name)) for name, info in field_infos(type(section)).items()}


def _model_words(model: ModelChoice) -> dict[str, str]:
    if model.start_from is not None:
        begins = "its architecture alone" if model.mode == "restart" else "its weights"
    else:
        begins = str(model.weights or "as the architecture has it")
    return {"Network": model.name, "Begins with": begins}


def _data_words(rows: Iterable[DataRow]) -> str:
    """Return how many rows there are, and a few digits that differ where the rows do."""
    known = [dataclasses.replace(row, path=row.path.absolute()) if row.digest is None else row for row in rows]
    told = [
        (
            row.digest or str(row.path),
            row.class_name,
            str(row.role),
            row.images_per_epoch,
            row.shuffle,
            row.zoom,
            row.part,
            row.images,
        )
        for row in known
    ]
    digest = hashlib.sha256(repr(sorted(map(repr, told))).encode()).hexdigest()
    return f"{len(told)} rows, {digest[:_DIGITS]}"
