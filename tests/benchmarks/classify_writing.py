"""Write what was found about very many events: time, and memory besides that of the probabilities.

Prints one JSON line per output. The events are images of 8 × 8 pixels; they are not classified, but drawn.
"""

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from aid_desktop.data.formats import open_source
from aid_desktop.data.rtdc_writing import RtdcWriter
from aid_desktop.data.source import DataSource
from aid_desktop.evaluation.decision import Decision
from aid_desktop.evaluation.outputs import Outputs, write_outputs
from aid_desktop.evaluation.predictions import Predictions

NAMES = ("lym", "mon", "eos", "neu", "rbc")
PART = 10_000


def make_source(path: Path, n_events: int) -> DataSource:
    """Write an .rtdc file."""
    rng = np.random.default_rng(0)
    with RtdcWriter(path, (8, 8)) as writer:
        for start in range(0, n_events, PART):
            writer.append(rng.integers(0, 256, (min(PART, n_events - start), 8, 8), np.uint8))
    return open_source(path).source


def resident() -> int:
    """Return the bytes of this process in memory (Linux)."""
    import psutil

    return int(psutil.Process().memory_info().rss)


@contextmanager
def watched() -> Iterator[list[int]]:
    """Yield a list whose last number is the most memory that was seen."""
    most, ended = [resident()], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            most.append(max(most[-1], resident()))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


def main() -> None:
    """Write each output once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--outputs", nargs="+", default=["csv", "xlsx", "rtdc", "basin"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = make_source(folder / "events.rtdc", options.events)
        values = np.random.default_rng(1).dirichlet(np.ones(len(NAMES)), options.events).astype(np.float32)
        zero, index = np.zeros(options.events, np.intp), np.arange(options.events)
        predictions = Predictions(NAMES, (source,), (1.0,), zero, index, values)
        known = {
            "csv": Outputs(table=folder / "out.csv"),
            "xlsx": Outputs(table=folder / "out.xlsx"),
            "rtdc": Outputs(with_rtdc=True, folder=folder / "copy"),
            "basin": Outputs(with_rtdc=True, as_basin=True, folder=folder / "basin"),
        }
        for output in options.outputs:
            before, started = resident(), time.perf_counter()
            with watched() as most:
                written = write_outputs(predictions, known[output], Decision(reject=0.5))
            figure = {
                "output": output,
                "events": options.events,
                "seconds": round(time.perf_counter() - started, 2),
                "extra_mb": round((most[-1] - before) / 1e6, 1),
                "file_mb": round(written.files[0].stat().st_size / 1e6, 1),
            }
            print(json.dumps(figure), flush=True)


if __name__ == "__main__":
    main()
