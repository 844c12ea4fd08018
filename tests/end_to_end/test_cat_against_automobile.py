"""Real data: AIDeveloper's tutorial, where its best validation accuracy in 159 epochs was 0.9325."""

from pathlib import Path

import pytest

from aid_desktop.data.class_table import Role
from aid_desktop.models.zoo import find_zoo
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import read_history
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.loop import train
from aid_desktop.training.run import TrainingRun

DATA = Path(__file__).parents[3] / "shared" / "data" / "cat_vs_automobile"
AUGMENTATION = AugmentationSettings(
    horizontal_flip=True,
    rotation=8,
    width_shift=2,
    height_shift=2,
    zoom=0.1,
    brightness_add=(-10, 10),
    brightness_multiply=(0.8, 1.2),
    contrast=(0.8, 1.2),
    noise_std=5,
)


@pytest.mark.keras
@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the tutorial's data are not beside the project")
def test_that_lenet_reaches_088_in_25_epochs(tmp_path: Path) -> None:
    rows = tuple(
        DataRow(DATA / folder / f"{name}.rtdc", name, role)
        for folder, role in (("train", Role.TRAINING), ("validation", Role.VALIDATION))
        for name in ("automobile", "cat")
    )
    config = RunConfig(
        data=rows,
        image=ImageSettings(),
        model=ModelChoice(architecture="LeNet5_do"),
        training=TrainingSettings(AUGMENTATION, HyperParameters(epochs=25, batch_size=32)),
        seed=7,
    )
    folder = RunFolder(tmp_path / "run")
    train(TrainingRun(config, folder, find_zoo()), lambda event: None)
    best = read_history(folder.history_csv).best()
    assert best is not None
    assert best.metric("val_accuracy") >= 0.88
    assert best.model is not None
    assert folder.model(best.model).is_file()
