"""What the layers of Keras 1 and 2 are called in Keras 3, and which of their settings it takes.

Only names and numbers are read from a file: nothing in it is executed, and what is not listed here is refused by name.
Renamed arguments: Keras 2.0 release notes, and `keras/legacy/interfaces.py` of Keras 2.2.
"""

from collections.abc import Mapping
from typing import Any

from aid_desktop.errors import ModelError

Config = Mapping[str, Any]

_WEIGHTS = ("initializer", "regularizer", "constraint")
_KERNEL = {f"{part}_{what}" for part in ("kernel", "bias") for what in _WEIGHTS} | {"use_bias", "activation"}
_WINDOW = {"kernel_size", "strides", "padding", "dilation_rate"} | _KERNEL
_DEPTHWISE = {f"depthwise_{what}" for what in _WEIGHTS} | {"depth_multiplier"}
_POOL = {"pool_size", "strides", "padding"}
_NORM = {f"{part}_{what}" for part in ("gamma", "beta") for what in _WEIGHTS} | {"axis", "epsilon", "center", "scale"}

SETTINGS: Mapping[str, set[str]] = {
    "Activation": {"activation"},
    "Add": set(),
    "AlphaDropout": {"rate"},
    "Average": set(),
    "AveragePooling2D": _POOL,
    "BatchNormalization": _NORM | {"momentum", "moving_mean_initializer", "moving_variance_initializer"},
    "Concatenate": {"axis"},
    "Conv2D": _WINDOW | {"filters", "groups"},
    "Conv2DTranspose": _WINDOW | {"filters", "output_padding"},
    "Cropping2D": {"cropping"},
    "Dense": _KERNEL | {"units"},
    "DepthwiseConv2D": (_WINDOW | _DEPTHWISE) - {f"kernel_{what}" for what in _WEIGHTS},
    "Dropout": {"rate", "noise_shape"},
    "ELU": {"alpha"},
    "Flatten": set(),
    "GaussianDropout": {"rate"},
    "GaussianNoise": {"stddev"},
    "GlobalAveragePooling2D": {"keepdims"},
    "GlobalMaxPooling2D": {"keepdims"},
    "LayerNormalization": _NORM,
    "LeakyReLU": {"negative_slope"},
    "MaxPooling2D": _POOL,
    "Maximum": set(),
    "Minimum": set(),
    "Multiply": set(),
    "PReLU": {f"alpha_{what}" for what in _WEIGHTS} | {"shared_axes"},
    "Permute": {"dims"},
    "ReLU": {"max_value", "negative_slope", "threshold"},
    "Rescaling": {"scale", "offset"},
    "Reshape": {"target_shape"},
    "SeparableConv2D": (_WINDOW | _DEPTHWISE | {"filters"} | {f"pointwise_{what}" for what in _WEIGHTS})
    - {f"kernel_{what}" for what in _WEIGHTS},
    "Softmax": {"axis"},
    "SpatialDropout2D": {"rate"},
    "Subtract": set(),
    "UpSampling2D": {"size", "interpolation"},
    "ZeroPadding2D": {"padding"},
}
"""The layers that can be rebuilt and the settings of each that matter, `name` and `trainable` aside."""

NETWORKS = ("Sequential", "Model", "Functional")

_CLASS_NAMES = {
    "AtrousConvolution2D": "Conv2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Convolution2D": "Conv2D",
    "SeparableConvolution2D": "SeparableConv2D",
    "ThresholdedReLU": "ReLU",
}
_MERGES = {
    "sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "concat": "Concatenate",
}  # fmt: skip
_KEYS = {
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
    "atrous_rate": "dilation_rate",
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "beta_init": "beta_initializer",
    "bias": "use_bias",
    "border_mode": "padding",
    "concat_axis": "axis",
    "depthwise_init": "depthwise_initializer",
    "dim_ordering": "data_format",
    "gamma_init": "gamma_initializer",
    "init": "kernel_initializer",
    "nb_filter": "filters",
    "output_dim": "units",
    "p": "rate",
    "pointwise_init": "pointwise_initializer",
    "sigma": "stddev",
    "subsample": "strides",
    "theta": "threshold",
}
# The same words have other meanings in these layers.
_OWN_KEYS = {
    "LeakyReLU": {"alpha": "negative_slope"},
    "PReLU": {"init": "alpha_initializer"},
    "UpSampling2D": {},
}

# Not hard_sigmoid: it was 0.2 x + 0.5 between its ends, in Keras 3 it is x / 6 + 0.5.
ACTIVATIONS = frozenset({
    "elu", "exponential", "gelu", "leaky_relu", "linear", "relu", "relu6", "selu", "sigmoid", "silu",
    "softmax", "softplus", "softsign", "swish", "tanh",
})  # fmt: skip
INITIALIZERS = frozenset({
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "LecunNormal", "LecunUniform",
    "Ones", "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "Zeros",
})  # fmt: skip
_INITIALIZER_ALIASES = {"uniform": "RandomUniform", "normal": "RandomNormal", "one": "Ones", "zero": "Zeros"}
_CONSTRAINTS = {
    "MaxNorm": {"max_value", "axis"},
    "MinMaxNorm": {"min_value", "max_value", "rate", "axis"},
    "NonNeg": set[str](),
    "UnitNorm": {"axis"},
}
_CONSTRAINT_KEYS = {"m": "max_value"}


def translate(class_name: str, config: Config) -> tuple[str, dict[str, Any]]:
    """Return the name of the layer in `keras.layers` of Keras 3 and its arguments.

    Initializers, regularizers and constraints are pairs of a name and arguments. Raises ModelError, as the end of a
    sentence that begins with the file's name.
    """
    name = str(config.get("name", ""))
    wanted = _class_of(class_name, config, name)
    known = SETTINGS[wanted]
    renamed = {_key(class_name, key): value for key, value in config.items()}
    _check(wanted, renamed, name)
    if "nb_row" in config:
        renamed["kernel_size"] = (config["nb_row"], config["nb_col"])
    settings = {key: _value(key, value, name) for key, value in renamed.items() if key in known}
    settings = {key: value for key, value in settings.items() if value is not None}
    if wanted == "BatchNormalization" and isinstance(settings.get("axis"), tuple):
        # tf.keras writes the axis as a list.
        (settings["axis"],) = settings["axis"]
    return wanted, {**settings, "name": layer_name(name), "trainable": bool(config.get("trainable", True))}


def layer_name(name: str) -> str:
    """Return the layer's name as Keras 3 takes it: without strokes."""
    return name.replace("/", "_")


def input_shape(config: Config) -> tuple[int | None, ...] | None:
    """Return (height, width, channels) that a first layer was built for; None if the configuration does not say."""
    shape = config.get("batch_input_shape") or config.get("batch_shape")
    return tuple(shape[1:]) if shape else None


def _class_of(class_name: str, config: Config, name: str) -> str:
    if class_name == "Merge":
        mode = str(config.get("mode"))
        if mode not in _MERGES or config.get("mode_type", "raw") != "raw":
            raise ModelError(f"has a layer Merge ({name}) of the mode {mode}, which cannot be rebuilt: {_ADVICE}")
        return _MERGES[mode]
    wanted = _CLASS_NAMES.get(class_name, class_name)
    if wanted in SETTINGS:
        return wanted
    if class_name in ("Lambda", "TFOpLambda", "SlicingOpLambda"):
        raise ModelError(
            f"has a layer {class_name} ({name}), which holds code of the program that made it; such code is never "
            f"run: {_ADVICE}"
        )
    raise ModelError(f"has a layer of the type {class_name} ({name}), which cannot be rebuilt: {_ADVICE}")


_ADVICE = "save the model from Keras 3 as a .keras file without such a layer, or train an architecture of the zoo"


def _key(class_name: str, key: str) -> str:
    own = _OWN_KEYS.get(class_name, {})
    return own.get(key, _KEYS.get(key, key))


def _check(wanted: str, config: Config, name: str) -> None:
    """Raise ModelError for what would silently give other numbers."""
    if config.get("data_format") in ("channels_first", "th"):
        raise ModelError(
            f"has a layer {wanted} ({name}) that takes the channels first, as Theano has them; AID Desktop takes "
            "channels last: convert the model with the program that made it"
        )
    if wanted == "BatchNormalization" and config.get("mode", 0) != 0:
        raise ModelError(
            f"has a layer BatchNormalization ({name}) of the mode {config['mode']}, which Keras has had in version 1 "
            f"only: {_ADVICE}"
        )


def _value(key: str, value: Any, name: str) -> Any:
    if key.endswith("_initializer"):
        return _initializer(value, name)
    if key.endswith("_regularizer"):
        return _regularizer(value, name)
    if key.endswith("_constraint"):
        return _constraint(value, name)
    if key == "activation":
        if value is not None and (not isinstance(value, str) or value not in ACTIVATIONS):
            raise ModelError(f"has a layer {name} with the activation {value!r}, which cannot be rebuilt: {_ADVICE}")
        return value
    return _tuples(value)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _parts(value: Any) -> tuple[str, dict[str, Any]]:
    """Return name and arguments of what Keras 1 writes as {"name", ...} or a word, and Keras 2 with a "config"."""
    if isinstance(value, str):
        return value, {}
    if "class_name" in value:
        return str(value["class_name"]), dict(value.get("config") or {})
    return str(value.get("name")), {key: each for key, each in value.items() if key != "name"}


def _initializer(value: Any, name: str) -> tuple[str, dict[str, Any]] | None:
    if value is None:
        return None
    word, settings = _parts(value)
    wanted = _INITIALIZER_ALIASES.get(word) or "".join(
        part if part[:1].isupper() else part.capitalize() for part in word.split("_")
    )
    if wanted not in INITIALIZERS:
        raise ModelError(f"has a layer {name} with the initializer {word}, which cannot be rebuilt: {_ADVICE}")
    settings.pop("dtype", None)
    if settings.get("distribution") == "normal":
        settings["distribution"] = "truncated_normal"
    return wanted, settings


def _regularizer(value: Any, name: str) -> tuple[str, dict[str, Any]] | None:
    if value is None:
        return None
    word, settings = _parts(value)
    if word.lower() not in ("l1", "l2", "l1l2", "l1_l2", "weightregularizer", "l1l2regularizer"):
        raise ModelError(f"has a layer {name} with the regularizer {word}, which cannot be rebuilt: {_ADVICE}")
    return "L1L2", {key: float(settings.get(key) or 0) for key in ("l1", "l2")}


def _constraint(value: Any, name: str) -> tuple[str, dict[str, Any]] | None:
    if value is None:
        return None
    word, settings = _parts(value)
    if word not in _CONSTRAINTS:
        raise ModelError(f"has a layer {name} with the constraint {word}, which cannot be rebuilt: {_ADVICE}")
    renamed = {_CONSTRAINT_KEYS.get(key, key): each for key, each in settings.items()}
    return word, {key: each for key, each in renamed.items() if key in _CONSTRAINTS[word]}
