from dataclasses import replace

from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.field import Cost, field_infos
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.saving import SavingSettings
from aid_desktop.settings.snapshot import Change, SettingsDiff, TrainingSettings

OLD = TrainingSettings()
NEW = TrainingSettings(
    AugmentationSettings(rotation=10, horizontal_flip=True, contrast=(0.7, 1.3)),
    HyperParameters(learning_rate=0.0005, dropout=(0.2, 0.5), batch_size=32),
)


def test_that_equal_settings_have_an_empty_diff() -> None:
    diff = SettingsDiff.between(OLD, TrainingSettings())
    assert not diff
    assert diff.changes == ()
    assert str(diff) == ""
    assert not diff.touches("training.dropout")


def test_that_changes_stand_in_order_of_declaration_with_hyperparameters_first() -> None:
    paths = [change.path for change in SettingsDiff.between(OLD, NEW).changes]
    assert paths == [
        "training.batch_size",
        "training.learning_rate",
        "training.dropout",
        "augmentation.horizontal_flip",
        "augmentation.rotation",
        "augmentation.contrast",
    ]


def test_that_the_text_tells_old_and_new_values_in_short() -> None:
    assert str(SettingsDiff.between(OLD, NEW)) == (
        "training.batch_size 64 → 32, training.learning_rate 0.001 → 0.0005, training.dropout [] → [0.2, 0.5], "
        "augmentation.horizontal_flip False → True, augmentation.rotation 0 → 10, "
        "augmentation.contrast [1, 1] → [0.7, 1.3]"
    )


def test_that_custom_class_weights_can_be_told() -> None:
    weights = replace(OLD, hyperparameters=HyperParameters(class_weights={"cat": 2}))
    assert str(SettingsDiff.between(OLD, weights)) == "training.class_weights none → [[cat, 2]]"


def test_that_a_change_carries_both_values_and_its_cost() -> None:
    diff = SettingsDiff.between(OLD, replace(OLD, hyperparameters=HyperParameters(optimizer="sgd")))
    info = field_infos(HyperParameters)["optimizer"]
    assert diff.changes == (Change("training.optimizer", info, "adam", "sgd"),)
    assert diff.changes[0].cost is Cost.RECOMPILE


def test_that_images_per_epoch_and_saving_can_differ_too() -> None:
    diff = SettingsDiff.between(OLD, replace(OLD, saving=SavingSettings(every=5), images_per_epoch=(100, 0)))
    assert str(diff) == "saving.every 0 → 5, data.images_per_epoch [] → [100, 0]"
    assert {change.cost for change in diff.changes} == {Cost.FREE}


def test_that_touches_asks_for_whole_paths() -> None:
    diff = SettingsDiff.between(OLD, NEW)
    assert diff
    assert diff.touches("training.dropout")
    assert diff.touches("image.width", "augmentation.rotation")
    assert not diff.touches("dropout", "training", "training.loss")
