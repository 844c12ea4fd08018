"""How a network learns."""

from dataclasses import dataclass
from typing import ClassVar

from aid_desktop.errors import SettingsError
from aid_desktop.settings.field import Cost, FieldInfo, Kind, bounded, choice, setting, switch, validate

OPTIMIZERS = ("adam", "adamw", "sgd", "rmsprop", "adagrad", "adadelta", "adamax", "nadam", "lion")
LOSSES = (
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "binary_crossentropy",
    "mean_squared_error",
    "mean_absolute_error",
    "categorical_hinge",
    "squared_hinge",
    "hinge",
    "kl_divergence",
    "poisson",
)
SCHEDULES = ("constant", "exponential", "cyclic", "one_cycle", "cosine", "reduce_on_plateau")
CYCLE_SHAPES = ("triangular", "triangular2", "exp_range")
METRICS = ("accuracy", "auc", "precision", "recall", "f1")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16", "auto")
OPTIMIZERS_WITH: dict[str, tuple[str, ...]] = {
    "momentum": ("sgd", "rmsprop"),
    "nesterov": ("sgd",),
    "beta_1": ("adam", "adamw", "adamax", "nadam", "lion"),
    "beta_2": ("adam", "adamw", "adamax", "nadam", "lion"),
    "rho": ("rmsprop", "adadelta"),
}
"""Which optimizers have a parameter; the others pay no heed to it."""
SCHEDULES_WITH: dict[str, tuple[str, ...]] = {
    "schedule_epochs": SCHEDULES[1:],
    "schedule_factor": ("exponential", "cyclic", "reduce_on_plateau"),
    "schedule_low": SCHEDULES[1:],
    "schedule_shape": ("cyclic",),
}
"""Likewise for schedules; of cycles, only those of the shape exp_range have a factor."""


@dataclass(frozen=True, slots=True)
class HyperParameters:
    """Optimizer, loss, sizes and weights; table `[training]` of run.toml."""

    SECTION: ClassVar[str] = "training"

    epochs: int = bounded(
        50,
        1,
        1_000_000,
        label="Epochs",
        help="How many times the network sees the training images. Can be raised or lowered while it trains. "
        "Typical: 50 to 500.",
    )
    batch_size: int = bounded(
        64,
        1,
        65_536,
        unit="images",
        label="Batch size",
        help="Number of images between two steps of the optimizer. Typical: 16 to 256.",
    )
    learning_rate: float = bounded(
        0.001,
        1e-9,
        10,
        step=0.0001,
        label="Learning rate",
        help="Size of the optimizer's steps. Typical: 0.0001 to 0.01; lower it when the curves jump.",
    )
    schedule: str = choice(
        "constant",
        SCHEDULES,
        label="Schedule",
        cost=Cost.FREE,
        help="How the learning rate changes by itself; the learning rate above is the highest one.",
    )
    schedule_epochs: int = bounded(
        10,
        1,
        1_000_000,
        unit="epochs",
        label="Schedule epochs",
        help="exponential: epochs until the rate is multiplied by the factor. cyclic: from the lowest to the highest "
        "rate. one_cycle, cosine: warm-up. reduce_on_plateau: epochs without a lower validation loss. "
        "Typical: 5 to 20 epochs.",
    )
    schedule_factor: float = bounded(
        0.5,
        0.01,
        1,
        step=0.05,
        unit="×",
        label="Schedule factor",
        help="exponential, reduce_on_plateau: what the rate is multiplied by. cyclic with exp_range: what the height "
        "of each next cycle is multiplied by. "
        "Typical: 0.1 to 0.9.",
    )
    schedule_low: float = bounded(
        0.01,
        0,
        1,
        step=0.01,
        unit="of the rate",
        label="Lowest rate",
        help="The lowest learning rate as a part of the highest one. Typical: 0.001 to 0.1.",
    )
    schedule_shape: str = choice(
        "triangular",
        CYCLE_SHAPES,
        label="Shape of cycles",
        cost=Cost.FREE,
        help="triangular: all cycles alike. triangular2: each half as high as the one before. exp_range: multiplied by "
        "the factor.",
    )
    optimizer: str = choice(
        "adam",
        OPTIMIZERS,
        label="Optimizer",
        cost=Cost.RECOMPILE,
        help="How steps are made from gradients. Adam is a good first choice.",
    )
    momentum: float = bounded(
        0.0,
        0,
        0.999,
        step=0.05,
        label="Momentum",
        cost=Cost.RECOMPILE,
        help="Share of the step before that is taken along. Typical for sgd: 0.9; 0: none.",
    )
    nesterov: bool = switch(
        False,
        label="Nesterov",
        cost=Cost.RECOMPILE,
        help="Look ahead by the momentum before the gradient is taken.",
    )
    beta_1: float = bounded(
        0.9,
        0,
        0.9999,
        step=0.01,
        label="Beta 1",
        cost=Cost.RECOMPILE,
        help="Decay of the average of gradients. Typical: 0.9.",
    )
    beta_2: float = bounded(
        0.999,
        0,
        0.99999,
        step=0.001,
        label="Beta 2",
        cost=Cost.RECOMPILE,
        help="Decay of the average of squared gradients. Typical: 0.999; for lion 0.99.",
    )
    rho: float = bounded(
        0.9,
        0,
        0.9999,
        step=0.01,
        label="Rho",
        cost=Cost.RECOMPILE,
        help="Decay of the average of squared gradients. Typical: 0.9; for adadelta 0.95.",
    )
    weight_decay: float = bounded(
        0.0,
        0,
        1,
        step=0.001,
        label="Weight decay",
        cost=Cost.RECOMPILE,
        help="Part of each weight that is taken off in a step of the rate 1, against overfitting. Typical: 0 to 0.01.",
    )
    clip_norm: float = bounded(
        0.0,
        0,
        1000,
        step=0.5,
        label="Clip gradients at",
        cost=Cost.RECOMPILE,
        help="Longest gradient of a step: longer ones are shortened, so that a bad batch does no harm. 0: off. "
        "Typical: 1 to 5.",
    )
    loss: str = choice(
        "categorical_crossentropy",
        LOSSES,
        label="Loss",
        cost=Cost.RECOMPILE,
        help="What training makes as small as it can. Categorical cross-entropy is right for classes.",
    )
    label_smoothing: float = bounded(
        0.0,
        0,
        0.5,
        step=0.01,
        label="Label smoothing",
        help="Share of the label that is spread over all classes; makes the network less sure of itself. "
        "Typical: 0 to 0.1.",
    )
    class_weights: str | tuple[tuple[str, float], ...] = setting(
        "none",
        FieldInfo(
            Kind.CLASS_WEIGHTS,
            "Class weights",
            "How much an image of each class counts: none: all the same. balanced: rarer classes count more, so that "
            "each class has the same say.",
            Cost.FREE,
            low=0,
            high=1000,
            choices=("none", "balanced"),
        ),
    )
    dropout: tuple[float, ...] = setting(
        (),
        FieldInfo(
            Kind.NUMBERS,
            "Dropout",
            "Share of units switched off at random in each step: empty: as the architecture has it; one number for "
            "all dropout layers; or one number for each. Typical: 0.2 to 0.5.",
            Cost.RETRACE,
            low=0,
            high=0.95,
            step=0.05,
        ),
    )
    early_stopping: int = bounded(
        0,
        0,
        100_000,
        unit="epochs",
        label="Stop early after",
        help="End the run when the validation loss has not improved for this many epochs; 0: never. "
        "Typical: 10 to 50 epochs.",
    )
    trainable: str | tuple[tuple[str, bool | float], ...] = setting(
        "all",
        FieldInfo(
            Kind.LAYERS,
            "Trainable layers",
            "Which layers learn: all; dense: those after the last convolution; last:3: the last three with weights; or "
            "layer by layer. Of a dense layer or a convolution, 0.5 lets half of the units learn: the first ones stay.",
            Cost.RECOMPILE,
            choices=("all", "dense"),
        ),
    )
    unfreeze_after: int = bounded(
        0,
        0,
        100_000,
        unit="epochs",
        label="Unfreeze a layer after",
        cost=Cost.RECOMPILE,
        help="One more layer learns, from the last to the first, whenever the validation accuracy has not improved for "
        "this many epochs; 0: off. "
        "Typical: 3 to 10 epochs.",
    )
    weight_average: float = bounded(
        0.0,
        0,
        0.99999,
        step=0.001,
        label="Weight average",
        cost=Cost.RECOMPILE,
        help="Decay of a moving average of the weights, which is validated and saved in their place. Typical: 0.99 to "
        "0.9999; 0: off.",
    )
    metrics: tuple[str, ...] = setting(
        ("accuracy",),
        FieldInfo(
            Kind.WORDS,
            "Metrics",
            "What is measured in each epoch: accuracy, area under the ROC curve, precision, recall and F1, each the "
            "mean over the classes.",
            Cost.RECOMPILE,
            choices=METRICS,
            always=METRICS[:1],
        ),
    )
    precision: str = choice(
        "float32",
        PRECISIONS,
        label="Precision",
        cost=Cost.RECOMPILE,
        help="Number format of the training step. mixed_bfloat16 is quicker for some networks and slower for others; "
        "auto: measure it and float32 once in a run and take the quicker. mixed_float16: on a GPU only. Weights, "
        "validation and saved models stay float32.",
    )

    def __post_init__(self) -> None:
        validate(self)
        # Keras makes hinge labels of exact zeros and ones only.
        if self.label_smoothing and self.loss in ("hinge", "squared_hinge"):
            raise SettingsError("training.label_smoothing", f"must be 0 with the loss {self.loss}")
        if self.optimizer == "lion" and not self.beta_1:
            raise SettingsError("training.beta_1", "got 0, expected more than 0 with the optimizer lion")
