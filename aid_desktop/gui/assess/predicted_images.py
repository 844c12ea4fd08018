"""Images of an assessment, in some order, as a gallery shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.display import display_range, to_display
from aid_desktop.data.formats import reopen
from aid_desktop.data.geometry import fit_image
from aid_desktop.data.source import ImageReader
from aid_desktop.gui.assess.assessment import Assessment
from aid_desktop.gui.background import JobContext
from aid_desktop.gui.widgets.image_items import ReadImage

_CLASSES_SHOWN = 5


class Order(StrEnum):
    """In which order images are shown. Certain: by the probability of the predicted class."""

    MOST_CERTAIN = "most certain first"
    LEAST_CERTAIN = "least certain first"
    AS_IN_DATA = "as in the data"


_MOST_READERS = 4


@dataclass(frozen=True, slots=True, eq=False)
class ImageDetail:
    """One image for the eye: original and as the network takes it, uint8 (H, W) or (H, W, 3); and in words."""

    original: NDArray[np.uint8]
    fitted: NDArray[np.uint8]
    origin: str
    caption: str
    probabilities: str


class PredictedImages:
    """ImageItems for some images of an assessment. `positions` (N,) count in its predictions."""

    is_ready = False

    def __init__(self, assessment: Assessment, positions: NDArray[np.intp], order: Order) -> None:
        predictions, matrix = assessment.predictions, assessment.matrix
        certainty = predictions.probability_of(matrix.predicted)
        self._assessment = assessment
        self._certainty = certainty
        self._positions = positions
        if order is not Order.AS_IN_DATA:
            sign = -1 if order is Order.MOST_CERTAIN else 1
            self._positions = positions[np.argsort(sign * certainty[positions], kind="stable")]
        self._readers: dict[int, ImageReader] = {}

    @property
    def positions(self) -> NDArray[np.intp]:
        """Positions in the predictions, (N,), in the order shown."""
        return self._positions

    def __len__(self) -> int:
        return len(self._positions)

    def caption(self, row: int) -> str:
        """Return for example `cat → dog 0.87`."""
        matrix, position = self._assessment.matrix, self._positions[row]
        names = matrix.class_names
        actual, predicted = names[matrix.actual[position]], names[matrix.predicted[position]]
        return f"{actual} → {predicted} {self._certainty[position]:.2f}"

    def is_correct(self, row: int) -> bool | None:
        """Return whether the predicted class is the actual one."""
        matrix, position = self._assessment.matrix, self._positions[row]
        return bool(matrix.actual[position] == matrix.predicted[position])

    def read(self, rows: Sequence[int]) -> list[ReadImage]:
        """Return originals, each source opened once. Raises DataError for a source that is gone."""
        positions = self._positions[np.asarray(rows, np.intp)]
        predictions = self._assessment.predictions
        found: dict[int, ReadImage] = {}
        for source in np.unique(predictions.source[positions]).tolist():
            chosen = positions[predictions.source[positions] == source]
            reader, indices = self._reader(source), predictions.index[chosen]
            images = reader.read(indices)
            for position, index, image in zip(chosen.tolist(), indices.tolist(), images, strict=True):
                found[position] = ReadImage(to_display(image, display_range([image])), reader.origin(index))
        return [found[position] for position in positions.tolist()]

    def detail(self, row: int, _: JobContext) -> ImageDetail:
        """Return everything about one image. Raises DataError for a source that is gone."""
        predictions, card = self._assessment.predictions, self._assessment.card
        position = int(self._positions[row])
        source, index = int(predictions.source[position]), int(predictions.index[position])
        reader = self._reader(source)
        original, centre = reader.read([index])[0], reader.positions([index])[0]
        chosen = reader.read([index], card.image.channel_names)[0]
        fitted = fit_image(chosen, (centre[0], centre[1]), card.image, predictions.zooms[source])
        original, fitted = (to_display(image, display_range([image])) for image in (original, fitted))
        best = np.argsort(-predictions.probabilities[position], kind="stable")[:_CLASSES_SHOWN]
        values = [f"{card.class_names[i]} {predictions.probabilities[position, i]:.4f}" for i in best]
        return ImageDetail(original, fitted, reader.origin(index), self.caption(row), " · ".join(values))

    def _reader(self, source: int) -> ImageReader:
        if source not in self._readers:
            # A reader may keep hundreds of megabytes of decoded images.
            if len(self._readers) >= _MOST_READERS:
                del self._readers[next(iter(self._readers))]
            self._readers[source] = reopen(self._assessment.predictions.sources[source])
        return self._readers[source]
