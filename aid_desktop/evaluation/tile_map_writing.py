"""Write what a model says about the parts of an image: a label map, its legend, and a table of the tiles."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import cv2

from aid_desktop.errors import ExportError
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.evaluation.tile_map import Labels, TileMap
from aid_desktop.evaluation.writing import encodable, exported

FORMAT_VERSION = 1
LABEL_SUFFIXES = (".png", ".tif")
ENDING = "_labels"


def write_tile_map(
    path: Path, tile_map: TileMap, *, image: str, model: Path, threshold: Threshold | None = None
) -> tuple[Path, ...]:
    """Write `<name>_labels.png` or `.tif`, `<name>_labels.json` with its legend, and `<name>_tiles.csv`.

    `path` is that of the label map, in which 0 means no tile and k + 1 class k of the model. The table has x, y, width,
    height in pixels, class, and `p_<class>` with six decimals. `image` and `model` are named in the legend. Returns
    the paths. Raises ExportError for another suffix and for files that cannot be written.
    """
    if path.suffix.lower() not in LABEL_SUFFIXES:
        raise ExportError(f"The label map is {path}: give a name that ends with {' or '.join(LABEL_SUFFIXES)}.")
    legend = path.with_suffix(".json")
    table = path.with_name(f"{path.stem.removesuffix(ENDING)}_tiles.csv")
    with exported(path) as temporary:
        _write_labels(temporary, tile_map.averaged().label_map(threshold))
    document = _legend(tile_map, image, model, threshold)
    with exported(legend) as temporary:
        temporary.write_text(encodable(json.dumps(document, indent=1, ensure_ascii=False)), encoding="utf-8")
    with (
        exported(table) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        csv.writer(file, lineterminator="\n").writerows(_rows(tile_map, threshold))
    return path, legend, table


def _write_labels(path: Path, labels: Labels) -> None:
    if path.suffix.lower() == ".png":
        is_encoded, content = cv2.imencode(".png", labels)
        if not is_encoded:
            raise OSError("the label map cannot be encoded as PNG")
        path.write_bytes(content.tobytes())
        return
    import tifffile

    tifffile.imwrite(path, labels, photometric="minisblack", compression="zlib", metadata=None)


def _legend(tile_map: TileMap, image: str, model: Path, threshold: Threshold | None) -> dict[str, object]:
    names = tile_map.class_names
    rule = None
    if threshold is not None:
        rule = {"class": names[threshold.class_index], "probability": threshold.probability}
    return {
        "version": FORMAT_VERSION,
        "image": image,
        "model": str(model),
        "labels": {"0": "no tile", **{str(number): name for number, name in enumerate(names, start=1)}},
        "tile_width": tile_map.size[0],
        "tile_height": tile_map.size[1],
        "stride_x": tile_map.stride[0],
        "stride_y": tile_map.stride[1],
        "n_tiles": tile_map.n,
        "threshold": rule,
    }


def _rows(tile_map: TileMap, threshold: Threshold | None) -> Iterator[list[object]]:
    names = tile_map.class_names
    yield ["x", "y", "width", "height", "class", *(f"p_{name}" for name in names)]
    columns = tile_map.positions.tolist(), tile_map.predicted(threshold).tolist(), tile_map.probabilities.tolist()
    for (x, y), label, probabilities in zip(*columns, strict=True):
        yield [x, y, *tile_map.size, names[label], *(f"{value:.6f}" for value in probabilities)]
