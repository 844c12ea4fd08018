import pytest

from aid_desktop import libraries


def test_that_a_library_is_known_by_the_name_of_its_build_without_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name != "tensorflow-cpu":
            raise libraries.PackageNotFoundError(name)
        return "2.21.0"

    monkeypatch.setattr(libraries, "version", version)
    assert libraries.version_of("tensorflow") == "2.21.0"
    assert libraries.version_of("keras") == ""
