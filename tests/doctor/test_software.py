"""Which versions and packages are told."""

import platform
from importlib import metadata

from aid_desktop.doctor.software import read_software


def test_that_versions_are_those_installed_and_each_package_comes_once() -> None:
    software = read_software()
    versions = dict(software.versions)
    assert versions["Python"] == platform.python_version()
    assert versions["Keras"] == metadata.version("keras")
    assert versions["Qt"].startswith("5.15")
    names = [one.name for one in software.optional]
    assert {"torch", "openvino", "coremltools", "umap-learn"} <= set(names)
    assert len(names) == len(set(names))
    assert not {"tensorflow", "onnxruntime", "opencv-python-headless"} & set(names)
    assert all(one.needed_for for one in software.optional)
