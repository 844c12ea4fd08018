"""Graphs of finished runs do not stay in memory."""

import gc
import weakref
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.normalize import Normalization
from aid_desktop.models.build import compile_model
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.training.blocks import Block
from aid_desktop.training.fit import BlockFitter
from aid_desktop.training.graphs import release

pytestmark = pytest.mark.keras


def test_that_a_loop_forgets_what_is_inside_of_it() -> None:
    import tensorflow as tf

    graphs: list[Any] = []

    @tf.function(autograph=False)
    def count(n: Any) -> Any:
        result = tf.while_loop(lambda step: step < n, lambda step: (step + 1,), (tf.constant(0),))
        graphs.append(tf.compat.v1.get_default_graph())
        return result

    count(tf.constant(3))
    (graph,) = graphs
    inner = [operation._body_graph for operation in graph.get_operations() if hasattr(operation, "_body_graph")]
    assert inner
    release(graphs)
    assert graphs == []
    assert [len(one.get_operations()) for one in (graph, *inner)] == [0, 0]


def make_fitter() -> tuple[BlockFitter, Block]:
    import keras

    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    compile_model(model, HyperParameters(batch_size=4))
    block = Block(np.zeros((8, 4, 4, 1), np.uint8), np.eye(2, dtype=np.float32)[[0, 1] * 4], np.ones(8, np.float32))
    return BlockFitter(model, (4, 4, 1), Normalization("divide_by_255")), block


def test_that_a_fitter_takes_its_graphs_along() -> None:
    fitter, block = make_fitter()
    assert fitter.fit_block(block, 4, lambda _: True, metrics_from_zero=True)
    graphs = list(fitter._graphs)
    assert graphs
    assert all(graph.get_operations() for graph in graphs)
    # What is traced anew needs the old graphs no more.
    fitter.trace_anew()
    assert [graph.get_operations() for graph in graphs] == [[] for _ in graphs]
    assert fitter.fit_block(block, 4, lambda _: True, metrics_from_zero=True)
    graphs = list(fitter._graphs)
    del fitter
    gc.collect()
    assert [graph.get_operations() for graph in graphs] == [[] for _ in graphs]


def test_that_nothing_of_a_fitter_stays() -> None:
    from tensorflow.python.framework import ops

    def train() -> list[weakref.ref[Any]]:
        fitter, block = make_fitter()
        assert fitter.fit_block(block, 4, lambda _: True, metrics_from_zero=True)
        inner = [
            operation._body_graph
            for graph in fitter._graphs
            for operation in graph.get_operations()
            if hasattr(operation, "_body_graph")
        ]
        assert inner
        return [weakref.ref(graph) for graph in (*fitter._graphs, *inner)]

    train()
    gc.collect()
    n_gradients = len(ops.gradient_registry.list())
    graphs = train()
    gc.collect()
    assert [graph() for graph in graphs] == [None for _ in graphs]
    assert len(ops.gradient_registry.list()) == n_gradients
