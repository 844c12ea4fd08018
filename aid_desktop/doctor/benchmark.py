"""How many images LeNet-5 trains on and classifies in a second here, measured in a process of its own.

TensorFlow takes another number of threads, and a limit of memory, only before it computes for the first time: a
benchmark inside the program would take that choice from the runs to come.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from aid_desktop.data.normalize import Normalization
from aid_desktop.errors import AidError, StoppedError
from aid_desktop.long_work import ShouldStop, in_own_process
from aid_desktop.models.build import compile_model
from aid_desktop.models.devices import computes_on_gpu, device_scope
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.onnx_cache import OnnxCache
from aid_desktop.models.predict import Predictor
from aid_desktop.models.zoo import find_zoo, load_zoo
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training.auto_precision import noise_block, training_speed
from aid_desktop.training.replicas import make_fitter

ARCHITECTURE = "LeNet5_do"
_IMAGE = ImageSettings(width=32, height=32, channels="gray")
_N_CLASSES = 10
_BATCH_SIZE = 128
_N_IMAGES = 1024
_TRAIN_S, _CLASSIFY_S = 3.0, 2.0
_PATIENCE_S = 90.0
"""To load TensorFlow from a slow disk takes most of it."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Images of 32 × 32 gray pixels per second, and what computed; 0 if `problem` says why it was not measured."""

    training: float = 0.0
    classification: float = 0.0
    device: str = ""
    engine: str = ""
    problem: str = ""


def run_benchmark(should_stop: ShouldStop = lambda: False, zoo: Path | None = None) -> Benchmark:
    """Measure for five seconds, besides the time to load TensorFlow in another process and to build the network."""
    end = time.monotonic() + _PATIENCE_S
    try:
        return in_own_process(
            measure, (find_zoo(zoo), _TRAIN_S, _CLASSIFY_S), lambda: should_stop() or time.monotonic() > end
        )
    except StoppedError:
        return Benchmark(problem="stopped" if should_stop() else f"no result within {_PATIENCE_S:.0f} s")
    except AidError as error:
        return Benchmark(problem=str(error))


def measure(zoo: Path, train_s: float, classify_s: float) -> Benchmark:
    """Measure in this process, on the device that `auto` chooses. Raises AidError if model_zoo.py lacks LeNet-5."""
    shape = _IMAGE.input_shape
    normalization = Normalization("divide_by_255")
    with device_scope(DeviceSettings()), TemporaryDirectory(prefix="aid-desktop-doctor-") as folder:
        device = "gpu:0" if computes_on_gpu() else "cpu"
        model = load_zoo(zoo).build(ARCHITECTURE, shape, _N_CLASSES)
        compile_model(model, HyperParameters())
        block = noise_block(_N_IMAGES, shape, _N_CLASSES)
        trained = training_speed(make_fitter(model, shape, normalization, "uint8"), block, _BATCH_SIZE, train_s)
        names = tuple(map(str, range(_N_CLASSES)))
        card = ModelCard(names, _IMAGE, normalization, ARCHITECTURE, 0, 0)
        # The user's cache is for networks of the user's.
        predictor = Predictor(model, card, cache=OnnxCache(Path(folder)))
        predictor.predict(block.images)
        best, end = 0.0, time.perf_counter() + classify_s
        while not best or time.perf_counter() < end:
            start = time.perf_counter()
            predictor.predict(block.images)
            best = max(best, _N_IMAGES / max(time.perf_counter() - start, 1e-9))
        return Benchmark(trained, best, device, predictor.engine_name)
