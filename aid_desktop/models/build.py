"""Make a compiled network from an architecture, or from a saved model, and hyper-parameters."""

from typing import TYPE_CHECKING, Any

import numpy as np

from aid_desktop.errors import ModelError
from aid_desktop.models.layers import all_layers
from aid_desktop.models.optimizer import make_optimizer
from aid_desktop.models.partial import hold_units
from aid_desktop.settings.hyperparameters import HyperParameters

if TYPE_CHECKING:
    import keras

# Keras gives a Dropout layer of rate 0 no random state, so that a saved model could never get dropout again.
_NO_DROPOUT = 1e-7

_LOSS_CLASSES = {
    "categorical_crossentropy": "CategoricalCrossentropy",
    "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
    "binary_crossentropy": "BinaryCrossentropy",
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
    "categorical_hinge": "CategoricalHinge",
    "squared_hinge": "SquaredHinge",
    "hinge": "Hinge",
    "kl_divergence": "KLDivergence",
    "poisson": "Poisson",
}


def compile_model(
    model: "keras.Model",
    hyperparameters: HyperParameters,
    optimizer: "keras.optimizers.Optimizer | None" = None,
) -> None:
    """Compile with the loss and metrics asked for; `optimizer` keeps its state when it is given.

    Units that `set_trainable` holds stay as they are.
    Metrics are not weighted by class weights, see `measure_whole_labels` for labels that are not one-hot. Precision and
    recall come with F1, from whose counts they follow, see `measured`.
    """
    import keras

    loss = getattr(keras.losses, _LOSS_CLASSES[hyperparameters.loss])()
    metrics: list[Any] = [keras.metrics.CategoricalAccuracy(name="accuracy")]
    if "auc" in hyperparameters.metrics:
        metrics.append(keras.metrics.AUC(name="auc", multi_label=True, num_labels=model.output_shape[-1]))
    if {"precision", "recall", "f1"}.intersection(hyperparameters.metrics):
        metrics.append(keras.metrics.F1Score(name="f1", average="macro"))
    model.compile(optimizer=optimizer or make_optimizer(hyperparameters), loss=loss, metrics=metrics)
    hold_units(model)


def measure_whole_labels(model: "keras.Model") -> None:
    """Let metrics take the likeliest class of each label: smoothed and mixed labels are for the loss alone.

    Keras' area under the curve takes every label above 0 for a hit, and its F1 counts parts of hits.
    """
    import keras

    compute = model.compute_metrics

    def compute_metrics(x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        whole = keras.ops.one_hot(keras.ops.argmax(y, axis=-1), model.output_shape[-1], dtype="float32")
        return compute(x, whole, y_pred, sample_weight)

    model.compute_metrics = compute_metrics


def measured(model: "keras.Model") -> dict[str, float]:
    """Return `loss` and the metrics of a compiled model since they were last reset.

    Precision, recall and F1 are means over the classes; a class that is never predicted has the precision 0.
    """
    results = {name: float(value) for name, value in model.get_metrics_result().items()}
    counts = next((metric for metric in _metrics(model) if metric.name == "f1"), None)
    if counts is not None:
        hits, false_alarms, misses = (
            np.asarray(v) for v in (counts.true_positives, counts.false_positives, counts.false_negatives)
        )
        results["precision"] = float((hits / np.maximum(hits + false_alarms, 1)).mean())
        results["recall"] = float((hits / np.maximum(hits + misses, 1)).mean())
    return {"loss": results.pop("loss"), **results}


def _metrics(model: "keras.Model") -> "list[keras.metrics.Metric]":
    return [each for metric in model.metrics for each in getattr(metric, "metrics", [metric])]


def dropout_layers(model: "keras.Model") -> list["keras.layers.Layer"]:
    """Return all dropout layers in order, those of nested models included."""
    import keras

    kinds = (
        keras.layers.Dropout,
        keras.layers.SpatialDropout1D,
        keras.layers.SpatialDropout2D,
        keras.layers.AlphaDropout,
        keras.layers.GaussianDropout,
    )
    return [layer for layer in all_layers(model) if isinstance(layer, kinds)]


def set_dropout(model: "keras.Model", rates: tuple[float, ...]) -> None:
    """Set the rates of all dropout layers: one for all, or one for each.

    A step that was traced before goes on with the old rates: trace it anew. Raises ModelError when the
    number of rates does not fit.
    """
    layers = dropout_layers(model)
    if not rates:
        return
    if len(rates) not in (1, len(layers)):
        raise ModelError(
            f"training.dropout: got {len(rates)} numbers, the network has {len(layers)} dropout layers: "
            "give one number for all, or one for each"
        )
    wanted = list(zip(layers, rates * len(layers) if len(rates) == 1 else rates, strict=True))
    for layer, rate in wanted:
        if layer.rate == 0 and rate:
            raise ModelError(
                f"training.dropout: layer {layer.name} was built without dropout and cannot get it: "
                "give its Dropout a rate above 0 in model_zoo.py"
            )
    for layer, rate in wanted:
        layer.rate = max(rate, _NO_DROPOUT) if layer.rate else 0.0


def dropout_rates(model: "keras.Model") -> tuple[float, ...]:
    """Return the present rates of all dropout layers."""
    return tuple(float(layer.rate) for layer in dropout_layers(model))


def check_features_of(model: "keras.Model", n_features: int) -> None:
    """Check that a saved model takes so many features besides the image. Raises ModelError."""
    others = [tuple(item.shape[1:]) for item in model.inputs[1:]]
    if others != [(n_features,)] * bool(n_features):
        taken = others[0][0] if len(others) == 1 and len(others[0]) == 1 else len(others)
        raise ModelError(
            f"the model takes {taken} features besides the image, the run is set to {n_features} (image.features): "
            "choose those that it was trained with"
        )


def check_shapes(model: "keras.Model", input_shape: tuple[int, int, int], n_classes: int, n_features: int = 0) -> None:
    """Check that a saved model takes these images and features and gives these classes. Raises ModelError."""
    expected = tuple(model.inputs[0].shape[1:])
    check_features_of(model, n_features)
    if expected != input_shape:
        raise ModelError(
            f"the model takes images of {_text(expected)}, the run is set to {_text(input_shape)}: "
            "set width, height and channels as the model has them"
        )
    if model.output_shape[-1] != n_classes:
        raise ModelError(
            f"the model tells {model.output_shape[-1]} classes apart, the data have {n_classes}: "
            "choose an architecture instead, or data of the same classes"
        )


def _text(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
