"""meta.xlsx: the record of a run with the sheets and column names of AIDeveloper 0.4."""

import logging
import platform
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aid_desktop import __version__
from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.paths import write_atomically
from aid_desktop.runs.aideveloper_columns import CLASS_WEIGHTS, COLORS, COLUMNS, ROLES, enlarged, shift_to_cell
from aid_desktop.runs.config import RunConfig
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import History, read_history
from aid_desktop.runs.settings_log import Revision, read_revisions
from aid_desktop.runs.spreadsheet import text_cell

logger = logging.getLogger(__name__)

# Control signs and bytes of odd file names.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


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
    return [
        {
            "rtdc_ds": row.source.name,
            "rtdc_path": str(row.source.path),
            "nr_images": row.source.n_images,
            "class": row.class_index,
            "TrainOrValid": ROLES[row.role],
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
        "color_mode": COLORS["gray" if image.n_channels == 1 else "rgb"],
        "selected_channels": list(image.channel_names or ("image",)),
        "device": config.device.strategy,
        "output_nr_classes": table.n_classes,
        **_settings(config, item),
        "gaussnoise_mean": 0,
        "epoch_started_using_these_settings": item.epoch,
        "expert_mode": True,
        "epochs_expert": 1,
        "learning_rate_expert_on": True,
        "learning_rate_const_on": item.settings.hyperparameters.schedule == "constant",
        **_class_weights(item.settings.hyperparameters.class_weights, table),
        "metrics": item.settings.hyperparameters.metrics,
    }


def _settings(config: RunConfig, item: Revision) -> dict[str, Any]:
    """Return the columns that are one setting each, and the switches of those that have one."""
    training = item.settings
    sections = (config.image, config.device, training.augmentation, training.hyperparameters)
    values = {f"{section.SECTION}.{name}": value for section in sections for name, value in asdict(section).items()}
    for name, side in (("width_shift", config.image.width), ("height_shift", config.image.height)):
        values[f"augmentation.{name}"] = shift_to_cell(values[f"augmentation.{name}"], enlarged(side))
    cells: dict[str, Any] = {}
    for column in COLUMNS:
        if column.switch:
            cells[column.switch] = values[column.setting] != column.default
        cells[column.name] = column.cell(values[column.setting])
    return cells


def _class_weights(weights: str | tuple[tuple[str, float], ...], table: ClassTable) -> dict[str, Any]:
    if isinstance(weights, str):
        return {"lossw_expert_on": weights != "none", "lossw_expert": CLASS_WEIGHTS[weights]}
    places = {name: index for index, name in enumerate(table.class_names)}
    by_index = {places[name]: weight for name, weight in weights if name in places}
    return {"lossw_expert_on": True, "lossw_expert": str(by_index)}


def _history(history: History) -> list[dict[str, Any]]:
    elapsed = 0.0
    rows = []
    # Metrics come and go in the course of a run.
    names = tuple(dict.fromkeys(name for record in history.records for name, _ in record.metrics))
    for record in history.records:
        elapsed += record.seconds
        rows.append(
            {
                **{name: record.value(name) for name in names},
                "Saved": int(record.model is not None),
                "Time": elapsed,
                "LearningRate": record.learning_rate,
            }
        )
    return rows
