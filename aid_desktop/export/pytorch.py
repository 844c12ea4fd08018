"""Networks for plain PyTorch: a TorchScript file, and its weights as a state dict."""

import json
import keyword
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.export.exporter import Check, ExportFormat, Package
from aid_desktop.export.graph import LayerGraph, read_graph
from aid_desktop.export.network import ExportNetwork
from aid_desktop.export.torch_layers import make_module

if TYPE_CHECKING:
    import torch

TORCH = Package("torch", "torch")
CLASSES_FILE = "class_names.json"
"""What torch.jit.load gives to a reader that asks for it in `_extra_files`."""
STATE_SUFFIX = ".state_dict.pt"
_FIRST = 2
"""Images that the network is traced with."""


def write_torch(network: ExportNetwork, path: Path) -> None:
    """Write a TorchScript that takes images (N, C, height, width), and its state dict beside it.

    Raises ExportError naming a layer that is not known.
    """
    import torch

    module = make_network(read_graph(network.model)).eval()
    examples = tuple(torch.from_numpy(one[:_FIRST]) for one in channels_first(network.inputs))
    names = {CLASSES_FILE: json.dumps(network.card.class_names, ensure_ascii=False)}
    with torch.no_grad(), warnings.catch_warnings():
        # TorchScript is called old since PyTorch 2.9; its successor takes a single size of batch.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(module, examples, check_trace=False)  # type: ignore[no-untyped-call]
        torch.jit.save(traced, str(path), _extra_files=names)
    torch.save(module.state_dict(), path.with_suffix(STATE_SUFFIX))


def make_network(graph: LayerGraph) -> "torch.nn.Module":
    """Return a module of PyTorch that takes the inputs of a network, images as (N, C, H, W)."""
    from torch import nn

    shapes = {layer.name: layer.shape for layer in graph.layers}
    layers = [layer for layer in graph.layers if layer.kind != "InputLayer"]
    modules = [make_module(layer, [shapes[name] for name in layer.inputs]) for layer in layers]
    names = _module_names([layer.name for layer in layers])

    class Network(nn.Module):
        """The layers, called in their order."""

        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleDict(dict(zip(names, modules, strict=True)))

        def forward(self, *inputs: Any) -> Any:
            """Return the output of the last layer."""
            known = dict(zip((layer.name for layer in graph.inputs), inputs, strict=True))
            for layer, module in zip(layers, self.layers.values(), strict=True):
                known[layer.name] = module(*(known[name] for name in layer.inputs))
            return known[graph.output]

    return Network()


def _module_names(names: Sequence[str]) -> list[str]:
    """Return the names of layers as TorchScript takes them: words of ASCII that Python and ModuleDict do not use."""
    from torch import nn

    taken = {*dir(nn.ModuleDict()), *keyword.kwlist}
    found = []
    for name in names:
        word = re.sub(r"\W", "_", name, flags=re.ASCII)
        while word in taken:
            word += "_"
        taken.add(word)
        found.append(word)
    return found


def channels_first(inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Return inputs with images as (N, C, H, W)."""
    return [np.ascontiguousarray(one.transpose(0, 3, 1, 2)) if one.ndim == 4 else one for one in inputs]


def run_torch(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return what PyTorch computes of the TorchScript."""
    import torch

    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
        result: NDArray[np.float32] = module(*map(torch.from_numpy, channels_first(inputs))).numpy()
    return result


PYTORCH = ExportFormat(
    name="pytorch",
    title="PyTorch",
    suffix=".pt",
    description="A TorchScript for torch.jit.load, in Python or C++, and a state dict; images are N × channels × "
    "height × width.",
    write=write_torch,
    checks=(Check("PyTorch", TORCH, run_torch),),
    needs=(TORCH,),
    companions=(STATE_SUFFIX,),
    layout="images × channels × height × width",
)
