"""What TF_CONFIG says."""

import json
from typing import Any

import pytest

from aid_desktop.errors import TrainingError
from aid_desktop.models.cluster import Cluster, read_cluster


def environment(workers: Any, kind: str = "worker", index: Any = 0, **others: Any) -> dict[str, str]:
    values = {"cluster": {"worker": workers, **others}, "task": {"type": kind, "index": index}}
    return {"TF_CONFIG": json.dumps(values)}


def test_that_the_first_worker_is_the_chief() -> None:
    first, second = (read_cluster(environment(["a:1", "b:2"], index=index)) for index in (0, 1))
    assert (first, second) == (Cluster(2, 0), Cluster(2, 1))
    assert (first.is_chief, second.is_chief) == (True, False)


@pytest.mark.parametrize("text", [None, "", "no JSON", "[]", "{}", '{"cluster": {"worker": []}}'])
def test_that_a_missing_description_is_told_with_an_example(text: str | None) -> None:
    with pytest.raises(TrainingError, match=r'needs the environment variable TF_CONFIG .* "index": 0}}'):
        read_cluster({} if text is None else {"TF_CONFIG": text})


@pytest.mark.parametrize(
    "unfit",
    [
        environment(["a:1"]),
        environment("a:1,b:2"),
        environment(["a:1", "b:2"], index=2),
        environment(["a:1", "b:2"], index="0"),
        environment(["a:1", "b:2"], kind="chief"),
        environment(["a:1", "b:2"], ps=["c:3"]),
    ],
)
def test_that_an_unfit_description_is_refused(unfit: dict[str, str]) -> None:
    with pytest.raises(TrainingError, match="TF_CONFIG: expected two workers or more"):
        read_cluster(unfit)
