"""95 % intervals of scores: the percentile bootstrap over images, drawn so that it costs little.

All images are drawn anew with replacement, whatever their class (not stratified): the number of images of each class
varies as it would in another sample. Seeds are fixed: the same predictions give the same intervals.
Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aid_desktop.evaluation.predictions import Predictions

N_DRAWS = 1000
FEWEST_DRAWS = 100
SEED = 20_260_101
LEVEL = 0.95

# Numbers that are drawn or summed for one bootstrap: what takes about a second on one core.
_CELL_BUDGET = 20_000_000
_RANK_BUDGET = 20_000_000
_MOST_PROBABILITIES = 2_000_000
_CHUNK = 500_000

Interval = tuple[float, float]
# Sums of the same numbers in another order differ by less.
_ROUNDING = 1e-12
_Z_95 = 1.959963984540054


def wilson_interval(count: int, n: int) -> Interval:
    """Return limits that hold the true fraction, of which count / n was seen, with a confidence of 95 %.

    Wilson's score interval (E. B. Wilson, J. Am. Stat. Assoc. 22, 209, 1927); 0 to 1 where n is 0.
    """
    if not n:
        return 0.0, 1.0
    fraction, square = count / n, _Z_95**2
    middle = (fraction + square / (2 * n)) / (1 + square / n)
    half = _Z_95 * (fraction * (1 - fraction) / n + square / (4 * n**2)) ** 0.5 / (1 + square / n)
    # Exactly 0 and 1 where rounding would miss them.
    return (0.0 if count == 0 else max(0.0, middle - half)), (1.0 if count == n else min(1.0, middle + half))


@dataclass(frozen=True, slots=True)
class CountDraws:
    """Scores of each draw, float64: (D,) over all classes, (D, C) of each class; see `draw_counts`.

    Precision, recall and F1 are 0 where they are not defined; `support` and `n_predicted` tell where that is.
    """

    accuracy: NDArray[np.float64]
    balanced_accuracy: NDArray[np.float64]
    mcc: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.float64]
    n_predicted: NDArray[np.float64]


def draw_counts(counts: NDArray[np.int64]) -> CountDraws:
    """Draw the images of a confusion matrix (C, C) anew, N_DRAWS times, fewer for very many cells.

    To draw images with replacement is to draw the cells of the matrix from a multinomial distribution, so that this
    is exact for all scores that follow from the matrix, and takes no longer for more images.
    """
    rows, columns = np.nonzero(counts)
    values = counts[rows, columns]
    n, n_classes = int(values.sum()), len(counts)
    n_draws = int(np.clip(_CELL_BUDGET // max(len(values), n_classes), FEWEST_DRAWS, N_DRAWS))
    generator = np.random.default_rng(SEED)
    step = max(1, _CHUNK // max(len(values), n_classes))
    parts = []
    for start in range(0, n_draws, step):
        drawn = generator.multinomial(n, values / n, size=min(step, n_draws - start))
        parts.append(_scores_of_cells(drawn.astype(np.float64), rows, columns, n_classes))
    return CountDraws(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _scores_of_cells(
    drawn: NDArray[np.float64], rows: NDArray[np.intp], columns: NDArray[np.intp], n_classes: int
) -> tuple[NDArray[np.float64], ...]:
    """Return the fields of CountDraws for drawn cells (D, K), which lie in these rows and columns."""
    n = drawn.sum(axis=1)
    actual = _summed(drawn, rows, n_classes)
    predicted = _summed(drawn, columns, n_classes)
    is_right = rows == columns
    right = np.zeros_like(actual)
    right[:, rows[is_right]] = drawn[:, is_right]
    precision = _ratio(right, predicted)
    recall = _ratio(right, actual)
    f1 = _ratio(2 * right, actual + predicted)
    hits = right.sum(axis=1)
    balanced = recall.sum(axis=1) / (actual > 0).sum(axis=1)
    # Gorodkin 2004, as scikit-learn.
    together = n * hits - (actual * predicted).sum(axis=1)
    apart = np.sqrt((n**2 - (predicted**2).sum(axis=1)) * (n**2 - (actual**2).sum(axis=1)))
    return hits / n, balanced, _ratio(together, apart), precision, recall, f1, actual, predicted


def _summed(drawn: NDArray[np.float64], groups: NDArray[np.intp], n_groups: int) -> NDArray[np.float64]:
    order = np.argsort(groups, kind="stable")
    names, starts = np.unique(groups[order], return_index=True)
    sums = np.zeros((len(drawn), n_groups))
    sums[:, names] = np.add.reduceat(drawn[:, order], starts, axis=1)
    return sums


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    quotient = np.zeros_like(above)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient


def interval_of(draws: NDArray[np.float64]) -> Interval | None:
    """Return the 2.5th and 97.5th percentile of draws (D,); those that are NaN, not defined, do not count.

    None where most are not defined, and where they are all alike: then the draws know no doubt.
    """
    known = draws[~np.isnan(draws)]
    if len(known) * 2 <= len(draws):
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return (float(low), float(high)) if high - low > _ROUNDING else None


@dataclass(frozen=True, slots=True)
class RankDraws:
    """Areas under the curves of each draw and class, float64 (D, C), NaN where not defined, and mean losses (D,)."""

    roc_auc: NDArray[np.float64]
    pr_auc: NDArray[np.float64]
    log_loss: NDArray[np.float64]


def draw_ranks(predictions: Predictions, losses: NDArray[np.float64]) -> RankDraws | None:
    """Draw labelled images anew and find areas and the mean of their losses (N,) each time.

    There are N_DRAWS draws, down to FEWEST_DRAWS for many probabilities (N·C); None for more than two million,
    where it would take too long and the intervals are too narrow to matter.
    """
    n, n_classes = predictions.probabilities.shape
    if predictions.labels is None or n * n_classes > _MOST_PROBABILITIES:
        return None
    n_draws = int(np.clip(_RANK_BUDGET // (n * n_classes), FEWEST_DRAWS, N_DRAWS))
    ranked = [Ranked.of(predictions.probabilities[:, index], predictions.labels == index) for index in range(n_classes)]
    roc, pr, loss = np.empty((n_draws, n_classes)), np.empty((n_draws, n_classes)), np.empty(n_draws)
    start = 0
    for drawn in drawn_images(n, n_draws):
        part = slice(start, start + len(drawn))
        loss[part] = losses[drawn].mean(axis=1)
        for index, one in enumerate(ranked):
            roc[part, index], pr[part, index] = one.areas(drawn)
        start += len(drawn)
    return RankDraws(roc, pr, loss)


def drawn_images(n: int, n_draws: int) -> Iterator[NDArray[np.intp]]:
    """Yield the numbers of n images drawn with replacement, (D, n) for some of the draws at a time."""
    generator = np.random.default_rng(SEED)
    step = max(1, _CHUNK // n)
    for start in range(0, n_draws, step):
        yield generator.integers(0, n, (min(step, n_draws - start), n))


@dataclass(frozen=True, slots=True)
class Ranked:
    """Images by falling probability of a class: `code` (N,) is twice the place, and 1 more for images of the class."""

    code: NDArray[np.intp]
    n_places: int

    @classmethod
    def of(cls, probability: NDArray[np.float32], positive: NDArray[np.bool_]) -> "Ranked":
        """Give equal probabilities the same place.

        So get images of others between two neighbouring ones of the class, which changes neither area: of a rare
        class there are few places, however many images there are.
        """
        values, places = np.unique(-probability, return_inverse=True)
        has_positive = np.zeros(len(values), np.bool_)
        has_positive[places[positive]] = True
        begins = has_positive.copy()
        begins[0] = True
        begins[1:] |= has_positive[:-1]
        places = (np.cumsum(begins) - 1)[places]
        return cls((2 * places + positive).astype(np.intp), int(places.max()) + 1)

    def areas(self, drawn: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return ROC-AUC and average precision, (D,), of drawn images (D, n)."""
        size = 2 * self.n_places
        codes = self.code[drawn] + size * np.arange(len(drawn))[:, None]
        counts = np.bincount(codes.ravel(), minlength=size * len(drawn)).reshape(len(drawn), self.n_places, 2)
        wrong = counts[:, :, 0].astype(np.float64)
        right = counts[:, :, 1].astype(np.float64)
        n_right, n_wrong = right.sum(axis=1), wrong.sum(axis=1)
        undefined = (n_right == 0) | (n_wrong == 0)
        n_right[undefined] = np.nan
        found = np.cumsum(right, axis=1)
        roc = (wrong * (found - right / 2)).sum(axis=1) / (n_right * n_wrong)
        precision = _ratio(found, found + np.cumsum(wrong, axis=1))
        return roc, (right * precision).sum(axis=1) / n_right
