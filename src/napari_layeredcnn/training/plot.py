"""A picture of a training's log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def plot_log(log: Path, picture: Path) -> None:
    """Plot loss and column-by-column validation error over the images seen.

    Parameters
    ----------
    log : Path
        The ``log.jsonl`` of a training.
    picture : Path
        Where to write; the ending says the format.
    """
    from matplotlib.figure import Figure  # only here: a training itself does without matplotlib

    records = [json.loads(line) for line in log.read_text().splitlines()]
    steps = [r for r in records if "loss" in r]
    validations = [r for r in records if "validation" in r]
    figure = Figure(figsize=(9, 7), layout="constrained")
    upper, lower = figure.subplots(2, sharex=True)
    for k in sorted({r["curves"] for r in steps}):
        some = [r for r in steps if r["curves"] == k]
        images, losses = [r["images"] for r in some], [r["loss"] for r in some]
        upper.plot(images, losses, ".", ms=3, label=f"{k}")
    upper.set(ylabel="training loss", yscale="log")
    upper.legend(title="curves", ncols=3, fontsize="small")
    seen = [r["images"] for r in validations]
    for k in validations[0]["errors"] if validations else ():
        lower.plot(seen, [r["errors"][k] for r in validations], "-", lw=1, label=f"{k} curves")
    lower.plot(seen, [r["validation"] for r in validations], "k.-", lw=2, label="mean")
    lower.set(xlabel="images seen", ylabel="validation error, px", yscale="log")
    lower.legend(fontsize="small")
    lower.grid(which="both", alpha=0.3)
    figure.savefig(picture, dpi=120)
