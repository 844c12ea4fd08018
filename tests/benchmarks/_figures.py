"""One line of JSON for each figure of a benchmark."""

import json


def show(name: str, value: float, unit: str, rival: str, rival_value: float) -> None:
    """Print a figure beside what it is compared with, or beside what is wanted; no ratio to zero."""
    ratio = round(value / rival_value, 4) if rival_value else None
    figures = {"value": round(value, 4), "rival_value": round(rival_value, 4), "ratio": ratio}
    print(json.dumps({"name": name, "unit": unit, "rival": rival, **figures}), flush=True)
