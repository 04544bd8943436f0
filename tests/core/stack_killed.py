"""Kills runs at random moments and resumes them; run by `test_stack_killed.py`.

Every run is a process of its own, forked from this one, so that nothing is imported again. Of two
runs one is killed at a random time, and one at a random write: before it opens a file or renames
one, so that what it was at is half written.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path

import numpy as np

from napari_layeredcnn.core.stack import complete_stack
from napari_layeredcnn.core.weights import Model, load_model

from .stack_cases import small_seed, small_stack


def main(folder: Path, kills: int) -> None:
    rng, model = np.random.default_rng(0), load_model()
    begun = time.monotonic()
    assert _run(model, folder / "whole.zarr") == 0
    seconds = time.monotonic() - begun
    path, whole = folder / "killed.zarr", _files(folder / "whole.zarr")
    killed, resumed, ended, equal = 0, 0, 0, 0
    while True:
        if killed == kills:
            status = _run(model, path)
        elif killed % 2:
            status = _run(model, path, after=rng.uniform(0, seconds / 2))
        else:
            status = _run(model, path, at_write=int(rng.integers(60)))
        killed += status == -signal.SIGKILL
        resumed += status == -signal.SIGKILL and path.exists()
        if status == 0:  # it came to its end
            ended += 1
            equal += _files(path) == whole
            if killed == kills:
                break
            path.rename(folder / f"done-{ended}.zarr")
    sys.stdout.write(
        json.dumps({"killed": killed, "resumed": resumed, "ended": ended, "equal": equal})
    )


def _run(
    model: Model, path: Path, *, after: float | None = None, at_write: int | None = None
) -> int:
    """Exit status of a run; negative for a signal."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if at_write is not None:
                _kill_at(at_write, str(path))
            complete_stack(
                small_stack(), {1: small_seed()}, model=model, batch=2, output=path, resume=True
            )
            status = 0
        except BaseException:
            traceback.print_exc()
            raise
        finally:  # no test goes on in the child
            os._exit(status)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)  # a process that has ended waits to be asked for its status
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status


def _kill_at(count: int, path: str) -> None:
    left = [count]

    def hook(event: str, arguments: tuple) -> None:
        writes = event == "os.rename" or (event == "open" and "w" in str(arguments[1]))
        if writes and str(arguments[0]).startswith(path):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def _files(path: Path) -> dict[str, bytes]:
    """The arrays, byte for byte."""
    found = (
        p for name in ("0", "curves", "uncertainty", "seeds") for p in path.glob(f"{name}/**/*")
    )
    return {str(p.relative_to(path)): p.read_bytes() for p in found if p.is_file()}


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
