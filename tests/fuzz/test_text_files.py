"""Damaged files of text: sessions, runs, tables, gates, the user's model_zoo.py."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tomli_w

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.folders import FolderReader
from aid_desktop.data.formats import open_source
from aid_desktop.data.gate_files import POLY_SUFFIX, read_gates, write_gates
from aid_desktop.data.gates import AllOf, Axis, FeatureRange, PolygonGate, RangeGate, mask_of
from aid_desktop.data.scales import Scale
from aid_desktop.data.tables import read_table
from aid_desktop.evaluation.labelled import read_labels
from aid_desktop.models.zoo import list_architectures
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig, RunSettings
from aid_desktop.runs.folder import LastState, RunFolder, read_state, write_state
from aid_desktop.runs.held_out import HeldOut, read_held_out, write_held_out
from aid_desktop.runs.history import append_record, read_history
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.run_toml import read_run_toml, write_run_toml
from aid_desktop.runs.session import Session, read_session, write_session
from aid_desktop.runs.settings_log import Revision, append_revision, read_revisions
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.settings.split import SplitSettings

ZOO = Path(__file__).parents[2] / "model_zoo.py"
GATES = (
    PolygonGate("a", Axis("area_um", Scale.LOG), Axis("deform"), ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0)), True),
    RangeGate("b", (FeatureRange("deform", 0.0, float("inf")),)),
    AllOf("c", tuple(RangeGate(name, (FeatureRange("area_um", -1.0, 2.0),)) for name in "de")),
)


def test_that_damaged_sessions_are_opened_or_refused(tmp_path: Path, tiny_folders: Path, damage, fuzz) -> None:
    path = tmp_path / "a.aidsession"
    source = FolderReader.open(tiny_folders / "train" / "circle").source
    chosen = RunSettings(ImageSettings(), ModelChoice(architecture="LeNet5"), split=SplitSettings())
    rows = (ClassRow(source, 0, "circle", Role.TRAINING), ClassRow(source, 1, "square", Role.VALIDATION, 12))
    write_session(Session(ClassTable(rows), chosen), path)
    document = json.loads(path.read_text(encoding="utf-8"))
    # So that most damage is where most of the code is.
    alone = {key: document[key] for key in ("format", "version", "data", "seed", "model")}
    assert fuzz(read_session, path, damage.of_json(document, 300)) > 100
    assert fuzz(read_session, path, damage.of_json(alone, 300)) > 100


def test_that_damaged_run_files_are_read_or_refused(tmp_path: Path, damage, fuzz) -> None:
    path = tmp_path / "run.toml"
    data = (DataRow(tmp_path / "a", "a", Role.TRAINING, 0), DataRow(tmp_path / "b.rtdc", "b", Role.VALIDATION, 1, 5))
    hyperparameters = HyperParameters(class_weights={0: 2.0}, trainable={"dense": 0.5})
    training = TrainingSettings(hyperparameters=hyperparameters, images_per_epoch=(3, 4))
    model = ModelChoice(architecture="LeNet5")
    write_run_toml(RunConfig(ImageSettings(), model, training, SplitSettings(), data=data), path)
    document = tomllib.loads(path.read_text(encoding="utf-8"))

    def as_toml():
        for values in damage.of_values(document, 300):
            try:
                yield tomli_w.dumps(values).encode()
            except (TypeError, ValueError):
                # TOML has no null, for example.
                continue

    assert fuzz(read_run_toml, path, as_toml()) > 100
    assert fuzz(read_run_toml, path, damage.of_bytes(tomli_w.dumps(document).encode(), 200)) > 50


def test_that_damaged_histories_are_read_or_refused(tmp_path: Path, damage, fuzz) -> None:
    path = tmp_path / "history.csv"
    for epoch in range(5):
        metrics = (("loss", 0.5), ("accuracy", 0.5), ("val_loss", 1.0), ("val_accuracy", 0.25))
        append_record(path, EpochRecord(epoch, 0, 1e-3, metrics, 1.5, "models/best.keras" if epoch else None))

    def read(file: Path) -> None:
        history = read_history(file)
        history.best()
        history.best_saved()
        for name in history.columns:
            history.column(name)

    assert fuzz(read, path, damage.of_bytes(path.read_bytes(), 600)) > 100


def test_that_damaged_settings_of_a_run_are_read_or_refused(tmp_path: Path, damage, fuzz) -> None:
    path = tmp_path / "settings.jsonl"
    append_revision(path, Revision(0, 0, "2026-01-01T00:00:00+00:00", TrainingSettings(images_per_epoch=(2, 3))))
    line = json.loads(path.read_text(encoding="utf-8"))
    assert fuzz(read_revisions, path, (each + b"\n" for each in damage.of_json(line, 300))) > 50


def test_that_a_damaged_state_of_a_run_is_read_or_refused(tmp_path: Path, damage, fuzz) -> None:
    folder = RunFolder(tmp_path)
    write_state(folder, LastState(3, 1, False, (0.5,)))
    document = json.loads(folder.last_state.read_text(encoding="utf-8"))
    assert fuzz(lambda path: read_state(RunFolder(path.parent)), folder.last_state, damage.of_json(document, 200)) > 50


def test_that_damaged_lists_of_images_and_labels_are_read_or_refused(tmp_path: Path, damage, fuzz) -> None:
    held_out = tmp_path / "held_out.csv"
    write_held_out(HeldOut({("abc", ""): ("0", "1"), ("def", "x"): ("a.png",)}, held_out), held_out)
    assert fuzz(read_held_out, held_out, damage.of_bytes(held_out.read_bytes(), 200)) > 20
    labels = tmp_path / "a_labels.txt"
    assert fuzz(read_labels, labels, damage.of_bytes(b"0\n1\n1\n0\n", 200)) > 20
    table = tmp_path / "images.csv"
    text = b"path,class,split\na.png,cat,training\nb/c.png,dog,test\nd.png,cat,\n"
    assert fuzz(read_table, table, damage.of_bytes(text, 300)) > 20
    assert fuzz(open_source, table, damage.of_bytes(text, 100)) > 20


@pytest.mark.parametrize("suffix", [".json", POLY_SUFFIX])
def test_that_damaged_gates_are_read_or_refused(tmp_path: Path, suffix: str, damage, fuzz) -> None:
    path = tmp_path / f"gates{suffix}"
    write_gates(path, GATES if suffix == ".json" else (replace(GATES[0], x=Axis("area_um")),))
    content = path.read_bytes()
    assert fuzz(read_gates, path, damage.of_bytes(content, 300)) > 20
    if suffix == ".json":
        assert fuzz(_read_and_use, path, damage.of_json(json.loads(content), 300)) > 20


def _read_and_use(path: Path) -> None:
    columns = {name: np.linspace(-1, 3, 9) for name in ("area_um", "deform")}
    for gate in read_gates(path):
        if set(gate.features) <= set(columns):
            assert mask_of(gate, columns).shape == (9,)


def test_that_damaged_architectures_are_listed_or_refused_with_their_line(tmp_path: Path, damage, fuzz) -> None:
    path = tmp_path / "model_zoo.py"
    head = b"\n".join(ZOO.read_bytes().splitlines()[:120])
    assert fuzz(list_architectures, path, damage.of_bytes(head, 150)) > 20
