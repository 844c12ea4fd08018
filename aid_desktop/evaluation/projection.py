"""Maps of an embedding: two numbers for each image, so that what the network takes for alike lies together."""

import importlib.util
from enum import StrEnum
from functools import partial

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import DataError
from aid_desktop.evaluation.embedding import Embedding
from aid_desktop.evaluation.threads import one_thread
from aid_desktop.long_work import ShouldStop, in_own_process, leave_if_stopped, left_when_stopped

Places = NDArray[np.float64]
"""x and y of each image on a map, float64 (N, 2)."""

SEED = 0
USUAL_IMAGES = 5000
"""t-SNE of so many images takes about half a minute; the time grows faster than their number."""

COMPONENTS = 50
"""t-SNE and UMAP begin with so many principal components, as van der Maaten & Hinton (2008) advise."""

_PERPLEXITY = 30.0
_NEIGHBORS = 15
_WORTH_A_PROCESS = 1000
"""t-SNE of so many images goes on for seconds to minutes after a stop, unless it can be ended with its process.

UMAP has no process of its own: there its code would be compiled anew each time, which takes longer than the map.
"""


class Method(StrEnum):
    """How an embedding is brought to two numbers."""

    PCA = "PCA"
    TSNE = "t-SNE"
    UMAP = "UMAP"


def available_methods() -> tuple[Method, ...]:
    """Return the methods that can be used here: UMAP only where the package umap-learn is installed."""
    return tuple(Method) if importlib.util.find_spec("umap") is not None else (Method.PCA, Method.TSNE)


def stratified_sample(labels: NDArray[np.intp], limit: int, seed: int = SEED) -> NDArray[np.intp]:
    """Return ascending positions of at most `limit` images, with each class as frequent as among all.

    A class that is there is never lost, unless there are more classes than `limit`. The same each time.
    """
    if len(labels) <= limit:
        return np.arange(len(labels))
    random = np.random.default_rng(seed)
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    rank = np.empty(len(labels))
    for number, count in enumerate(counts.tolist()):
        # The k-th of n images of a class comes at (k + random offset) / n of the way; the first one at 0.
        order = random.permutation(count)
        rank[inverse == number] = np.where(order == 0, 0.0, (order + random.random()) / count)
    return np.sort(np.argsort(rank, kind="stable")[:limit])


def project(embedding: Embedding, method: Method, seed: int = SEED, should_stop: ShouldStop | None = None) -> Places:
    """Return the place of each image on a map; the same each time on the same computer.

    PCA keeps distances and finds what differs most; t-SNE and UMAP keep neighbours together, and neither distances
    between groups nor their sizes mean much. Fewer than 4 images are always mapped by PCA. `should_stop` is heard at
    once. Raises StoppedError when it says yes, DataError for UMAP where it is not installed, or
    an embedding with values that are not numbers.
    """
    if method not in available_methods():
        raise DataError(f"{method} needs the package umap-learn: install it, or choose PCA or t-SNE")
    check_finite(embedding)
    if not len(embedding):
        return np.empty((0, 2))
    simple = method is Method.PCA or len(embedding) < 4
    components = principal_components(embedding, 2 if simple else COMPONENTS, seed, should_stop)
    leave_if_stopped(should_stop)
    if simple or not components.any():
        return _two_columns(components)
    place = _tsne if method is Method.TSNE else _umap
    if should_stop is None:
        return place(components, seed)
    if method is Method.TSNE and len(components) >= _WORTH_A_PROCESS:
        return in_own_process(place, (components, seed), should_stop)
    return left_when_stopped(partial(place, components, seed), should_stop)


def check_finite(embedding: Embedding) -> None:
    """Raise DataError for an embedding with values that are not numbers."""
    if not np.isfinite(embedding).all():
        raise DataError(
            "the network's last layer but one gives values that are not numbers: its weights are broken. Choose the "
            "model of an earlier epoch"
        )


def principal_components(
    embedding: Embedding, number: int, seed: int = SEED, should_stop: ShouldStop | None = None
) -> Places:
    """Return the first principal components, float64 (N, at most `number`), largest first, signs always the same.

    Raises StoppedError as soon as `should_stop` says yes, DataError for values that are not numbers.
    """
    from sklearn.decomposition import PCA

    check_finite(embedding)
    number = min(number, *embedding.shape)
    values = np.asarray(embedding, np.float64)
    if not np.ptp(values, axis=0).any():
        # Equal images: there is no direction, and scikit-learn would divide by their spread of 0.
        return np.zeros((len(values), number))
    solver = "full" if min(values.shape) <= 500 else "randomized"

    def find() -> Places:
        with one_thread():
            return np.asarray(PCA(number, svd_solver=solver, random_state=seed).fit_transform(values), np.float64)

    return left_when_stopped(find, should_stop)


def _two_columns(components: Places) -> Places:
    missing = max(0, 2 - components.shape[1])
    return np.pad(components[:, :2], ((0, 0), (0, missing)))


def _tsne(components: Places, seed: int) -> Places:
    from sklearn.manifold import TSNE

    perplexity = min(_PERPLEXITY, (len(components) - 1) / 3)
    start = _two_columns(components)
    # As scikit-learn's own start, which needs two components.
    start = (1e-4 * start / start[:, 0].std()).astype(np.float32)
    method = TSNE(2, perplexity=perplexity, init=start, learning_rate="auto", random_state=seed)
    with one_thread():
        return np.asarray(method.fit_transform(components), np.float64)


def _umap(components: Places, seed: int) -> Places:
    import umap

    n_neighbors = min(_NEIGHBORS, len(components) - 1)
    # With a seed there is one thread anyway, and a warning unless it is asked for.
    method = umap.UMAP(n_components=2, n_neighbors=n_neighbors, n_jobs=1, random_state=seed)
    return np.asarray(method.fit_transform(components), np.float64)
