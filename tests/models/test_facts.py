"""The card of a network that brings none."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import ModelError
from aid_desktop.models import facts
from aid_desktop.models.facts import MissingFactsError, ModelFacts, NetworkShape, card_from_facts
from aid_desktop.runs.aideveloper_model import read_aideveloper_model
from aid_desktop.settings.image import ImageSettings

SHAPE = NetworkShape((12, 14, 1), 2)
SAID = ModelFacts(("cat", "dog"), "divide_by_255")
TRAINED = "StdScaling using mean and std of all training data"


def write_meta(path: Path, **changes: Any) -> None:
    """Write a table as AIDeveloper 0.4 does, or with the columns given."""
    parameters = {
        "aideveloper_version": "0.4.2", "chosen_model": "LeNet5", "input_image_size": 99, "color_mode": "RGB",
        "normalization": "Div. by 255", "paddingmode": "edge", "zoom_order": 0, **changes,
    }  # fmt: skip
    used = [{"rtdc_path": f"{name}.rtdc", "class": index, "TrainOrValid": "Train", "nr_events": 3, "zoom_factor": 1.5}
            for index, name in enumerate("ab")]  # fmt: skip
    history = [{"acc": 0.5, "val_acc": 0.25, "Saved": 1, "Time": 3.5}, {"acc": 0.75, "val_acc": 0.625, "Saved": 0}]
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name, rows in {"UsedData": used, "Parameters": [parameters], "History": history}.items():
        sheet = book.create_sheet(name)
        # The first column is pandas' index, which has no name.
        sheet.append([None, *rows[0]])
        for number, row in enumerate(rows):
            sheet.append([number, *row.values()])
    book.save(path)


def test_that_the_user_can_say_all_that_is_missing() -> None:
    card = card_from_facts(Path("net_7.h5"), SHAPE, SAID, "2.2.4")
    assert card.class_names == ("cat", "dog")
    assert card.image.input_shape == (12, 14, 1)
    assert (card.image.normalization, card.normalization.method) == ("divide_by_255", "divide_by_255")
    assert (card.architecture, card.epoch, card.zoom) == ("net_7", 7, 1.0)
    assert card.versions == (("keras", "2.2.4"),)


def test_that_mean_and_deviation_size_and_channels_can_be_said() -> None:
    said = ModelFacts(("a", "b"), "standardize_training_set", 120.5, 30.25, (20, 10), ("x", "y"))
    card = card_from_facts(Path("net.h5"), NetworkShape((None, None, 2), 2), said)
    assert (card.normalization.mean, card.normalization.std) == (120.5, 30.25)
    assert card.image.input_shape == (10, 20, 2)
    assert card.image.channels == ("x", "y")


@pytest.mark.parametrize(
    ("shape", "said", "missing"),
    [
        (SHAPE, ModelFacts(), ("class_names", "normalization")),
        (SHAPE, ModelFacts(("a", "b")), ("normalization",)),
        (SHAPE, ModelFacts(("a", "b"), "standardize_training_set"), ("mean", "std")),
        (NetworkShape((None, 14, 1), 2), SAID, ("size",)),
        (NetworkShape((12, 14, 5), 2), SAID, ("channels",)),
    ],
)
def test_that_all_that_is_missing_is_asked_for_at_once(
    shape: NetworkShape, said: ModelFacts, missing: tuple[str, ...]
) -> None:
    with pytest.raises(MissingFactsError, match=r"net\.h5 has no model card.*--") as caught:
        card_from_facts(Path("net.h5"), shape, said)
    assert (caught.value.missing, caught.value.shape) == (missing, shape)


@pytest.mark.parametrize(
    ("shape", "said", "told"),
    [
        (SHAPE, ModelFacts(("a", "b", "c"), "none"), "tells 2 classes apart, got the names a, b, c"),
        (SHAPE, ModelFacts(("a", "a"), "none"), "2 different names"),
        (SHAPE, ModelFacts(("a", "b"), "none", size=(12, 12)), r"takes images of 12 × 14 × 1 .*got 12 × 12 × 1"),
        (SHAPE, ModelFacts(("a", "b"), "none", channels=("x", "y")), r"takes images of 12 × 14 × 1 .*got 12 × 14 × 2"),
        (SHAPE, ModelFacts(("a", "b"), "standardize_training_set", 1.0, 0.0), "standard deviation 0"),
        (NetworkShape((12, 14), 2), SAID, r"expected images of \(height, width, channels\)"),
        (NetworkShape((12, 14, 1), 1), SAID, "at least two classes"),
        (NetworkShape((12, 9999, 1), 2), SAID, "9999"),
    ],
)
def test_that_what_does_not_fit_the_network_is_refused(shape: NetworkShape, said: ModelFacts, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        card_from_facts(Path("net.h5"), shape, said)


def test_that_the_table_of_aideveloper_says_all_but_the_size(tmp_path: Path) -> None:
    write_meta(tmp_path / "M_meta.xlsx")
    card = card_from_facts(tmp_path / "M_1.model", SHAPE, ModelFacts())
    assert card.class_names == ("class 0", "class 1")
    assert card.image.input_shape == (12, 14, 1)
    assert (card.image.padding, card.image.resize, card.zoom) == ("edge", "nearest", 1.5)
    assert (card.normalization.method, card.architecture, card.epoch) == ("divide_by_255", "LeNet5", 1)
    assert card.metrics == (("accuracy", 0.75), ("val_accuracy", 0.625))
    assert dict(card.versions) == {"aideveloper": "0.4.2"}
    named = card_from_facts(tmp_path / "M_1.model", SHAPE, ModelFacts(("cat", "dog")))
    assert named.class_names == ("cat", "dog")
    # An output without images, as AIDeveloper allows it.
    assert (
        card_from_facts(tmp_path / "M_1.model", NetworkShape((12, 14, 1), 3), ModelFacts()).class_names[2] == "class 2"
    )


def test_that_a_normalization_against_the_table_is_refused(tmp_path: Path) -> None:
    write_meta(tmp_path / "M_meta.xlsx")
    with pytest.raises(ModelError, match=r"divide_by_255, says M_meta\.xlsx beside it; got none"):
        card_from_facts(tmp_path / "M_1.model", SHAPE, ModelFacts(normalization="none"))


def test_that_an_unknown_normalization_of_the_table_is_asked_for(tmp_path: Path) -> None:
    write_meta(tmp_path / "M_meta.xlsx", normalization="Whitening")
    with pytest.raises(MissingFactsError) as caught:
        card_from_facts(tmp_path / "M_1.model", SHAPE, ModelFacts())
    assert caught.value.missing == ("normalization",)


def test_that_statistics_come_from_the_table_or_from_the_user(tmp_path: Path) -> None:
    write_meta(tmp_path / "M_meta.xlsx", normalization=TRAINED)
    with pytest.raises(MissingFactsError) as caught:
        card_from_facts(tmp_path / "M.model", SHAPE, ModelFacts())
    assert caught.value.missing == ("mean", "std")
    said = ModelFacts(mean=99.0, std=9.0)
    assert card_from_facts(tmp_path / "M.model", SHAPE, said).normalization.std == 9.0
    scaling = {f"{what} of training data used for scaling": value for what, value in (("Mean", 80.5), ("Std", 20.0))}
    write_meta(tmp_path / "M_meta.xlsx", normalization=TRAINED, **scaling)
    with pytest.raises(ModelError, match=r"with mean 80\.5, says M_meta\.xlsx beside it; got 99"):
        card_from_facts(tmp_path / "M.model", SHAPE, said)
    normalization = card_from_facts(tmp_path / "M.model", SHAPE, ModelFacts(mean=80.5)).normalization
    assert (normalization.mean, normalization.std) == (80.5, 20.0)


def test_that_names_in_the_table_stand_over_those_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ModelFacts.of_run(("cat", "automobile"), ImageSettings(width=14, height=12), is_restart=False)
    write_meta(tmp_path / "M_meta.xlsx")
    assert card_from_facts(tmp_path / "M.model", SHAPE, wanted).class_names == ("cat", "automobile")
    table = read_aideveloper_model(tmp_path / "M.model")
    assert table is not None
    named = dataclasses.replace(table, class_names={0: "automobile", 1: "cat"})
    monkeypatch.setattr(facts, "read_aideveloper_model", lambda _: named)
    assert card_from_facts(tmp_path / "M.model", SHAPE, wanted).class_names == ("automobile", "cat")


def test_that_a_pixel_is_normalized_by_what_was_said() -> None:
    said = ModelFacts(("a", "b"), "standardize_training_set", 100.0, 50.0)
    normalization = card_from_facts(Path("net.h5"), SHAPE, said).normalization
    assert normalization.apply(np.full((1, 1, 1, 1), 200, np.uint8)).item() == 2.0


def test_that_the_table_found_is_that_of_the_name(tmp_path: Path) -> None:
    write_meta(tmp_path / "M_meta.xlsx", chosen_model="short")
    write_meta(tmp_path / "M_2_meta.xlsx", chosen_model="long")
    names = {"M_2.model": "long", "M_3.model": "short", "M.model": "short", "M_2_7.model": "long"}
    found = {name: card_from_facts(tmp_path / name, SHAPE, ModelFacts()).architecture for name in names}
    assert found == names
    shutil.copy(tmp_path / "M_meta.xlsx", tmp_path / "other.xlsx")
    with pytest.raises(MissingFactsError):
        card_from_facts(tmp_path / "other.model", SHAPE, ModelFacts())


def test_that_what_a_run_wants_gives_way_to_what_the_network_is(tmp_path: Path) -> None:
    image = ImageSettings(width=20, height=20, channels=("x", "y"), normalization="none")
    wanted = ModelFacts.of_run(("a", "b", "c"), image, is_restart=False)
    card = card_from_facts(tmp_path / "net.h5", SHAPE, wanted)
    assert (card.class_names, card.image.input_shape) == (("class 0", "class 1"), (12, 14, 1))
    assert (card.image.channels, card.normalization.method) == ("gray", "none")
    free = card_from_facts(tmp_path / "net.h5", NetworkShape((None, None, 2), 3), wanted)
    assert (free.class_names, free.image.input_shape) == (("a", "b", "c"), (20, 20, 2))
    assert free.image.channels == ("x", "y")
    write_meta(tmp_path / "net_meta.xlsx")
    assert card_from_facts(tmp_path / "net.h5", SHAPE, wanted).normalization.method == "divide_by_255"


def test_that_a_run_cannot_know_the_statistics_of_a_model_but_needs_none_for_new_weights() -> None:
    image = ImageSettings(width=14, height=12, normalization="standardize_training_set")
    with pytest.raises(MissingFactsError) as caught:
        card_from_facts(Path("net.h5"), SHAPE, ModelFacts.of_run(("a", "b"), image, is_restart=False))
    assert caught.value.missing == ("mean", "std")
    card = card_from_facts(Path("net.h5"), SHAPE, ModelFacts.of_run(("a", "b"), image, is_restart=True))
    assert card.class_names == ("a", "b")
