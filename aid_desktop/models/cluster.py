"""The computers that train one network together, as TensorFlow's TF_CONFIG describes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from aid_desktop.errors import TrainingError

VARIABLE = "TF_CONFIG"
_EXAMPLE = '{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True, slots=True)
class Cluster:
    """How many workers there are, and which of them this process is; the first is the chief, which keeps the run."""

    n_workers: int
    index: int

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run folder."""
        return self.index == 0


def read_cluster(environment: Mapping[str, str]) -> Cluster:
    """Return the cluster that TF_CONFIG describes. Raises TrainingError when it is missing or unfit."""
    text = environment.get(VARIABLE, "")
    try:
        values = json.loads(text)
        workers, task = values["cluster"]["worker"], values["task"]
        index = task["index"]
    except (ValueError, KeyError, TypeError):
        raise TrainingError(
            f"multi_worker needs the environment variable {VARIABLE} on every computer: got {text!r}, expected for "
            f"example {_EXAMPLE}"
        ) from None
    is_fit = isinstance(workers, list) and len(workers) > 1 and list(values["cluster"]) == ["worker"]
    if not is_fit or task.get("type") != "worker" or type(index) is not int or not 0 <= index < len(workers):
        raise TrainingError(
            f"{VARIABLE}: expected two workers or more, nothing but workers, and the index of this one among them: got "
            f"{text}"
        )
    return Cluster(len(workers), index)
