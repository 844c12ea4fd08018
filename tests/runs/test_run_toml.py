import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aid_desktop.data.class_table import Role
from aid_desktop.errors import RunError, SettingsError
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig
from aid_desktop.runs.run_toml import config_from_toml, config_to_toml, read_run_toml, write_run_toml
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.field import FieldInfo, Kind, field_infos
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.settings.split import SplitSettings

# The example of the manual, word for word: what it says must stay readable for ever.
EXAMPLE = """
version = 1
seed = 7
[image]
width = 32
height = 32
channels = "gray"              # gray | rgb | list of channel names, ["image_ch1", "image_ch3"]
normalization = "divide_by_255" # none | divide_by_255 | standardize_each_image | standardize_training_set
padding = "constant"           # constant | edge | reflect | symmetric | wrap
resize = "linear"              # nearest | linear | area | cubic | lanczos: for zoom and for scaling to size
fit = "crop_pad"               # crop_pad | scale (whole image to size) | scale_keep_aspect
[model]
architecture = "LeNet5_do"     # or: start_from = "path/to/model", mode = "continue" | "restart"
[[data]]
path = "train/cat.rtdc"        # a folder of images, one image stack, or .rtdc; relative to this file
class = "cat"
role = "training"              # training | validation | test
images_per_epoch = 1000        # optional; default all; more than there are = with replacement
shuffle = true
zoom = 1.0
[split]                        # optional: takes validation images from the training rows, once, before anything else
validation_fraction = 0.1
group_by = "file"              # image | file | folder | regex with one group
[training]
epochs = 20
batch_size = 128
optimizer = "adam"             # adam adamw sgd rmsprop adagrad adadelta adamax nadam lion
learning_rate = 0.001
schedule = "constant"          # constant | exponential | cyclic | one_cycle | cosine | reduce_on_plateau
loss = "categorical_crossentropy"
label_smoothing = 0.0
class_weights = "none"         # none | balanced | {cat = 1.0, dog = 2.5}
dropout = []                   # empty: as the architecture has it; one value, or one per dropout layer
trainable = "all"              # all | dense | last:N | {layer = true, ...}
early_stopping = 0             # epochs without improvement; 0 = off
weight_average = 0.0           # decay of the exponential moving average; 0 = off
metrics = ["accuracy"]         # + auc precision recall f1
precision = "float32"          # float32 | mixed_bfloat16 | mixed_float16
[augmentation]                 # every amount is the largest one, drawn uniformly; 0 or [1, 1] = off
horizontal_flip = false
vertical_flip = false
rotation = 0.0                 # degrees
width_shift = 0.0              # pixels
height_shift = 0.0
zoom = 0.0                     # factor 1 ± zoom
shear = 0.0                    # degrees
brightness_add = [0, 0]        # grey levels
brightness_multiply = [1.0, 1.0]
noise_std = 0.0                # grey levels
contrast = [1.0, 1.0]
saturation = [1.0, 1.0]        # rgb
hue = 0.0                      # part of the colour circle, rgb
average_blur = [0, 0]          # kernel, pixels
gaussian_blur = [0, 0]
motion_blur = [0, 0]
motion_blur_angle = [-10, 10]  # degrees
random_erasing = 0.0           # probability
mixup = 0.0                    # alpha
cutmix = 0.0                   # alpha
affine_refresh = 1             # epochs for which one augmented set is used
photometric_refresh = 1
[device]
strategy = "auto"              # auto | cpu | gpu:0 | mirrored | mirrored:gpu:0,gpu:1 | multi_worker
memory_fraction = 0.9
"""
SHORTEST = {
    "model": {"architecture": "MLP_8_8_8"},
    "data": [{"path": "a.rtdc", "class": "a", "role": "training"}],
}
ROOT = Path(__file__).absolute().parent
ROW = DataRow(ROOT / "a.rtdc", "a", Role.TRAINING)


def read(**tables: Any) -> RunConfig:
    return config_from_toml({**SHORTEST, **tables}, ROOT)


def refused(**tables: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        read(**tables)
    return str(caught.value)


# --- round trips ------------------------------------------------------------------------------------------

NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8)


def numbers(info: FieldInfo) -> st.SearchStrategy[Any]:
    assert info.low is not None
    assert info.high is not None
    if info.kind in (Kind.INTEGER, Kind.INTEGER_RANGE):
        return st.integers(int(info.low), int(info.high))
    return st.floats(info.low, info.high)


def values(info: FieldInfo) -> st.SearchStrategy[Any]:
    match info.kind:
        case Kind.INTEGER | Kind.NUMBER:
            return numbers(info)
        case Kind.SWITCH:
            return st.booleans()
        case Kind.CHOICE:
            return st.sampled_from(info.choices)
        case Kind.INTEGER_RANGE | Kind.NUMBER_RANGE:
            return st.tuples(numbers(info), numbers(info)).map(lambda pair: tuple(sorted(pair)))
        case Kind.NUMBERS:
            return st.lists(numbers(info), max_size=3)
        case Kind.WORDS:
            return st.lists(st.sampled_from(info.choices), max_size=2).map(lambda words: ["accuracy", *words])
        case Kind.CLASS_WEIGHTS:
            return st.sampled_from(info.choices) | st.dictionaries(NAMES, numbers(info), max_size=3)
        case Kind.LAYERS:
            last = st.integers(1, 99).map(lambda number: f"last:{number}")
            shares = st.booleans() | st.floats(0, 1)
            return st.sampled_from(info.choices) | last | st.dictionaries(NAMES, shares, min_size=1, max_size=3)
        case Kind.FEATURES:
            return st.lists(NAMES.filter(str.strip), max_size=3, unique=True)
        case Kind.CHANNELS:
            names = st.lists(st.text("abc_ 12", min_size=1).filter(str.strip), min_size=1, max_size=4, unique=True)
            return st.sampled_from(info.choices) | names.map(tuple)
        case Kind.FILE:
            return st.none() | st.just(ROOT / "run" / "held_out.csv")
        case Kind.TEXT:
            return NAMES.filter(str.strip)


def sections(kind: type) -> st.SearchStrategy[Any]:
    settings = st.fixed_dictionaries({name: values(info) for name, info in field_infos(kind).items()})
    possible = settings.map(_without_smoothed_hinge).map(_with_possible_beta).map(_with_possible_fold)
    return possible.map(lambda chosen: kind(**chosen))


def _without_smoothed_hinge(chosen: dict[str, Any]) -> dict[str, Any]:
    return chosen | {"label_smoothing": 0.0} if "hinge" in str(chosen.get("loss")) else chosen


def _with_possible_beta(chosen: dict[str, Any]) -> dict[str, Any]:
    return chosen | {"beta_1": chosen["beta_1"] or 0.5} if chosen.get("optimizer") == "lion" else chosen


def _with_possible_fold(chosen: dict[str, Any]) -> dict[str, Any]:
    if "fold" not in chosen:
        return chosen
    folds = 2 if chosen["folds"] == 1 else chosen["folds"]
    return chosen | {"folds": folds, "fold": min(chosen["fold"], max(0, folds - 1))}


ROWS = st.builds(
    DataRow,
    path=st.sampled_from([ROOT / "a.rtdc", ROOT / "ü b" / "c#1.png"]),
    class_name=NAMES,
    role=st.sampled_from(Role),
    index=st.none() | st.integers(0, 99),
    images_per_epoch=st.none() | st.integers(1, 10**6),
    shuffle=st.booleans(),
    zoom=st.floats(0.05, 20),
    digest=st.none() | st.text("0123456789abcdef", min_size=1),
)
WEIGHTS = st.sampled_from([None, "imagenet", "none", ROOT / "w.h5"])
MODELS = st.builds(ModelChoice, architecture=NAMES, weights=WEIGHTS) | st.builds(
    ModelChoice,
    start_from=st.just(ROOT / "m.keras"),
    mode=st.sampled_from(["continue", "restart"]),
    renew_layers=st.booleans(),
)
CONFIGS = st.builds(
    RunConfig,
    data=st.lists(ROWS, min_size=1, max_size=3).map(tuple),
    # Images with features cannot be mixed, as nearly all of these settings say.
    image=sections(ImageSettings).map(lambda image: dataclasses.replace(image, features=())),
    model=MODELS,
    training=st.builds(
        TrainingSettings, augmentation=sections(AugmentationSettings), hyperparameters=sections(HyperParameters)
    ),
    split=st.none() | sections(SplitSettings),
    device=sections(DeviceSettings),
    seed=st.integers(0, 2**32 - 1),
)


@settings(max_examples=50)
@given(config=CONFIGS)
def test_that_every_configuration_comes_back_from_its_file(
    tmp_path_factory: pytest.TempPathFactory, config: RunConfig
) -> None:
    path = tmp_path_factory.getbasetemp() / "run.toml"
    write_run_toml(config, path)
    assert read_run_toml(path) == config


@given(image=sections(ImageSettings))
def test_that_features_come_back_and_keep_images_from_being_mixed(
    tmp_path_factory: pytest.TempPathFactory, image: ImageSettings
) -> None:
    path = tmp_path_factory.getbasetemp() / "features.toml"
    config = RunConfig(image, ModelChoice("Both"), data=(ROW,))
    write_run_toml(config, path)
    assert read_run_toml(path) == config
    if image.features:
        with pytest.raises(SettingsError, match=r"augmentation.cutmix: got 0.5, but images cannot be mixed"):
            dataclasses.replace(config, training=TrainingSettings(AugmentationSettings(cutmix=0.5)))


def test_that_the_example_of_the_manual_is_read_as_it_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    config = read_run_toml(path)
    assert config == RunConfig(
        data=(DataRow(tmp_path / "train" / "cat.rtdc", "cat", Role.TRAINING, images_per_epoch=1000),),
        image=ImageSettings(),
        model=ModelChoice("LeNet5_do"),
        training=TrainingSettings(hyperparameters=HyperParameters(epochs=20, batch_size=128)),
        split=SplitSettings(0.1, "file"),
        device=DeviceSettings(),
        seed=7,
    )
    printed = tomllib.loads(EXAMPLE)
    written = config_to_toml(config)
    for table in ("image", "training", "augmentation", "device", "split"):
        # What the manual does not print has come later and is off.
        assert written[table] == {**written[table], **printed[table]}


@pytest.mark.parametrize(
    "line", ["class_weights = {cat = 1.0, dog = 2.5}", "dropout = [0.3]", 'optimizer = "lion"', "epochs = 3"]
)
def test_that_the_alternatives_in_the_example_are_read(line: str) -> None:
    key, _, value = line.partition(" = ")
    read(training=tomllib.loads(line))
    assert key
    assert value


def test_that_a_file_with_byte_order_mark_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(b"\xef\xbb\xbf" + EXAMPLE.replace("\n", "\r\n").encode())
    assert read_run_toml(path).seed == 7


def test_that_what_is_not_said_has_its_default() -> None:
    assert read() == RunConfig(ImageSettings(), ModelChoice("MLP_8_8_8"), data=(ROW,))


def test_that_weights_are_a_word_or_a_file_and_belong_to_an_architecture(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    rows = '[[data]]\npath = "a.rtdc"\nclass = "a"\nrole = "test"\n'
    for text, expected in (('"imagenet"', "imagenet"), ('"none"', "none"), ('"w/v.h5"', tmp_path / "w" / "v.h5")):
        path.write_text(f'[model]\narchitecture = "vgg16"\nweights = {text}\n{rows}', encoding="utf-8")
        assert read_run_toml(path).model.weights == expected
    path.write_text(f'[model]\narchitecture = "vgg16"\nweights = 3\n{rows}', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"model\.weights: got 3, expected a text"):
        read_run_toml(path)
    with pytest.raises(SettingsError, match=r"model\.weights: got 'imagnet', expected imagenet, none or a file"):
        ModelChoice("vgg16", weights="imagnet")
    with pytest.raises(SettingsError, match="has weights of its own"):
        ModelChoice(start_from=Path("m.keras"), weights="none")


# --- paths ------------------------------------------------------------------------------------------------


def test_that_a_name_that_is_no_unicode_is_told(tmp_path: Path) -> None:
    row = DataRow(Path("/data/caf\udce9/a.rtdc"), "a", Role.TRAINING)
    config = RunConfig(ImageSettings(), ModelChoice("LeNet5"), data=(row,))
    with pytest.raises(RunError, match=r"no Unicode: rename what is in .*caf"):
        write_run_toml(config, tmp_path / "run.toml")
    assert list(tmp_path.iterdir()) == []


def test_that_paths_are_relative_to_the_file_and_written_absolute(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    path = tmp_path / "sub" / "run.toml"
    path.write_text(
        '[model]\nstart_from = "../m.keras"\nmode = "restart"\n'
        '[[data]]\npath = "../data/./a.rtdc"\nclass = "a"\nrole = "test"\n'
        f'[[data]]\npath = "{(tmp_path / "b").as_posix()}"\nclass = "b"\nrole = "test"\n',
        encoding="utf-8",
    )
    config = read_run_toml(path)
    assert [row.path for row in config.data] == [tmp_path / "data" / "a.rtdc", tmp_path / "b"]
    assert config.model.start_from == tmp_path / "m.keras"
    write_run_toml(config, tmp_path / "copy.toml")
    assert read_run_toml(tmp_path / "copy.toml") == config


# --- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"trainnig": {}}, "trainnig: is not a setting; did you mean training?"),
        ({"training": {"epoch": 3}}, "training.epoch: is not a setting; did you mean epochs?"),
        ({"image": {"hight": 3}}, "image.hight: is not a setting; did you mean height?"),
        ({"augmentation": {"Rotation": 3}}, "augmentation.Rotation: is not a setting; did you mean rotation?"),
        ({"model": {"architecture": "A", "Mode": "x"}}, "model.Mode: is not a setting; did you mean mode?"),
        ({"data": [{**SHORTEST["data"][0], "clas": "b"}]}, "data.clas: is not a setting; did you mean class?"),
        (
            {"model": {"qqqq": 1}},
            "model.qqqq: is not a setting; known are architecture, start_from, mode, weights, renew_layers",
        ),
    ],
)
def test_that_an_unknown_key_is_refused_naming_the_nearest_one(tables: dict[str, Any], message: str) -> None:
    assert refused(**tables) == message


@pytest.mark.parametrize(
    ("tables", "field"),
    [
        ({"version": 2}, "version"),
        ({"version": "1"}, "version"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": True}, "seed"),
        ({"seed": "7"}, "seed"),
        ({"image": 3}, "image"),
        ({"image": {"width": "32"}}, "image.width"),
        ({"image": {"channels": []}}, "image.channels"),
        ({"image": {"channels": ["image_ch1", 2]}}, "image.channels"),
        ({"image": {"channels": ["image_ch1", "image_ch1"]}}, "image.channels"),
        ({"training": {"epochs": 1.5}}, "training.epochs"),
        ({"training": {"dropout": 0.5}}, "training.dropout"),
        ({"training": {"class_weights": [1, 2]}}, "training.class_weights"),
        ({"training": [{}]}, "training"),
        ({"augmentation": {"horizontal_flip": 1}}, "augmentation.horizontal_flip"),
        ({"augmentation": {"contrast": [1.2, 0.8]}}, "augmentation.contrast"),
        ({"split": {"validation_fraction": 1}}, "split.validation_fraction"),
        ({"split": {"group_by": 3}}, "split.group_by"),
        ({"split": {"folds": 1}}, "split.folds"),
        ({"split": {"folds": 21}}, "split.folds"),
        ({"split": {"folds": 3, "fold": 3}}, "split.fold"),
        ({"split": {"seed": -2}}, "split.seed"),
        ({"model": {}}, "model"),
        ({"model": {"architecture": "A", "start_from": "m"}}, "model"),
        ({"model": {"architecture": 3}}, "model.architecture"),
        ({"model": {"start_from": 3}}, "model.start_from"),
        ({"model": {"start_from": "m", "mode": "again"}}, "model.mode"),
        ({"model": {"start_from": "m", "renew_layers": 1}}, "model.renew_layers"),
        ({"model": "LeNet5"}, "model"),
        ({"data": []}, "data"),
        ({"data": {"path": "a"}}, "data"),
        ({"data": ["a.rtdc"]}, "data"),
    ],
)
def test_that_a_value_of_the_wrong_kind_is_refused_with_its_path(tables: dict[str, Any], field: str) -> None:
    assert refused(**tables).startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("path", 3), ("class", 3), ("class", ["a"]), ("role", "train"), ("role", 3), ("role", ["training"]),
        ("index", "0"), ("index", True), ("images_per_epoch", "all"), ("images_per_epoch", 2.5), ("shuffle", "no"),
        ("shuffle", 0), ("zoom", "1"), ("zoom", True), ("digest", 3),
    ],
)  # fmt: skip
def test_that_a_wrong_value_in_a_row_is_refused(key: str, value: object) -> None:
    message = refused(data=[{**SHORTEST["data"][0], key: value}])
    assert message.startswith(f"data.{key}: got {value!r}, expected ")


@pytest.mark.parametrize("key", ["path", "class", "role"])
def test_that_a_row_without_path_class_or_role_is_refused(key: str) -> None:
    row = {k: v for k, v in SHORTEST["data"][0].items() if k != key}
    assert refused(data=[row]) == f"data.{key}: is missing in a [[data]] table"


@pytest.mark.parametrize("content", [b"[image", b"\xff\xfe\x00", b"a = 1\na = 2"])
def test_that_what_is_no_toml_is_a_run_error_naming_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"run\.toml is not a run file"):
        read_run_toml(path)


def test_that_a_missing_file_and_a_folder_are_run_errors(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no run file at"):
        read_run_toml(tmp_path / "run.toml")
    with pytest.raises(RunError, match="is not a run file"):
        read_run_toml(tmp_path)
