"""RunState: the network of a run with its data and graph, and how it is edited and saved."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aid_desktop.models.edit import apply, renew_optimizer
from aid_desktop.models.files import save_model, versions
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.optimizer import averages
from aid_desktop.models.partial import set_trainable
from aid_desktop.runs.config import RunConfig
from aid_desktop.runs.folder import LastState, RunFolder, model_name, write_state
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings
from aid_desktop.training.datasets import TrainingData
from aid_desktop.training.fit import BlockFitter
from aid_desktop.training.origin import Origin
from aid_desktop.training.seeds import Stage, generator

if TYPE_CHECKING:
    import keras

# The name that Keras gives the random state of dropout and other noise layers.
_SEED_STATE = "seed_generator_state"


@dataclass(slots=True)
class RunState:
    """What changes while a run goes on. Lives in the training thread only.

    `auto_precision` is what the precision `auto` means, None until somebody has decided.
    """

    config: RunConfig
    data: TrainingData
    model: "keras.Model"
    fitter: BlockFitter
    origin: Origin
    built_dropout: tuple[float, ...]
    settings: TrainingSettings
    revision: int
    first_epoch: int
    metrics: dict[str, float] = field(default_factory=dict)
    trained_revision: int = 0
    auto_precision: str | None = None
    _kept: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fitter.precision = self._precision

    def apply(self, diff: SettingsDiff, settings: TrainingSettings, revision: int) -> None:
        """Bring changed settings into the network."""
        traces = apply(self.model, diff, settings, self.built_dropout)
        self.settings, self.revision = settings, revision
        if traces:
            self._trace_anew()

    def use_auto_precision(self, precision: str) -> None:
        """Train in this number format from now on wherever the settings say `auto`."""
        self.auto_precision = precision
        self._trace_anew()

    def unfreeze(self, n_more: int) -> bool:
        """Let `n_more` more layers learn than the settings say; return whether that changes anything."""
        hyperparameters = self.settings.hyperparameters
        if not set_trainable(self.model, hyperparameters.trainable, n_more):
            return False
        renew_optimizer(self.model, hyperparameters)
        self.fitter.trace_anew()
        return True

    @property
    def _precision(self) -> str:
        precision = self.settings.hyperparameters.precision
        return (self.auto_precision or "float32") if precision == "auto" else precision

    def _trace_anew(self) -> None:
        self.fitter.precision = self._precision
        self.fitter.trace_anew()

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Put the moving averages of the weights, if there are any, into the network, with their statistics."""
        pairs = list(zip(self.model.trainable_variables, averages(self.model.optimizer), strict=False))
        # The others are moved where statistics are measured: those themselves, and the random states of dropout.
        kept = [(variable, variable.value.numpy()) for variable in self.model.variables] if pairs else []
        try:
            for weight, average in pairs:
                weight.assign(average)
            self.fitter.measure_statistics(self.settings.hyperparameters.batch_size)
            yield
        finally:
            for variable, value in kept:
                variable.assign(value)

    def begin_epoch(self, epoch: int) -> None:
        """Let dropout draw what belongs to this epoch: Keras does not save its random state with a network."""
        seeds = [variable for variable in self.model.variables if variable.name == _SEED_STATE]
        for number, variable in enumerate(seeds):
            rng = generator(self.config.seed, Stage.DROPOUT, epoch, number)
            self.fitter.set_seed(variable, (int(rng.integers(2**31)), 0))

    def save_epoch(self, folder: RunFolder, epoch: int, is_asked_for: bool = False) -> str:
        """Save the network after an epoch; return the file's name."""
        name = model_name(epoch)
        save_model(self.model, self._card(epoch, is_asked_for), folder.model(name))
        return name

    def save_point(self, folder: RunFolder, epoch: int) -> None:
        """Save the network after its last finished epoch, before other settings act on it."""
        folder.points.mkdir(exist_ok=True)
        save_model(self.model, self._card(epoch), folder.point(epoch))

    def save_last(self, folder: RunFolder, epoch: int, finished: bool) -> None:
        """Save what resuming needs: the network after its last finished epoch, with the optimizer's state."""
        # Before the model: a resumed run reads it for what never changes.
        write_state(folder, LastState(epoch, self.trained_revision, finished, self.built_dropout))
        save_model(self.model, self._card(epoch), folder.last_model)

    def remember(self) -> None:
        """Keep a copy of all weights, so that an epoch that is left half-way can be taken back."""
        self._kept = [variable.value.numpy() for variable in self._variables()]

    def take_back(self) -> None:
        """Set all weights to what `remember` kept."""
        for variable, value in zip(self._variables(), self._kept, strict=True):
            variable.assign(value)

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.model.optimizer.variables]

    def _card(self, epoch: int, is_asked_for: bool = False) -> ModelCard:
        rows = [row for row in self.data.table.rows if row.role == "training"]
        own = ((row.source.path.as_posix(), row.source.digest) for row in rows)
        return ModelCard(
            class_names=self.data.class_names,
            image=self.config.image,
            normalization=self.data.normalization,
            architecture=self.origin.architecture,
            epoch=epoch,
            revision=self.trained_revision,
            metrics=tuple(self.metrics.items()),
            data=tuple(dict.fromkeys((*own, *self.origin.data))),
            versions=versions(),
            zoom=rows[0].zoom,
            pixel_type=self.data.pixel_type,
            is_asked_for=is_asked_for,
            features=self.data.scaling,
        )
