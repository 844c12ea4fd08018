"""The examples of the Training tab against the block that training makes of the same images."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.normalize import Normalization
from aid_desktop.data.sampling import RowDraw, draw_epoch
from aid_desktop.gui.background import Background
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.training.preview_panel import PreviewPanel, augment_examples
from aid_desktop.gui.widgets.section_form import SectionForm
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.blocks import EpochBlocks
from aid_desktop.training.datasets import TrainingData, TrainingRow
from aid_desktop.training.image_store import ImageStore, StoredPart
from aid_desktop.training.seeds import Stage, generator

IMAGE = ImageSettings(width=12, height=12, padding="edge")
SEED = 3


def training_data(images: NDArray[Any], labels: NDArray[np.intp]) -> TrainingData:
    rows = []
    for label in (0, 1):
        own = images[labels == label]
        rows.append(TrainingRow(ImageStore([StoredPart(own)]), label, RowDraw(len(own)), label))
    white = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}[str(images.dtype)]
    normalization = Normalization("divide_by_255", white=white)
    store = ImageStore([StoredPart(images[:2])], (12, 12))
    return TrainingData(("a", "b"), tuple(rows), store, np.array([0, 1]), normalization, ClassTable())


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("mixing", [{}, {"mixup": 0.5}, {"cutmix": 1.0}], ids=["plain", "mixup", "cutmix"])
def test_that_the_examples_are_the_pixels_of_the_block_that_training_makes(kind: str, mixing: dict[str, float]) -> None:
    settings = AugmentationSettings(
        horizontal_flip=True, rotation=40, width_shift=4, zoom=0.3, noise_std=5, contrast=(0.5, 1.5),
        gaussian_blur=(0, 5), random_erasing=0.5, **mixing,
    )  # fmt: skip
    labels = np.repeat([0, 1], 8)
    images = np.random.default_rng(1).integers(0, 256, (16, 18, 18, 1))
    images = images.astype(kind) if kind != "float32" else (images / 255).astype(np.float32)
    data = training_data(images, labels)
    block = EpochBlocks(data, IMAGE, TrainingSettings(settings), SEED, 0).make(0)
    rows, indices = draw_epoch([row.draw for row in data.rows], generator(SEED, Stage.DRAW, 0))
    drawn = 8 * rows + indices
    one_hot = np.eye(2, dtype=np.float32)[labels[drawn]]
    np.testing.assert_array_equal(augment_examples(images[drawn], one_hot, IMAGE, settings, SEED), block.images)


@pytest.fixture
def panel(qtbot: QtBot, tmp_path: Path) -> Iterator[PreviewPanel]:
    """A panel over two classes, one dark and one bright."""
    items = []
    for name, level in (("dark", 20), ("bright", 220)):
        path = tmp_path / f"{name}.npy"
        np.save(path, np.full((6, 16, 16), level, np.uint8))
        items.append((open_source(path).source, name, Role.TRAINING))
    notifier, background = Notifier(), Background()
    notifier.set_image_settings(IMAGE)
    notifier.set_table(ClassTable().add_sources(items))
    form = SectionForm(AugmentationSettings)
    qtbot.addWidget(form)
    shown = PreviewPanel(notifier, background, form)
    qtbot.addWidget(shown)
    yield shown
    background.shut_down()


def test_that_the_images_of_the_chosen_class_alone_are_shown(panel: PreviewPanel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(panel.strip.images) == 6)
    assert {int(image.max()) for image in panel.strip.images} == {20}


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_that_mixing_shows_parts_of_another_class(panel: PreviewPanel, qtbot: QtBot, name: str) -> None:
    qtbot.waitUntil(lambda: len(panel.strip.images) == 6)
    panel._form.set_values(AugmentationSettings(**{name: 2.0}))
    panel._form.changed.emit()
    qtbot.waitUntil(lambda: any(int(image.max()) > 60 for image in panel.strip.images))
    assert len(panel.strip.images) == 6
