"""How a network learns."""

from dataclasses import dataclass
from typing import ClassVar

from aid_desktop.errors import SettingsError
from aid_desktop.settings.field import Cost, FieldInfo, Kind, bounded, choice, setting, validate

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


@dataclass(frozen=True, slots=True)
class HyperParameters:
    """Optimizer, loss, sizes and weights; table `[training]` of run.toml."""

    SECTION: ClassVar[str] = "training"

    epochs: int = bounded(
        50,
        1,
        1_000_000,
        label="Epochs",
        help="How many times the network sees the training images. Can be raised or lowered while it trains.",
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
    optimizer: str = choice(
        "adam",
        OPTIMIZERS,
        label="Optimizer",
        cost=Cost.RECOMPILE,
        help="How steps are made from gradients. Adam is a good first choice.",
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
        help="End the run when the validation loss has not improved for this many epochs; 0: never.",
    )
    schedule: str = choice(
        "constant",
        ("constant",),
        label="Schedule",
        cost=Cost.FREE,
        help="How the learning rate changes by itself.",
    )
    trainable: str = choice(
        "all",
        ("all",),
        label="Trainable layers",
        cost=Cost.RECOMPILE,
        help="Which layers learn.",
    )
    weight_average: float = bounded(
        0.0,
        0,
        0,
        label="Weight average",
        cost=Cost.RECOMPILE,
        help="Decay of the moving average of the weights; 0: off.",
    )
    metrics: tuple[str, ...] = setting(
        ("accuracy",),
        FieldInfo(Kind.WORDS, "Metrics", "What is measured in each epoch.", Cost.RECOMPILE, choices=("accuracy",)),
    )
    precision: str = choice(
        "float32",
        ("float32",),
        label="Precision",
        cost=Cost.NEW_RUN,
        help="Number format of the arithmetic.",
    )

    def __post_init__(self) -> None:
        validate(self)
        # Keras makes hinge labels of exact zeros and ones only.
        if self.label_smoothing and self.loss in ("hinge", "squared_hinge"):
            raise SettingsError("training.label_smoothing", f"must be 0 with the loss {self.loss}")
