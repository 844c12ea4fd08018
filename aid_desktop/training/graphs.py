"""Graphs of TensorFlow that are not needed any more."""

from typing import Any

_INNER = ("_body_graph", "_cond_graph", "_true_graph", "_false_graph")


def release(graphs: list[Any]) -> None:
    """Empty a list of graphs, and let their loops and branches forget the graphs inside of them.

    TensorFlow (2.18 to 2.21) notes those in attributes of its operations. They lead back to the graph around them by
    way of C++, where Python's garbage collector does not look: some megabytes for each run would never be freed.
    """
    from tensorflow.python.framework.func_graph import dismantle_func_graph

    while graphs:
        graph = graphs.pop()
        for operation in graph.get_operations():
            for name in _INNER:
                inner = getattr(operation, name, None)
                if inner is not None:
                    delattr(operation, name)
                    graphs.append(inner)
        dismantle_func_graph(graph)
