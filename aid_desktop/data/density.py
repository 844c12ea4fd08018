"""How densely events lie around each point of a scatter plot, and histograms along its axes."""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.scales import Numbers

KDE_EVENTS = 5000
"""A Gaussian KDE is fitted to a random sample of so many events at most; its cost grows with their number."""

_EXACT_EVENTS = 2000
_KDE_NODES = 64
_KDE_RUN = 512
_MIN_BINS, _MAX_BINS = 5, 200
_SMOOTHING = 1.0
_SEED = 0
# Numbers below are 0 as far as bins between them go.
_SMALLEST = 1e-290


class DensityMethod(StrEnum):
    """How the density is found."""

    NONE = "none"
    HISTOGRAM = "histogram"
    KDE = "Gaussian KDE"


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Numbers of events (B,) between edges (B + 1,) along one axis."""

    counts: NDArray[np.intp]
    edges: Numbers


def on_both_axes(x: Numbers, y: Numbers) -> NDArray[np.bool_]:
    """Return (N,) which events have a finite place on both axes; the others cannot be drawn."""
    return np.isfinite(x) & np.isfinite(y)


def histogram(places: Numbers) -> Histogram:
    """Count events (N,) of finite places along one axis, in the number of bins that Doane's rule gives."""
    counts, edges = np.histogram(places, bins=number_of_bins(places), range=_span(places))
    return Histogram(counts, edges)


def number_of_bins(places: Numbers) -> int:
    """Return how many bins suit (N,) finite places: Doane's rule (1976), at least 5 and at most 200."""
    n = len(places)
    sigma = float(np.std(places)) if n > 2 else 0.0
    if sigma == 0 or not np.isfinite(sigma):
        return _MIN_BINS
    skewness = float(np.mean(((places - places.mean()) / sigma) ** 3))
    error = np.sqrt(6.0 * (n - 2) / ((n + 1.0) * (n + 3)))
    return int(np.clip(np.ceil(1 + np.log2(n) + np.log2(1 + abs(skewness) / error)), _MIN_BINS, _MAX_BINS))


def density(method: DensityMethod, x: Numbers, y: Numbers, at_x: Numbers, at_y: Numbers) -> Numbers:
    """Return the density (M,) of events (N,) at points (M,), all of finite places; see the functions below.

    It is the share of the events per unit of both axes. NONE gives ones. Events that lie on one line have no KDE:
    they get the histogram.
    """
    if method is DensityMethod.NONE or not len(x):
        return np.ones(len(at_x))
    if method is DensityMethod.KDE and _spread_out(x, y):
        return kde_density(x, y, at_x, at_y)
    return histogram_density(x, y, at_x, at_y)


def histogram_density(x: Numbers, y: Numbers, at_x: Numbers, at_y: Numbers) -> Numbers:
    """Return the density by a two-dimensional histogram, smoothed by a Gaussian of one bin and interpolated.

    The bins are 4 times as many as Doane's rule gives along each axis, which the smoothing makes up for.
    """
    bins = [min(_MAX_BINS, 4 * number_of_bins(places)) for places in (x, y)]
    spans = [_span(places) for places in (x, y)]
    counts, x_edges, y_edges = np.histogram2d(x, y, bins=bins, range=spans)
    # Beyond the outermost bins there is nothing; the smoothing must not lose what it moves there.
    padded = np.pad(counts, 4)
    smooth = cv2.GaussianBlur(padded, (0, 0), _SMOOTHING, borderType=cv2.BORDER_REFLECT_101)[4:-4, 4:-4]
    area = (x_edges[1] - x_edges[0]) * (y_edges[1] - y_edges[0])
    middles = [(edges[:-1] + edges[1:]) / 2 for edges in (x_edges, y_edges)]
    return _interpolated(smooth / (len(x) * area), middles[0], middles[1], at_x, at_y)


def kde_density(x: Numbers, y: Numbers, at_x: Numbers, at_y: Numbers) -> Numbers:
    """Return the density by a Gaussian kernel density estimate, bandwidth by Scott's rule, as SciPy has it.

    Beyond 5000 events it is fitted to a random sample of so many, always the same. For up to 2000 points it is exact
    there; for more it is found on a grid of 64 × 64 and interpolated.
    """
    from scipy.stats import gaussian_kde

    events = np.vstack([x, y])
    if len(x) > KDE_EVENTS:
        chosen = np.random.default_rng(_SEED).choice(len(x), KDE_EVENTS, replace=False)
        events = events[:, np.sort(chosen)]
    estimate = gaussian_kde(events)
    if len(at_x) <= _EXACT_EVENTS:
        return _evaluated(estimate, np.vstack([at_x, at_y]))
    nodes = [np.linspace(*_span(places), _KDE_NODES) for places in (at_x, at_y)]
    grid = np.vstack([part.reshape(-1) for part in np.meshgrid(*nodes, indexing="ij")])
    values = _evaluated(estimate, grid).reshape(_KDE_NODES, _KDE_NODES)
    return _interpolated(values, nodes[0], nodes[1], at_x, at_y)


def sample_of(usable: NDArray[np.bool_], most: int) -> NDArray[np.intp]:
    """Return the indices, increasing, of up to `most` usable events, drawn at random but always the same."""
    indices = np.flatnonzero(usable)
    if len(indices) <= most:
        return indices
    return np.sort(np.random.default_rng(_SEED).choice(indices, most, replace=False))


def _evaluated(estimate: object, points: Numbers) -> Numbers:
    # In runs: SciPy would otherwise take memory for all pairs of events and points in some versions.
    runs = [estimate(points[:, i : i + _KDE_RUN]) for i in range(0, points.shape[1], _KDE_RUN)]  # type: ignore[operator]
    return np.concatenate(runs) if runs else np.empty(0)


def _interpolated(grid: Numbers, x_nodes: Numbers, y_nodes: Numbers, at_x: Numbers, at_y: Numbers) -> Numbers:
    """Return the values of a regular grid (X, Y) at points, bilinear; beyond its border as at the border."""
    (left, across), (low, up) = _cell(x_nodes, at_x), _cell(y_nodes, at_y)
    below = grid[left, low] * (1 - across) + grid[left + 1, low] * across
    above = grid[left, low + 1] * (1 - across) + grid[left + 1, low + 1] * across
    return below * (1 - up) + above * up


def _cell(nodes: Numbers, at: Numbers) -> tuple[NDArray[np.intp], Numbers]:
    where = (np.clip(at, nodes[0], nodes[-1]) - nodes[0]) / (nodes[1] - nodes[0])
    cell = np.clip(where.astype(np.intp), 0, len(nodes) - 2)
    return cell, np.clip(where - cell, 0.0, 1.0)


def _span(places: Numbers) -> tuple[float, float]:
    """Return lowest and highest place; around a single one, or none, a span that holds it."""
    low, high = (float(places.min()), float(places.max())) if len(places) else (0.0, 1.0)
    largest = max(abs(low), abs(high))
    room = 1e-6 * (largest if largest > _SMALLEST else 1.0)
    return (low, high) if high - low > room * 1e-3 else (low - room, high + room)


def _spread_out(x: Numbers, y: Numbers) -> bool:
    if len(x) < 3:
        return False
    correlation = np.cov(np.vstack([x, y]))
    along, across = float(correlation[0, 0]), float(correlation[1, 1])
    return bool(along > 0 and across > 0 and np.linalg.det(correlation) > 1e-9 * along * across)
