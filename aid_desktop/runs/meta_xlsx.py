"""meta.xlsx: the record of a run with the sheets and column names of AIDeveloper 0.4."""

import logging
import platform
import re
from pathlib import Path
from typing import Any

from aid_desktop import __version__
from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.paths import write_atomically
from aid_desktop.runs.config import RunConfig
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import History, read_history
from aid_desktop.runs.settings_log import Revision, read_revisions
from aid_desktop.runs.spreadsheet import text_cell

logger = logging.getLogger(__name__)

_NORMALIZATION = {
    "none": "None",
    "divide_by_255": "Div. by 255",
    "standardize_each_image": "StdScaling using mean and std of each image individually",
    "standardize_training_set": "StdScaling using mean and std of all training data",
}
_OPTIMIZERS = {"adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad", "adadelta": "Adadelta",
               "adamax": "Adamax", "nadam": "Nadam", "adamw": "AdamW", "lion": "Lion"}  # fmt: skip
# Control signs and bytes of odd file names.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_ZOOM_ORDER = {"nearest": 0, "linear": 1, "area": 2, "cubic": 3, "lanczos": 4}


def write_meta_xlsx(config: RunConfig, table: ClassTable, folder: RunFolder) -> Path:
    """Write the sheets UsedData, DataOverview, Parameters and History of a run; return the file. Raises OSError."""
    from openpyxl import Workbook

    history = read_history(folder.history_csv)
    sheets = {
        "UsedData": _used_data(table),
        "DataOverview": _data_overview(table),
        "Parameters": [_parameters(config, table, folder, item) for item in read_revisions(folder.settings_jsonl)],
        "History": _history(history),
    }
    workbook = Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        columns = list(rows[0]) if rows else []
        sheet.append([None, *columns])
        for index, row in enumerate(rows):
            sheet.append([index, *(_cell(sheet, row[column]) for column in columns)])
    with write_atomically(folder.meta_xlsx) as temporary:
        workbook.save(temporary)
    return folder.meta_xlsx


def _cell(sheet: Any, value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    return text_cell(sheet, _NOT_IN_XML.sub("?", str(value)))


def _used_data(table: ClassTable) -> list[dict[str, Any]]:
    words = {Role.TRAINING: "Train", Role.VALIDATION: "Valid", Role.TEST: "Test"}
    return [
        {
            "rtdc_ds": row.source.name,
            "rtdc_path": str(row.source.path),
            "nr_images": row.source.n_images,
            "class": row.class_index,
            "TrainOrValid": words[row.role],
            "nr_events": row.source.n_images,
            "nr_events_epoch": row.images_per_epoch or row.source.n_images,
            "shuffle": row.shuffle,
            "zoom_factor": row.zoom,
            "hash": row.source.digest,
            "xtra_in": False,
        }
        for row in table.rows
    ]


def _data_overview(table: ClassTable) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for heading, role in (("Train. data", Role.TRAINING), ("Val. data", Role.VALIDATION)):
        rows.append({"Class": heading, "Events tot.": None, "Events/Epoch": None, "Name": None})
        for index, name in enumerate(table.class_names):
            chosen = [row for row in table.rows if row.role is role and row.class_index == index]
            rows.append(
                {
                    "Class": index,
                    "Events tot.": sum(row.source.n_images for row in chosen),
                    "Events/Epoch": sum(row.images_per_epoch or row.source.n_images for row in chosen),
                    "Name": name,
                }
            )
    return rows


def _parameters(config: RunConfig, table: ClassTable, folder: RunFolder, item: Revision) -> dict[str, Any]:
    image, model = config.image, config.model
    return {
        "aideveloper_version": f"AID Desktop {__version__}",
        "os": platform.platform(),
        "cpu": platform.processor(),
        "modelname": str(folder.path),
        "chosen_model": model.name,
        "new_model": model.architecture is not None,
        "loadrestart_model": model.start_from is not None and model.mode == "restart",
        "loadcontinue_model": model.start_from is not None and model.mode == "continue",
        "continued_fitting_from": str(model.start_from or ""),
        "input_image_size": image.width if image.width == image.height else f"{image.width} x {image.height}",
        "color_mode": "Grayscale" if image.channels == "gray" else "RGB",
        "zoom_order": _ZOOM_ORDER[image.resize],
        "device": config.device.strategy,
        "gpu_memory": config.device.memory_fraction,
        "output_nr_classes": table.n_classes,
        "normalization": _NORMALIZATION[image.normalization],
        **_augmentation(item),
        "epoch_started_using_these_settings": item.epoch,
        **_learning(item),
        "paddingmode": image.padding,
    }


def _augmentation(item: Revision) -> dict[str, Any]:
    settings = item.settings.augmentation
    return {
        "nr_epochs": item.settings.hyperparameters.epochs,
        "keras_refresh_after_nr_epochs": settings.affine_refresh,
        "horz_flip": settings.horizontal_flip,
        "vert_flip": settings.vertical_flip,
        "rotation": settings.rotation,
        "width_shift": settings.width_shift,
        "height_shift": settings.height_shift,
        "zoom": settings.zoom,
        "shear": settings.shear,
        "brightness_refresh_after nr_epochs": settings.photometric_refresh,
        "brightness_add_lower": settings.brightness_add[0],
        "brightness_add_upper": settings.brightness_add[1],
        "brightness_mult_lower": settings.brightness_multiply[0],
        "brightness_mult_upper": settings.brightness_multiply[1],
        "gaussnoise_mean": 0,
        "gaussnoise scale": settings.noise_std,
        "contrast_on": settings.contrast != (1, 1),
        "contrast_lower": settings.contrast[0],
        "contrast_higher": settings.contrast[1],
        "saturation_on": settings.saturation != (1, 1),
        "saturation_lower": settings.saturation[0],
        "saturation_higher": settings.saturation[1],
        "hue_on": settings.hue > 0,
        "hue_delta": settings.hue,
        "average_blur_on": settings.average_blur[1] > 1,
        "average_blur_lower": settings.average_blur[0],
        "average_blur_higher": settings.average_blur[1],
        "gauss_blur_on": settings.gaussian_blur[1] > 1,
        "gauss_blur_lower": settings.gaussian_blur[0],
        "gauss_blur_higher": settings.gaussian_blur[1],
        "motion_blur_on": settings.motion_blur[1] > 1,
        "motion_blur_kernel": settings.motion_blur,
        "motion_blur_angle": settings.motion_blur_angle,
    }


def _learning(item: Revision) -> dict[str, Any]:
    settings = item.settings.hyperparameters
    return {
        "expert_mode": True,
        "batchsize_expert": settings.batch_size,
        "epochs_expert": 1,
        "learning_rate_expert_on": True,
        "learning_rate_const_on": settings.schedule == "constant",
        "learning_rate_const": settings.learning_rate,
        "loss_expert_on": True,
        "loss_expert": settings.loss,
        "optimizer_expert_on": True,
        "optimizer_expert": _OPTIMIZERS[settings.optimizer],
        "dropout_expert_on": bool(settings.dropout),
        "dropout_expert": settings.dropout,
        "lossw_expert_on": settings.class_weights != "none",
        "lossw_expert": settings.class_weights,
        "metrics": settings.metrics,
    }


def _history(history: History) -> list[dict[str, Any]]:
    elapsed = 0.0
    rows = []
    for record in history.records:
        elapsed += record.seconds
        metrics = dict(record.metrics)
        rows.append(
            {
                **metrics,
                "Saved": int(record.model is not None),
                "Time": elapsed,
                "LearningRate": record.learning_rate,
            }
        )
    return rows
