"""Train one network on several devices at once, with the numbers of one device."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.normalize import Normalization
from aid_desktop.models.layers import all_layers
from aid_desktop.models.strategies import without_workers
from aid_desktop.training.blocks import Block
from aid_desktop.training.fit import BlockFitter

if TYPE_CHECKING:
    import keras

# The random states of two replicas lie so far apart that they never meet: an epoch has fewer steps than that.
_SEEDS_APART = 2**24


def make_fitter(
    model: "keras.Model",
    input_shape: tuple[int, int, int],
    normalization: Normalization,
    pixel_type: str,
    n_features: int = 0,
) -> BlockFitter:
    """Return what trains a model on the devices in force: within a strategy's scope, on all of its replicas."""
    import tensorflow as tf

    kind = ReplicaFitter if tf.distribute.has_strategy() else BlockFitter
    return kind(model, input_shape, normalization, pixel_type, n_features)


class ReplicaFitter(BlockFitter):
    """A BlockFitter whose batches are shared out among the replicas of the strategy in whose scope it is made.

    Every replica has the whole block and takes its share of each batch, in order. Steps are those of one device with
    the whole batch, whether it divides evenly or not; but a batch normalization sees the share of its replica. Its
    moving statistics are averaged over the replicas after each block.
    """

    def __init__(
        self,
        model: "keras.Model",
        input_shape: tuple[int, int, int],
        normalization: Normalization,
        pixel_type: str = "uint8",
        n_features: int = 0,
    ) -> None:
        import tensorflow as tf

        self._strategy = tf.distribute.get_strategy()
        self._has_workers = isinstance(self._strategy, tf.distribute.MultiWorkerMirroredStrategy)
        super().__init__(model, input_shape, normalization, pixel_type, n_features)

    def _variable(self, value: NDArray[Any]) -> Any:
        # Workers cannot send each other the first value where it has 8 or 16 bits, and need not.
        return without_workers(partial(super()._variable, value))

    def trace_anew(self) -> None:
        """Make new graph functions."""
        import tensorflow as tf

        super().trace_anew()
        statistics = self._moving_statistics()

        def average() -> None:
            context = tf.distribute.get_replica_context()
            for variable in statistics:
                variable.assign(context.all_reduce(tf.distribute.ReduceOp.MEAN, variable.value + 0.0))

        self._average = tf.function(lambda: self._strategy.run(average), autograph=False) if statistics else None

    def fit_block(
        self,
        block: Block,
        batch_size: int,
        between: Callable[[int], bool],
        metrics_from_zero: bool,
        rates: NDArray[np.float32] | None = None,
    ) -> bool:
        """Train on one block as BlockFitter does, and make the moving statistics of all replicas the same."""
        is_whole = super().fit_block(block, batch_size, between, metrics_from_zero, rates)
        if self._average is not None:
            self._average()
        return is_whole

    def measure_statistics(self, batch_size: int) -> None:
        """Measure the moving statistics as BlockFitter does, and make those of all replicas the same."""
        super().measure_statistics(batch_size)
        if self._moving and self._average is not None:
            self._average()

    def progress(self) -> dict[str, float]:
        """Return the metrics of the first replica here: workers need not all ask for it at the same time."""
        results = self._strategy.run(self._model.get_metrics_result)
        return {name: float(self._strategy.experimental_local_results(value)[0]) for name, value in results.items()}

    def set_seed(self, state: "keras.Variable", value: Sequence[int]) -> None:
        """Set the random state of a layer, another one on each replica."""
        import tensorflow as tf

        def assign() -> None:
            replica = tf.cast(_replica(), state.dtype)
            state.assign(tf.constant(list(value), state.dtype) + tf.stack([0 * replica, replica * _SEEDS_APART]))

        self._strategy.run(assign)

    def _run(self, function: Any, n_images: int, batch_size: int, between: Callable[[int], bool]) -> bool:
        if not self._has_workers:
            return super()._run(function, n_images, batch_size, between)

        def tell(done: int) -> bool:
            # The others would wait for a worker that leaves an epoch.
            between(done)
            return True

        return super()._run(function, n_images, batch_size, tell)

    def _steps_per_call(self, function: Any) -> int:
        # Workers find each other's gradients by their turn in the loop of a call, so their calls must be equally long;
        # what is left to time differs between them, and each would wait for ever.
        return 1 if self._has_workers else super()._steps_per_call(function)

    def _moving_statistics(self) -> "list[keras.Variable]":
        # What is frozen does not move.
        layers = (layer for layer in all_layers(self._model) if layer.trainable and not hasattr(layer, "layers"))
        return [v for layer in layers for v in layer.non_trainable_variables if "float" in str(v.dtype)]

    def _train_batch(self, begin: Any, end: Any) -> None:
        self._share_out(self._train_share, begin, end)

    def _test_batch(self, begin: Any, end: Any) -> None:
        self._share_out(self._test_share, begin, end)

    def _forward_batch(self, begin: Any, end: Any) -> None:
        self._share_out(self._forward_share, begin, end)

    def _forward_share(self, begin: Any, n_images: Any) -> None:
        (images, _, _), _ = self._share(begin, n_images)
        self._model(images, training=True)

    def _share_out(self, step: Callable[[Any, Any], None], begin: Any, end: Any) -> None:
        import tensorflow as tf

        n_images = tf.minimum(end, tf.shape(self._images)[0]) - begin
        self._strategy.run(step, args=(begin, n_images))

    def _train_share(self, begin: Any, n_images: Any) -> None:
        """Keras' `train_step`, with the gradient weighted by how large the share is."""
        import tensorflow as tf

        model, optimizer = self._model, self._model.optimizer
        batch, n_mine = self._share(begin, n_images)
        images, labels, weights = batch
        # Keras takes the mean over the replicas of the mean over each one's images.
        size = tf.cast(n_mine * self._strategy.num_replicas_in_sync, tf.float32) / tf.cast(n_images, tf.float32)
        with tf.GradientTape() as tape:
            probabilities = model(images, training=True)
            loss = model.compute_loss(
                x=images, y=labels, y_pred=_with_gradient(probabilities, size), sample_weight=weights, training=True
            )
            scaled = optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, model.trainable_weights)
        optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
        self._note(loss, probabilities, batch, n_mine)

    def _test_one(self) -> None:
        # On every replica, since a variable is made on all of them or none.
        self._strategy.run(lambda: self._test_mine(self._batch(0, 1), 1))

    def _test_share(self, begin: Any, n_images: Any) -> None:
        self._test_mine(*self._share(begin, n_images))

    def _test_mine(self, batch: tuple[Any, Any, Any], n_mine: Any) -> None:
        images, labels, weights = batch
        probabilities = self._model(images, training=False)
        loss = self._model.compute_loss(x=images, y=labels, y_pred=probabilities, sample_weight=weights, training=False)
        self._note(loss, probabilities, batch, n_mine)

    def _share(self, begin: Any, n_images: Any) -> tuple[tuple[Any, Any, Any], Any]:
        """Return this replica's part of a batch and how many images of it count.

        A replica that is left without any gets one that does not count: nothing has no mean.
        """
        import tensorflow as tf

        replica, n_replicas = _replica(), self._strategy.num_replicas_in_sync
        first = begin + n_images * replica // n_replicas
        n_mine = begin + n_images * (replica + 1) // n_replicas - first
        return self._batch(first, first + tf.maximum(n_mine, 1)), n_mine

    def _note(self, loss: Any, probabilities: Any, batch: tuple[Any, Any, Any], n_mine: Any) -> None:
        import tensorflow as tf

        images, labels, weights = batch

        def note() -> Any:
            # The first one is Keras' mean of the loss, of which each replica has its part.
            self._model.metrics[0].update_state(loss * self._strategy.num_replicas_in_sync, sample_weight=n_mine)
            self._model.compute_metrics(images, labels, probabilities, sample_weight=weights)
            return tf.constant(True)

        tf.cond(n_mine > 0, note, lambda: tf.constant(False))


def _replica() -> Any:
    import tensorflow as tf

    return tf.cast(tf.distribute.get_replica_context().replica_id_in_sync_group, tf.int32)


def _with_gradient(values: Any, factor: Any) -> Any:
    """Return the values, whose gradient is multiplied by a factor."""
    import tensorflow as tf

    factor = tf.cast(factor, values.dtype)
    return tf.stop_gradient(values * (1 - factor)) + values * factor
