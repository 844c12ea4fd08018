"""Images of an assessment, in some order, as a gallery shows them."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.display import display_range, to_display
from aid_desktop.data.formats import reopen
from aid_desktop.data.geometry import fit_image
from aid_desktop.data.pixels import Pixels
from aid_desktop.data.scalar_features import RawFeatures, read_features
from aid_desktop.data.source import ImageReader
from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.gui.background import JobContext
from aid_desktop.gui.widgets.image_items import ReadImage

_CLASSES_SHOWN = 5


class Order(StrEnum):
    """In which order images are shown. Certain: by the probability of the predicted class; listed: as given."""

    MOST_CERTAIN = "most certain first"
    LEAST_CERTAIN = "least certain first"
    AS_IN_DATA = "as in the data"
    AS_LISTED = "as listed"


Sorting = Order | int
"""An order, or the number of a class whose probability counts, the highest first."""

Levels = tuple[float, float]
"""The grey levels of deep images that are shown as black and white."""

_MOST_READERS = 4
_SAMPLE = 64


@dataclass(frozen=True, slots=True, eq=False)
class ImageDetail:
    """One image for the eye: original and as the network takes it, uint8 (H, W) or (H, W, 3); and in words.

    `network_input` are the grey levels (H, W, C) that the network takes, `features` (F,) what it takes besides.
    """

    original: NDArray[np.uint8]
    fitted: NDArray[np.uint8]
    origin: str
    caption: str
    probabilities: str
    network_input: Pixels
    features: RawFeatures
    predicted: int


class PredictedImages:
    """ImageItems for some images of an assessment. `positions` (N,) count in its predictions.

    `levels` are for images of more than 8 bits; None gives each image its own. `mark` says what has become of an image
    since it was assessed, by its position; "" for nothing.
    """

    is_ready = False

    def __init__(
        self,
        assessment: Assessment,
        positions: NDArray[np.intp],
        sorting: Sorting,
        levels: Levels | None = None,
        mark: Callable[[int], str] = lambda position: "",
    ) -> None:
        predictions, matrix = assessment.predictions, assessment.matrix
        certainty = predictions.probability_of(matrix.predicted)
        self._assessment = assessment
        self._certainty = certainty
        self._positions = _sorted(assessment, certainty, positions, sorting)
        self._levels = levels
        self._mark = mark
        self._readers: dict[int, ImageReader] = {}
        self._lock = threading.Lock()

    @property
    def positions(self) -> NDArray[np.intp]:
        """Positions in the predictions, (N,), in the order shown."""
        return self._positions

    @property
    def assessment(self) -> Assessment:
        """What the images were assessed with."""
        return self._assessment

    def __len__(self) -> int:
        return len(self._positions)

    def caption(self, row: int) -> str:
        """Return for example `cat → dog 0.87`, and what has changed since in a second line."""
        matrix, position = self._assessment.matrix, int(self._positions[row])
        names = matrix.class_names
        actual, predicted = names[matrix.actual[position]], names[matrix.predicted[position]]
        mark = self._mark(position)
        return f"{actual} → {predicted} {self._certainty[position]:.2f}" + (f"\n{mark}" if mark else "")

    def is_correct(self, row: int) -> bool | None:
        """Return whether the predicted class is the actual one."""
        matrix, position = self._assessment.matrix, self._positions[row]
        return bool(matrix.actual[position] == matrix.predicted[position])

    def read(self, rows: Sequence[int]) -> list[ReadImage]:
        """Return originals, each source opened once. Raises DataError for a source that is gone."""
        found = self._read(rows)
        return [ReadImage(self._shown(image), origin) for image, origin in found]

    def origins(self, rows: Sequence[int], _: JobContext) -> list[str]:
        """Return where images come from, see ImageReader.origin. Raises DataError for a source that is gone."""
        predictions, positions = self._assessment.predictions, self._positions[np.asarray(rows, np.intp)]
        pairs = zip(predictions.source[positions].tolist(), predictions.index[positions].tolist(), strict=True)
        return [self._reader(source).origin(index) for source, index in pairs]

    def common_levels(self, _: JobContext) -> Levels:
        """Return grey levels that suit all images, from some of them. Raises DataError for a source that is gone."""
        rows = np.unique(np.linspace(0, len(self) - 1, min(len(self), _SAMPLE)).astype(np.intp))
        return display_range([image for image, _ in self._read(rows.tolist())])

    def detail(self, row: int, _: JobContext) -> ImageDetail:
        """Return everything about one image. Raises DataError for a source that is gone."""
        predictions, card = self._assessment.predictions, self._assessment.card
        position = int(self._positions[row])
        source, index = int(predictions.source[position]), int(predictions.index[position])
        reader = self._reader(source)
        original, centre = reader.read([index])[0], reader.positions([index])[0]
        chosen = reader.read([index], card.image.channel_names)[0]
        fitted = fit_image(chosen, (centre[0], centre[1]), card.image, predictions.zooms[source])
        features = read_features(reader, card.features.names, np.array([index]))[0]
        best = np.argsort(-predictions.probabilities[position], kind="stable")[:_CLASSES_SHOWN]
        values = [f"{card.class_names[i]} {predictions.probabilities[position, i]:.4f}" for i in best]
        return ImageDetail(
            self._shown(original), self._shown(fitted), reader.origin(index), self.caption(row), " · ".join(values),
            fitted, features, int(self._assessment.matrix.predicted[position]),
        )  # fmt: skip

    def _shown(self, image: Pixels) -> NDArray[np.uint8]:
        return to_display(image, self._levels or display_range([image]))

    def _read(self, rows: Sequence[int]) -> list[tuple[Pixels, str]]:
        positions = self._positions[np.asarray(rows, np.intp)]
        predictions = self._assessment.predictions
        found: dict[int, tuple[Pixels, str]] = {}
        for source in np.unique(predictions.source[positions]).tolist():
            chosen = positions[predictions.source[positions] == source]
            reader, indices = self._reader(source), predictions.index[chosen]
            images = reader.read(indices)
            for position, index, image in zip(chosen.tolist(), indices.tolist(), images, strict=True):
                found[position] = image, reader.origin(index)
        return [found[position] for position in positions.tolist()]

    def _reader(self, source: int) -> ImageReader:
        # Several jobs may ask at once.
        with self._lock:
            if source not in self._readers:
                # A reader may keep hundreds of megabytes of decoded images.
                if len(self._readers) >= _MOST_READERS:
                    del self._readers[next(iter(self._readers))]
                self._readers[source] = reopen(self._assessment.predictions.sources[source])
            return self._readers[source]


def _sorted(
    assessment: Assessment, certainty: NDArray[np.float32], positions: NDArray[np.intp], sorting: Sorting
) -> NDArray[np.intp]:
    if sorting is Order.AS_LISTED:
        return positions
    if sorting is Order.AS_IN_DATA:
        return np.sort(positions)
    if isinstance(sorting, Order):
        keys = certainty[positions] * (-1 if sorting is Order.MOST_CERTAIN else 1)
    else:
        keys = -assessment.predictions.probabilities[positions, sorting]
    return positions[np.argsort(keys, kind="stable")]
