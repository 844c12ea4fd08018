"""Classify images with OpenCV alone: python example_opencv.py [IMAGE ...]. Without images: those of this kit."""

import sys
from pathlib import Path

import cv2
import numpy as np
from prepare import HERE, prepare, read_contract, read_image, show


def main() -> None:
    """Classify the images that the command line names."""
    contract = read_contract()
    model, weights = str(HERE / contract["model"]), str(HERE / contract["weights"]) if contract["weights"] else ""
    network = cv2.dnn.readNet(model, weights)
    for path in map(Path, sys.argv[1:] or sorted((HERE / "images").iterdir())):
        images = prepare(read_image(path), contract)
        if contract["opencv_layout"] == "channels first":
            images = np.ascontiguousarray(images.transpose(0, 3, 1, 2), np.float32)
        network.setInput(images)
        show(path, network.forward().reshape(-1), contract)


if __name__ == "__main__":
    main()
