import pytest

from aid_desktop.errors import SettingsError
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.saving import SavingSettings
from aid_desktop.settings.snapshot import TrainingSettings


def test_that_models_are_saved_by_accuracy_then_loss_unless_told_otherwise() -> None:
    assert SavingSettings() == SavingSettings(
        improvement=("val_accuracy", "val_loss"), every=0, keep_best=0, undo_points=20, tensorboard=False
    )
    assert SavingSettings(improvement=[]).improvement == ()


@pytest.mark.parametrize("values", [{"improvement": ("accuracy",)}, {"every": -1}, {"keep_best": 0.5}])
def test_that_other_values_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=rf"saving\.{next(iter(values))}: got"):
        SavingSettings(**values)  # type: ignore[arg-type]


def test_that_a_model_can_only_be_saved_by_what_is_measured() -> None:
    saving = SavingSettings(improvement=("val_loss", "val_auc"))
    with pytest.raises(SettingsError, match=r"saving\.improvement: auc is not measured: add auc to the metrics"):
        TrainingSettings(saving=saving)
    measured = HyperParameters(metrics=("accuracy", "auc"))
    assert TrainingSettings(hyperparameters=measured, saving=saving).saving is saving
