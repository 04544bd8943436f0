"""`layeredcnn evaluate --auto`: the paper's way of finding layers and ours, in one table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_layeredcnn.cli.console import progress_console, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.training.cases import Case
    from napari_layeredcnn.training.evaluate_auto import AutoScore

PAPER, OURS = "paper", "find_layers"
_PRINTED_EACH = 20  # a larger group's images stand in the JSON file only


def run_auto(cases: Sequence[Case], model: str | None, device: str) -> tuple[str, list[AutoScore]]:
    """Find and complete in every image; return the model's name and the scores."""
    from rich.progress import track

    from napari_layeredcnn.core.autoinit import find_layers, paper_layers
    from napari_layeredcnn.core.completion import complete
    from napari_layeredcnn.core.weights import load_model
    from napari_layeredcnn.training.evaluate_auto import Finder, evaluate_auto

    loaded = load_model(model)

    def completed(image: NDArray[Any], seed: Seed) -> NDArray[np.float32]:
        return complete(image, seed, model=loaded, device=device).curves

    finders = {
        PAPER: Finder(
            lambda image, k: paper_layers(image, k, model=loaded, device=device), columns=[0]
        ),
        OURS: Finder(lambda image, k: find_layers(image, k, model=loaded, device=device)),
    }
    steps = evaluate_auto(cases, finders, completed)
    total = len(cases) * (1 + 2 * len(finders))
    bar = track(steps, "Evaluating", total=total, console=progress_console(), transient=True)
    return loaded.name, list(bar)


def print_auto(scores: Sequence[AutoScore], model: str) -> None:
    """Print ARI by group, and by image where a group has few."""
    from napari_layeredcnn.training.evaluate_auto import auto_means

    say(f"Model: {model}")
    means = auto_means(scores)
    by_group: dict[str, dict[tuple[str, bool], Any]] = {}
    for mean in means:
        by_group.setdefault(f"{mean.group} (n = {mean.n})", {})[mean.method, mean.number_given] = (
            mean
        )
    _print("ARI with automatic initialization", "group", by_group)
    few = {mean.group for mean in means if mean.n <= _PRINTED_EACH}
    images: dict[str, dict[tuple[str, bool], Any]] = {}
    for score in scores:
        if score.group in few:
            name = f"{score.group}, {score.name} (K = {score.n_curves})"
            images.setdefault(name, {})[score.method, score.number_given] = score
    if images:
        _print("Each image", "image", images)


def write_auto(
    path: Path, scores: Sequence[AutoScore], model: str, data: Sequence[Path], every: int
) -> None:
    """Write settings, means and every image's figures."""
    from napari_layeredcnn import __version__
    from napari_layeredcnn.files import write_text
    from napari_layeredcnn.training.evaluate_auto import auto_json

    result = auto_json(
        scores, model=model, data=[str(p) for p in data], every=every, version=__version__
    )
    write_text(path, json.dumps(result, indent=1) + "\n")


def _print(title: str, first: str, rows: dict[str, dict[tuple[str, bool], Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    from napari_layeredcnn.training.evaluate_auto import SEEDED

    table = Table(title=title, title_justify="left")
    table.add_column(first, overflow="fold")
    table.add_column(SEEDED, justify="right")
    for given in ("K given", "K unknown"):
        for method in (PAPER, OURS):
            table.add_column(f"{method}, {given}", justify="right")
    table.add_column("curves found, K unknown", justify="right")
    for name, row in rows.items():
        figures = [f"{row[SEEDED, True].ari:.3f}"]
        figures += [f"{row[m, given].ari:.3f}" for given in (True, False) for m in (PAPER, OURS)]
        found = (f"{row[method, False].n_found:g}" for method in (PAPER, OURS))
        table.add_row(name, *figures, " / ".join(found))
    console = Console()
    if not console.is_terminal:  # a log has room for whole names
        console = Console(width=max(console.width, 120))
    console.print(table)
