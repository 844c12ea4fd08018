"""Graphs of TensorFlow that are not needed any more."""

from contextlib import suppress
from typing import Any

_INNER = ("_body_graph", "_cond_graph", "_true_graph", "_false_graph")


def release(graphs: list[Any]) -> None:
    """Empty a list of graphs, and let them, and the graphs of their loops and branches, forget all that is in them.

    A tensor leads to its graph by way of C++, where Python's garbage collector does not look: of a graph that keeps
    one of its own tensors, some megabytes for each run, nothing would ever be freed (TensorFlow 2.18 to 2.21).
    """
    from tensorflow.python.framework import func_graph, ops

    while graphs:
        graph = graphs.pop()
        for operation in graph.get_operations():
            for name in _INNER:
                inner = getattr(operation, name, None)
                if inner is not None:
                    delattr(operation, name)
                    graphs.append(inner)
            if operation.type == "IdentityN":
                # A function with a gradient of its own, as Keras' optimizers call one: noted for good.
                with suppress(ValueError):
                    ops.gradient_registry._registry.pop(operation.get_attr("_gradient_op_type").decode(), None)
        func_graph.dismantle_func_graph(graph)
        graph._unfeedable_tensors.clear()
        graph._function_captures._cached_by_val_capture_tuples = []
        graph.inputs, graph.outputs, graph.structured_outputs = [], [], None
