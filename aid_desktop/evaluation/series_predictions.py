"""What the models of a series of runs say about the images that each of them has held out."""

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import ClassRow, Role
from aid_desktop.data.formats import reopen
from aid_desktop.errors import DataError, RunError
from aid_desktop.evaluation.assess import predict_rows
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.roles import RoleImages
from aid_desktop.long_work import Progress, ShouldStop
from aid_desktop.models.files import load_model
from aid_desktop.runs.best import find_model
from aid_desktop.runs.config import open_table
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.held_out import HeldOut, read_held_out
from aid_desktop.runs.series import Series


def finished_folders(series: Series) -> tuple[RunFolder, ...]:
    """Return the run folders that have a saved model and held-out images. Raises RunError if there are none."""
    folders = []
    for run in series.runs:
        folder = series.folder(run)
        if folder.held_out.is_file():
            try:
                find_model(folder.path)
            except RunError:
                continue
            folders.append(folder)
    if not folders:
        raise RunError(
            f"no run of the series in {series.path} has held out images and saved a model: train a series with folds "
            "(cross-validation), or with held-out validation images"
        )
    return tuple(folders)


def training_images(series: Series) -> RoleImages:
    """Return all images that the runs of a series learn from or hold out. Raises DataError if one is gone."""
    config = series.runs[0].config
    rows = open_table(row for row in config.data if row.role is Role.TRAINING).rows
    return RoleImages(rows, (None,) * len(rows))


def predict_held_out(
    series: Series,
    images: Predictions,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return probabilities (N, C) for the images of some predictions by models that have not learnt from them.

    Each run's best model predicts the images that the run has held out; where several have held out the same image (of
    several repetitions or architectures), the mean counts. Columns are in the order of the classes of `images`, whose
    own probabilities are not used. The second array (N,) says for which images there are some. `progress(done, total)`
    counts images. Raises RunError if no run is usable, DataError for models of other classes or if none of the images
    was held out.
    """
    folders = finished_folders(series)
    held_out = [read_held_out(folder.held_out) for folder in folders]
    chosen = [_mask(one, images) for one in held_out]
    total = sum(int(np.count_nonzero(mask)) for mask in chosen)
    if not total:
        raise DataError(
            f"the runs of {series.path} have held out none of these images: choose the training images of the series"
        )
    sums, counts = np.zeros((images.n, images.n_classes)), np.zeros(images.n, np.intp)
    done = 0
    for folder, mask in zip(folders, chosen, strict=True):
        if not mask.any():
            continue

        def tell(n: int, _: int, before: int = done) -> None:
            if progress is not None:
                progress(before + n, total)

        places, probabilities = _predict(folder, images, mask, tell, should_stop)
        sums[places] += probabilities
        counts[places] += 1
        done += len(places)
        if should_stop is not None and should_stop():
            break
    judged = counts > 0
    return (sums / np.maximum(counts, 1)[:, None]).astype(np.float32), judged


def _mask(held_out: HeldOut, images: Predictions) -> NDArray[np.bool_]:
    mask = np.zeros(images.n, np.bool_)
    for number in np.unique(images.source).tolist():
        source = images.sources[number]
        if held_out.n_images(source):
            here = np.flatnonzero(images.source == number)
            mask[here] = held_out.mask(reopen(source))[images.index[here]]
    return mask


def _predict(
    folder: RunFolder,
    images: Predictions,
    mask: NDArray[np.bool_],
    progress: Progress,
    should_stop: ShouldStop | None,
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return positions and probabilities of the images that a run has held out."""
    loaded = load_model(find_model(folder.path))
    names = loaded.card.class_names
    if set(names) != set(images.class_names):
        raise DataError(
            f"the model of {folder.path.name} knows the classes {', '.join(names)}, the images have "
            f"{', '.join(images.class_names)}: choose a series of the same classes"
        )
    assert images.labels is not None
    rows, indices, places = [], [], []
    for number in np.unique(images.source[mask]).tolist():
        here = np.flatnonzero(mask & (images.source == number))
        label = int(images.labels[here[0]])
        rows.append(
            ClassRow(images.sources[number], label, images.class_names[label], Role.TRAINING, zoom=images.zooms[number])
        )
        indices.append(images.index[here])
        places.append(here)
    made = predict_rows(loaded, rows, progress, should_stop, indices)
    order = [names.index(name) for name in images.class_names]
    return np.concatenate(places)[: made.n], made.probabilities[:, order]
