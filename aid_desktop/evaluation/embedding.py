"""What a network makes of predicted images before its last layer, a bounded number of images at a time."""

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.formats import reopen
from aid_desktop.data.prepare import prepare_blocks
from aid_desktop.data.scalar_features import read_features
from aid_desktop.evaluation.assess import check_sources
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.long_work import Progress, ShouldStop
from aid_desktop.models.embedding import Embedder
from aid_desktop.models.files import LoadedModel

MOST_VALUES = 4096
"""Longer vectors are projected at random to PROJECTED values, so that those of many images fit into memory."""

PROJECTED = 512

Embedding = NDArray[np.float32]
"""One vector of D values for each of N images, float32 (N, D)."""


def embed_rows(
    loaded: LoadedModel,
    predictions: Predictions,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Embedding:
    """Return the input of the network's last layer for the images of some predictions, in their order.

    Images are prepared as they were to be predicted. Vectors of more than MOST_VALUES values come as PROJECTED random
    projections of them, the same each time, which keep distances (Johnson & Lindenstrauss 1984).
    `progress(done, total)` counts images. When `should_stop` turns true, the rows of images not yet seen are 0. Raises
    ModelError for a network whose last layer cannot be found, DataError for a source that cannot be read.
    """
    check_sources(predictions.sources, loaded.card)
    embedder = Embedder(loaded.model, loaded.card)
    matrix = _random_projection(embedder.size) if embedder.size > MOST_VALUES else None
    values = np.zeros((predictions.n, embedder.size if matrix is None else PROJECTED), np.float32)
    done = 0
    if progress is not None:
        progress(0, predictions.n)
    for number in np.unique(predictions.source).tolist():
        places = np.flatnonzero(predictions.source == number)
        reader, indices = reopen(predictions.sources[number]), predictions.index[places]
        features = read_features(reader, loaded.card.image.features, indices)
        start = 0
        for images in prepare_blocks(reader, loaded.card.image, predictions.zooms[number], False, indices):
            if should_stop is not None and should_stop():
                return values
            chunk = slice(start, start + len(images))
            part = embedder.embed(images, should_stop, features[chunk])
            values[places[chunk][: len(part)]] = part if matrix is None else part @ matrix
            start += len(images)
            done += len(part)
            if progress is not None:
                progress(done, predictions.n)
    return values


def _random_projection(size: int) -> NDArray[np.float32]:
    matrix: NDArray[np.float32] = np.random.default_rng(0).standard_normal((size, PROJECTED), np.float32)
    matrix /= np.float32(np.sqrt(PROJECTED))
    return matrix
