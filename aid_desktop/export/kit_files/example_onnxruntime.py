"""Classify images with ONNX Runtime: python example_onnxruntime.py [IMAGE ...]. Without images: those of this kit."""

import sys
from pathlib import Path

import onnxruntime
from prepare import HERE, prepare, read_contract, read_image, show


def main() -> None:
    """Classify the images that the command line names."""
    contract = read_contract()
    session = onnxruntime.InferenceSession(str(HERE / contract["model"]), providers=["CPUExecutionProvider"])
    name = contract["inputs"][0]["name"]
    for path in map(Path, sys.argv[1:] or sorted((HERE / "images").iterdir())):
        (probabilities,) = session.run(None, {name: prepare(read_image(path), contract)})
        show(path, probabilities[0], contract)


if __name__ == "__main__":
    main()
