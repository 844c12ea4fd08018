"""Where pretrained weights come from."""

import hashlib
from pathlib import Path

import h5py
import pytest

from aid_desktop.errors import ModelError, ModelZooError
from aid_desktop.models.backbones import (
    BACKBONES,
    Backbone,
    backbone_of,
    check_image,
    download,
    local_file,
    takes_imagenet,
    weights_file,
)
from aid_desktop.models.registry import Architecture, Family
from aid_desktop.models.zoo import list_architectures
from aid_desktop.settings.image import ImageSettings

ROOT = Path(__file__).parents[2]
PRETRAINED = {item.name: item for item in list_architectures(ROOT / "model_zoo.py") if item.weights}
PLAIN = Architecture("LeNet5_do", Family.CNN, 16, "", "lenet5_do", 1)
VGG = PRETRAINED["vgg16"]
N_BYTES = 600_000


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return Keras' folder of models for this test."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "models"


def offered(path: Path, content: bytes, digest: str | None = None) -> Backbone:
    """Return a backbone whose weights are offered as a local file."""
    path.write_bytes(content)
    return Backbone(path.as_uri(), path.name, hashlib.md5(content).hexdigest() if digest is None else digest, 9)


def ignore(done: int, total: int) -> None:
    assert 0 < done <= total


# --- the table ----------------------------------------------------------------------------------------------


def test_that_every_backbone_is_an_architecture_and_the_other_way_round() -> None:
    assert [item.weights for item in PRETRAINED.values()] == list(BACKBONES)
    assert all(item.family is Family.PRETRAINED for item in PRETRAINED.values())
    numbers = [backbone.n_weights for backbone in BACKBONES.values()]
    assert numbers == sorted(numbers)


def test_that_the_manual_lists_every_backbone_with_size_and_weights() -> None:
    text = (ROOT / "docs" / "pretrained.md").read_text(encoding="utf-8")
    for item in PRETRAINED.values():
        backbone = BACKBONES[item.weights]
        millions = f"{backbone.n_weights / 1e6:.1f}"
        assert f"| `{item.name}` | {item.weights} | {item.min_size} | {millions} | {backbone.megabytes:.0f} |" in text


@pytest.mark.keras
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore:`input_shape` is undefined:UserWarning")
@pytest.mark.parametrize("name", BACKBONES)
def test_that_address_name_and_digest_are_those_of_keras(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras
    from keras.src.utils import file_utils

    class AskedError(Exception):
        pass

    asked: dict[str, str | None] = {}

    def get_file(
        fname: str, origin: str, file_hash: str | None = None, cache_subdir: str = "", md5_hash: str | None = None
    ) -> str:
        asked.update(name=fname, url=origin, digest=file_hash or "", folder=cache_subdir)
        raise AskedError

    monkeypatch.setattr(file_utils, "get_file", get_file)
    with pytest.raises(AskedError):
        getattr(keras.applications, name)(weights="imagenet", include_top=False, input_shape=(224, 224, 3))
    backbone = BACKBONES[name]
    expected = {"name": backbone.file_name, "url": backbone.url, "digest": backbone.digest, "folder": "models"}
    assert asked == expected


# --- what fits ----------------------------------------------------------------------------------------------


def test_that_images_in_another_form_are_refused_in_words() -> None:
    for channels in ("gray", "rgb"):
        check_image(VGG, ImageSettings(channels=channels))
    with pytest.raises(ModelZooError, match=r"vgg16 was trained on colour images .* got 2 channels: choose gray or"):
        check_image(VGG, ImageSettings(channels=("a", "b")))
    with pytest.raises(ModelZooError, match=r"got the normalization standardize_each_image: choose divide_by_255"):
        check_image(VGG, ImageSettings(normalization="standardize_each_image"))
    check_image(PLAIN, ImageSettings(channels=("a", "b"), normalization="none"))


def test_that_unknown_weights_of_an_own_network_are_named() -> None:
    own = Architecture("Mine", Family.PRETRAINED, 32, "", "mine", 1, "VGG61")
    with pytest.raises(ModelZooError, match=r"Mine is declared with weights='VGG61': expected one of .*VGG16"):
        backbone_of(own)


# --- which file ---------------------------------------------------------------------------------------------


def test_that_missing_weights_are_told_with_all_ways_out(tmp_path: Path) -> None:
    for weights in (None, "imagenet"):
        with pytest.raises(ModelError, match=r"vgg16 are not on this computer: .*--download-weights; 59 MB from https"):
            weights_file(VGG, weights)
    with pytest.raises(ModelError, match=r"there is no file .*none\.h5"):
        weights_file(VGG, tmp_path / "none.h5")


def test_that_random_weights_need_no_file_and_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    own = tmp_path / "own.weights.h5"
    own.touch()
    assert weights_file(VGG, "none") is None
    assert weights_file(VGG, own) == own
    assert takes_imagenet(VGG, None) is BACKBONES["VGG16"]
    assert takes_imagenet(VGG, own) is None


def test_that_other_networks_take_no_weights(tmp_path: Path) -> None:
    assert weights_file(PLAIN, None) is None
    assert weights_file(PLAIN, "none") is None
    with pytest.raises(ModelError, match=r"got 'imagenet', but LeNet5_do has no pretrained weights: remove the key"):
        weights_file(PLAIN, "imagenet")


def test_that_what_keras_has_fetched_before_is_used_unless_it_is_damaged(home: Path) -> None:
    backbone = BACKBONES["VGG16"]
    assert local_file(backbone) is None
    home.mkdir(parents=True)
    path = home / backbone.file_name
    path.write_bytes(b"cut short")
    assert local_file(backbone) == path
    with pytest.raises(ModelError, match=r"is damaged, or is not the file that Keras offers"):
        weights_file(VGG, None)


# --- download -----------------------------------------------------------------------------------------------


def test_that_a_download_tells_its_progress_and_is_kept_in_keras_folder(tmp_path: Path, home: Path) -> None:
    content = bytes(range(256)) * (N_BYTES // 256)
    backbone = offered(tmp_path / "w.h5", content)
    told: list[tuple[int, int]] = []
    path = download(backbone, lambda done, total: told.append((done, total)))
    assert path == home / "w.h5" == local_file(backbone)
    assert path.read_bytes() == content
    assert told[-1] == (len(content), len(content))
    assert len(told) > 2
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_that_another_content_than_keras_offers_is_refused_and_not_kept(tmp_path: Path, home: Path) -> None:
    with pytest.raises(ModelError, match="is not the file that Keras offers: try again"):
        download(offered(tmp_path / "w.h5", b"x", "0" * 32), ignore)
    with pytest.raises(ModelError, match="is not the file that Keras offers: try again"):
        download(offered(tmp_path / "w.h5", b"x", "0" * 64), ignore)
    assert list(home.iterdir()) == []


def test_that_a_cancelled_download_leaves_nothing(tmp_path: Path, home: Path) -> None:
    class LeaveError(Exception):
        pass

    def leave(done: int, total: int) -> None:
        raise LeaveError

    with pytest.raises(LeaveError):
        download(offered(tmp_path / "w.h5", b"x" * N_BYTES), leave)
    assert list(home.iterdir()) == []


def test_that_a_server_out_of_reach_is_told_with_another_way(tmp_path: Path, home: Path) -> None:
    absent = Backbone((tmp_path / "gone.h5").as_uri(), "w.h5", "", 9)
    with pytest.raises(ModelError, match=r"could not be downloaded from file:.*Without a connection, fetch this file"):
        download(absent, ignore)
    assert list(home.iterdir()) == []


def test_that_weights_without_a_stated_digest_must_be_a_whole_hdf5_file_of_layers(tmp_path: Path) -> None:
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        file["x"] = [1.0] * 1000
    without = path.read_bytes()
    with h5py.File(path, "a") as file:
        file.attrs["layer_names"] = [b"a"]
    whole = path.read_bytes()
    assert download(offered(path, whole, ""), ignore).read_bytes() == whole
    for content in (without, whole[: len(whole) // 2], b"<html>"):
        with pytest.raises(ModelError, match=r"is not the file|could not be downloaded"):
            download(offered(path, content, ""), ignore)


def test_that_a_connection_that_ends_early_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aid_desktop.data.download._copy", lambda source, target, tell: 3)
    with pytest.raises(ModelError, match="the connection ended after 3 of 10 bytes"):
        download(offered(tmp_path / "w.h5", b"x" * 10), ignore)
