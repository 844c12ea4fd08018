"""Train and validate on blocks of images inside one graph function around Keras' own steps."""

import time
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.normalize import SMALLEST_STD, Normalization
from aid_desktop.errors import OutOfMemoryError
from aid_desktop.models.build import measure_whole_labels, measured
from aid_desktop.models.precision import computing_in
from aid_desktop.training.blocks import Block
from aid_desktop.training.graphs import release
from aid_desktop.training.image_store import ImageStore
from aid_desktop.training.statistics import measure_statistics, moving_normalizations

if TYPE_CHECKING:
    import keras

# Between calls into the graph the loop looks for stop and pause and tells its progress.
_SECONDS_PER_CALL = 0.1
_LARGEST_VALIDATION_BATCH = 256
_SAMPLE_IMAGES, _SAMPLE_BYTES = 1024, 16 * 2**20
"""At most so many training images, of so many bytes, are kept to measure the statistics of averaged weights on."""


class BlockFitter:
    """Runs Keras' `train_step` and `test_step` over a block held in graph variables.

    Looping inside a tf.function saves Keras' Python work per batch, which dominates for small networks. Losses,
    metrics, weights and regularizers stay Keras' own. Batch size is an argument of the graph: it costs no new trace.
    With `n_features` the network takes [images, features], and every block has standardized features.
    `n_traces` counts how often the training step was traced. `precision` is the number format that it computes in: set
    it before the step is traced. Validation always computes in float32.
    """

    def __init__(
        self,
        model: "keras.Model",
        input_shape: tuple[int, int, int],
        normalization: Normalization,
        pixel_type: str = "uint8",
        n_features: int = 0,
    ) -> None:
        self.n_traces = 0
        self._graphs: list[Any] = []
        weakref.finalize(self, release, self._graphs).atexit = False
        self._validation_batch = _LARGEST_VALIDATION_BATCH
        self.precision = "float32"
        self._sample: Block | None = None
        self._model = model
        measure_whole_labels(model)
        self._input_shape = input_shape
        self._normalization = normalization
        n_classes = model.output_shape[-1]
        # Variables of open length, so that the last, shorter block needs no second trace.
        self._images = self._variable(np.zeros((1, *input_shape), pixel_type))
        self._features = self._variable(np.zeros((1, n_features), np.float32)) if n_features else None
        self._labels = self._variable(np.full((1, n_classes), 1 / n_classes, np.float32))
        self._weights = self._variable(np.ones(1, np.float32))
        self._rates = self._variable(np.ones(1, np.float32))
        self.trace_anew()

    def _variable(self, value: NDArray[Any]) -> Any:
        import tensorflow as tf

        return tf.Variable(value, trainable=False, shape=(None, *value.shape[1:]))

    def trace_anew(self) -> None:
        """Make new graph functions: needed after a change that the traced ones have baked in."""
        import tensorflow as tf

        release(self._graphs)
        # Keras makes its metrics' variables at first use, which a loop inside a graph may not.
        self._model.optimizer.build(self._model.trainable_variables)
        self._test_one()
        self._steps_per_second: dict[Any, float] = {}
        self._train = tf.function(self._train_steps, autograph=False)
        self._test = tf.function(self._test_steps, autograph=False)
        self._forward = tf.function(self._forward_batch, autograph=False)
        self._moving = moving_normalizations(self._model)

    def fit_block(
        self,
        block: Block,
        batch_size: int,
        between: Callable[[int], bool],
        metrics_from_zero: bool,
        rates: NDArray[np.float32] | None = None,
    ) -> bool:
        """Train on one block; return False when it was left before its end. Raises OutOfMemoryError.

        `between` is called with the number of batches done, about ten times a second; it returns whether to go on.
        `rates` (n_batches,) are the learning rates of the batches; None leaves the one of the optimizer.
        """
        if metrics_from_zero:
            self._model.reset_metrics()
            self._sample = None
        self._keep_sample(block)
        self._assign(block)
        if rates is None:
            n_batches = -(-len(block.images) // batch_size)
            rates = np.full(n_batches, self._model.optimizer.learning_rate.numpy(), np.float32)
        self._rates.assign(rates)
        return self._run(self._train, len(block.images), batch_size, between)

    def measure_statistics(self, batch_size: int) -> None:
        """Measure the moving statistics for the weights in force, on images of the epoch that was trained last.

        Nothing is done in a network without averaged weights or batch normalization.
        """
        if self._sample is None or not self._moving:
            return
        self._assign(self._sample)
        n_images = len(self._sample.images)
        # A smaller rest would count as much as a whole batch.
        begins = range(0, max(1, n_images - batch_size + 1), batch_size)
        measure_statistics(self._moving, (partial(self._forward_one, begin, begin + batch_size) for begin in begins))

    def evaluate(
        self,
        images: ImageStore,
        labels: NDArray[np.intp],
        block_length: int,
        between: Callable[[int], bool],
        features: NDArray[np.float32] | None = None,
    ) -> dict[str, float] | None:
        """Return Keras' metrics over all images, or None when `between` said to leave.

        `features` (N, F) are standardized. Batches get smaller until they fit into memory. Raises OutOfMemoryError
        when not even one image does.
        """
        while True:
            try:
                return self._evaluate(images, labels, block_length, between, features)
            except OutOfMemoryError:
                if self._validation_batch == 1:
                    raise
                self._validation_batch //= 2

    def _evaluate(
        self,
        images: ImageStore,
        labels: NDArray[np.intp],
        block_length: int,
        between: Callable[[int], bool],
        features: NDArray[np.float32] | None,
    ) -> dict[str, float] | None:
        self._model.reset_metrics()
        one_hot = np.eye(self._model.output_shape[-1], dtype=np.float32)
        for start in range(0, len(images), block_length):
            part = slice(start, start + block_length)
            some = None if features is None else features[part]
            self._assign(Block(images[part], one_hot[labels[part]], np.ones(len(labels[part]), np.float32), some))
            if not self._run(self._test, len(labels[part]), self._validation_batch, between):
                return None
        return self.metrics()

    def set_seed(self, state: "keras.Variable", value: Sequence[int]) -> None:
        """Set the random state of a layer."""
        state.assign(list(value))

    def progress(self) -> dict[str, float]:
        """Return the metrics in the middle of an epoch."""
        return self.metrics()

    def metrics(self) -> dict[str, float]:
        """Return the metrics since they were last reset, `loss` first."""
        return measured(self._model)

    def _keep_sample(self, block: Block) -> None:
        """Keep the largest beginning of a block of the epoch."""
        most = max(1, min(_SAMPLE_IMAGES, _SAMPLE_BYTES // block.images[0].nbytes))
        kept = 0 if self._sample is None else len(self._sample.images)
        if self._moving and kept < most and len(block.images) > kept:
            self._sample = block.part(slice(0, most))

    def _forward_one(self, begin: int, end: int) -> None:
        import tensorflow as tf

        self._forward(tf.constant(begin, tf.int32), tf.constant(end, tf.int32))

    def _assign(self, block: Block) -> None:
        self._images.assign(block.images)
        if self._features is not None:
            self._features.assign(block.features)
        self._labels.assign(block.labels)
        self._weights.assign(block.weights)

    def _run(self, function: Any, n_images: int, batch_size: int, between: Callable[[int], bool]) -> bool:
        import tensorflow as tf

        n_steps = -(-n_images // batch_size)
        done = 0
        while done < n_steps:
            n_now = min(n_steps - done, self._steps_per_call(function))
            started = time.perf_counter()
            try:
                function(*(tf.constant(value, tf.int32) for value in (done, done + n_now, batch_size)))
            except tf.errors.ResourceExhaustedError as error:
                raise OutOfMemoryError(f"The device has too little memory for batches of {batch_size}") from error
            self._steps_per_second[function] = n_now / max(time.perf_counter() - started, 1e-6)
            done += n_now
            if not between(done):
                return False
        return True

    def _steps_per_call(self, function: Any) -> int:
        # One step where nothing is known yet: it traces, and may take long.
        return max(1, int(self._steps_per_second.get(function, 0.0) * _SECONDS_PER_CALL))

    def _train_steps(self, first: Any, last: Any, batch_size: Any) -> None:
        self.n_traces += 1
        learning_rate = self._model.optimizer.learning_rate

        def train_step(step: Any) -> None:
            learning_rate.assign(self._rates[step])
            self._train_batch(step * batch_size, (step + 1) * batch_size)

        with computing_in(self._model, self.precision):
            self._loop(train_step, first, last)

    def _test_steps(self, first: Any, last: Any, batch_size: Any) -> None:
        self._loop(lambda step: self._test_batch(step * batch_size, (step + 1) * batch_size), first, last)

    def _train_batch(self, begin: Any, end: Any) -> None:
        self._model.train_step(self._batch(begin, end))

    def _test_batch(self, begin: Any, end: Any) -> None:
        self._model.test_step(self._batch(begin, end))

    def _forward_batch(self, begin: Any, end: Any) -> None:
        self._model(self._batch(begin, end)[0], training=True)

    def _test_one(self) -> None:
        # One image is enough, and test_on_batch would trace a function of its own for it.
        self._test_batch(0, 1)

    def _loop(self, do_step: Callable[[Any], None], first: Any, last: Any) -> None:
        import tensorflow as tf

        def body(step: Any) -> tuple[Any]:
            do_step(step)
            return (step + 1,)

        # Written out, because AutoGraph needs source code, which a standalone program has not.
        tf.while_loop(lambda step: step < last, body, (first,), parallel_iterations=1)
        if not tf.executing_eagerly():
            self._graphs.append(tf.compat.v1.get_default_graph())

    def _batch(self, begin: Any, end: Any) -> tuple[Any, Any, Any]:
        images = self._images[begin:end]
        images.set_shape((None, *self._input_shape))
        inputs = self._normalize(images)
        if self._features is not None:
            features = self._features[begin:end]
            features.set_shape((None, self._features.shape[1]))
            inputs = [inputs, features]
        return inputs, self._labels[begin:end], self._weights[begin:end]

    def _normalize(self, images: Any) -> Any:
        """The same arithmetic as Normalization.apply, in the graph."""
        import tensorflow as tf

        values = tf.cast(images, tf.float32)
        match self._normalization.method:
            case "divide_by_255":
                return values / self._normalization.white
            case "standardize_each_image":
                mean, variance = tf.nn.moments(values, axes=[1, 2, 3], keepdims=True)
                return (values - mean) / tf.maximum(tf.sqrt(variance), SMALLEST_STD)
            case "standardize_training_set":
                return (values - self._normalization.mean) / self._normalization.std
            case _:
                return values
