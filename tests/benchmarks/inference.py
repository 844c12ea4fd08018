"""Classification against `keras.predict`: one image, batches, and files from the first chunk to the last.

Prints one JSON line per figure. LeNet5_do for 32 × 32 grey pixels; `keras.predict` and the compiled function get their
images normalized already, ours come as they were recorded. The files are 250 × 80 pixels large and cut to 32 × 32;
their rivals read the same images and do nothing with them: HDF5 on one core, `read_rows` on all. With `--best` the
quickest rounds are shown as well, which tell more where others use the machine.
"""

import argparse
import math
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from _figures import show
from disk import IMAGE, decode, timed, write_stack

from aid_desktop.data.formats import open_source
from aid_desktop.data.hdf5 import READ_BYTES, open_hdf5, read_rows
from aid_desktop.data.normalize import Normalization
from aid_desktop.evaluation.assess import predict_sources
from aid_desktop.models.devices import warm_up
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.predict import BATCH_SIZE, KerasEngine, Predictor, shapes_of
from aid_desktop.models.zoo import find_zoo, load_zoo

N_CLASSES = 5
KERAS_BATCH = 32
PERCENTILES = (("median", 50), ("95th percentile", 95), ("99th percentile", 99))
LIMIT = 15_000

Calls = dict[str, tuple[Callable[[], object], int]]
"""What is called, by name, and how often in a round."""


def make_model() -> LoadedModel:
    """Return the network with random weights and a card that fits."""
    warm_up()
    import keras

    keras.utils.set_random_seed(0)
    model = load_zoo(find_zoo()).build("LeNet5_do", IMAGE.input_shape, N_CLASSES)
    names = tuple(f"class {number}" for number in range(N_CLASSES))
    card = ModelCard(names, IMAGE, Normalization("divide_by_255"), "LeNet5_do", 0, 0)
    return LoadedModel(model, card, Path("benchmark.keras"))


def take_turns(calls: Calls, rounds: int) -> dict[str, list[list[float]]]:
    """Return for each of the calls, which take turns, the seconds of its calls in each round."""
    for call, _ in calls.values():
        for _ in range(3):
            call()
    taken: dict[str, list[list[float]]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, (call, n) in calls.items():
            taken[name].append([timed(call) for _ in range(n)])
    return taken


def over_rounds(rounds: Sequence[list[float]], percentile: float, best: bool = False) -> float:
    """Return the median (or the least) over the rounds of a percentile within each."""
    values = [float(np.percentile(seconds, percentile)) for seconds in rounds]
    return min(values) if best else statistics.median(values)


def measure_one(loaded: LoadedModel, rounds: int, best: bool) -> None:
    """Compare the time for one image."""
    image = np.random.default_rng(0).integers(0, 256, (1, *IMAGE.input_shape), np.uint8)
    ready = loaded.card.normalization.apply(image)
    predictor = Predictor(loaded.model, loaded.card)
    function = KerasEngine(loaded.model, shapes_of(loaded.card))
    taken = take_turns(
        {
            "ours": (lambda: predictor.predict(image), 1000),
            "compiled Keras function": (lambda: function.run([ready]), 200),
            "keras.predict": (lambda: loaded.model.predict(ready, verbose=0), 10),
        },
        rounds,
    )
    for is_best in (False, True)[: 1 + best]:
        note = ", best round" if is_best else ""
        for title, percentile in PERCENTILES:
            values = {name: 1000 * over_rounds(taken[name], percentile, is_best) for name in taken}
            for rival in ("keras.predict", "compiled Keras function"):
                show(f"one image, {title}{note}", values["ours"], "ms", rival, values[rival])
        speeds = {name: 1 / over_rounds(taken[name], 50, is_best) for name in taken}
        for rival in ("keras.predict", "compiled Keras function"):
            show(f"one image, speed{note}", speeds["ours"], "images/s", rival, speeds[rival])


def measure_batches(loaded: LoadedModel, n_images: int, rounds: int, best: bool) -> None:
    """Compare the time for so many images in memory."""
    images = np.random.default_rng(0).integers(0, 256, (n_images, *IMAGE.input_shape), np.uint8)
    ready = loaded.card.normalization.apply(images)
    predictor = Predictor(loaded.model, loaded.card)
    function = KerasEngine(loaded.model, shapes_of(loaded.card))

    def run_function() -> None:
        for start in range(0, n_images, BATCH_SIZE):
            function.run([ready[start : start + BATCH_SIZE]])

    n_calls = max(1, 2048 // n_images)
    taken = take_turns(
        {
            "ours": (lambda: predictor.predict(images), n_calls),
            "compiled Keras function": (run_function, n_calls),
            "keras.predict": (lambda: loaded.model.predict(ready, batch_size=KERAS_BATCH, verbose=0), n_calls),
        },
        rounds,
    )
    for is_best in (False, True)[: 1 + best]:
        speeds = {name: n_images / over_rounds(taken[name], 50, is_best) for name in taken}
        for rival in ("keras.predict", "compiled Keras function"):
            show(f"{n_images} images{', best round' * is_best}", speeds["ours"], "images/s", rival, speeds[rival])


def measure_files(loaded: LoadedModel, folder: Path, n_images: int, rounds: int, best: bool) -> None:
    """Compare the time from a file to the probabilities with reading alone, by HDF5 and on all cores."""
    for compression in ("zstd", "gzip"):
        path = folder / f"{compression}.rtdc"
        write_stack(path, n_images, compression)
        reader = open_source(path)
        source = reader.source
        taken = take_turns(
            {
                "ours": (lambda source=source: predict_sources(loaded, [source]), 1),
                "reading alone": (lambda reader=reader: decode(reader), 1),
                "read_rows": (lambda path=path: read_all(path), 1),
            },
            rounds,
        )
        for is_best in (False, True)[: 1 + best]:
            speeds = {name: n_images / over_rounds(taken[name], 50, is_best) for name in taken}
            name = f"from a {compression} file{', best round' * is_best}"
            for rival in ("reading alone", "read_rows"):
                show(name, speeds["ours"], "images/s", rival, speeds[rival])
            if compression == "zstd":
                show(name, speeds["ours"], "images/s", "goal", LIMIT)
        path.unlink()


def read_all(path: Path) -> None:
    """Read and decompress a file as classification does, a block at a time, and keep nothing."""
    with open_hdf5(path) as file:
        images = file["events/image"]
        n_together = max(1, READ_BYTES // (images.dtype.itemsize * math.prod(images.shape[1:])))
        for start in range(0, len(images), n_together):
            read_rows(images, np.arange(start, min(start + n_together, len(images))))


def measure_first(loaded: LoadedModel, folder: Path) -> None:
    """Compare how long the first image takes that a program classifies, with and without a conversion."""
    from aid_desktop.models.onnx_cache import OnnxCache

    image = np.zeros((1, *IMAGE.input_shape), np.uint8)
    ready = loaded.card.normalization.apply(image)
    function = timed(lambda: KerasEngine(loaded.model, shapes_of(loaded.card)).run([ready]))
    for name in ("converting", "from the cache"):
        predictor = Predictor(loaded.model, loaded.card, cache=OnnxCache(folder / "networks"))
        seconds = timed(lambda predictor=predictor: predictor.predict(image))
        show(f"first image, {name}", seconds, "s", "compiled Keras function", function)


def main() -> None:
    """Measure everything in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--images", type=int, default=8192, help="images of the larger array")
    parser.add_argument("--events", type=int, default=20_000, help="images of the files")
    parser.add_argument("--best", action="store_true", help="show the quickest rounds too")
    parser.add_argument("--only", choices=("first", "one", "batch", "batches", "files"), help="measure this alone")
    chosen = parser.parse_args()
    loaded = make_model()
    with tempfile.TemporaryDirectory(prefix="aid-benchmark-") as name:
        parts = {
            "first": lambda: measure_first(loaded, Path(name)),
            "one": lambda: measure_one(loaded, chosen.rounds, chosen.best),
            "batch": lambda: measure_batches(loaded, BATCH_SIZE, chosen.rounds, chosen.best),
            "batches": lambda: measure_batches(loaded, chosen.images, chosen.rounds, chosen.best),
            "files": lambda: measure_files(loaded, Path(name), chosen.events, chosen.rounds, chosen.best),
        }
        for part, measure in parts.items():
            if chosen.only in (None, part):
                measure()


if __name__ == "__main__":
    main()
