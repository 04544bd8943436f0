"""How good the curves are, beside what people would use instead; protocol in `docs/benchmark.md`.

DATA is a folder with `synthetic_test` and `real_protocol`::

    python benchmarks/accuracy.py DATA --jobs 2 --json accuracy.json

Each process uses one thread. `--every 8` takes every 8th image of a group, `--method network` one
method only, `--model FILE` other weights.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

from napari_layeredcnn import __version__
from napari_layeredcnn.core.autoinit import find_layers
from napari_layeredcnn.core.columns import ColumnNetwork
from napari_layeredcnn.core.completion import complete
from napari_layeredcnn.core.scaling import scale_intensities, to_grayscale
from napari_layeredcnn.core.weights import ancestry, load_model
from napari_layeredcnn.core.working import working_grid
from napari_layeredcnn.training.alternatives import PathSettings, flat_line, shortest_path
from napari_layeredcnn.training.alternatives_cut import graph_cut
from napari_layeredcnn.training.alternatives_joint import joint_path
from napari_layeredcnn.training.cases import every_nth, read_cases
from napari_layeredcnn.training.corrections import count_corrections, count_network_corrections
from napari_layeredcnn.training.evaluate import evaluate
from napari_layeredcnn.training.evaluate_auto import Finder, evaluate_auto
from napari_layeredcnn.training.intervals import interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_layeredcnn.training.cases import Case

NETWORK, AUTOMATIC = "network", "automatic"
ALTERNATIVES = {
    "flat line": flat_line,
    "shortest path": shortest_path,
    # As it was before it was tuned on validation images: steep curves need soft paths.
    "soft path": partial(shortest_path, settings=PathSettings(2.0, 0.1, 1, signed=False)),
    "joint path": joint_path,
    "graph cut": graph_cut,
}
RIDGES = ("muscle_ultrasound", "manuscript_baselines")
#: The minimum cut is run so many columns ahead when corrections are counted.
CUT_AHEAD = 32
LOST = 0.2  # of the image height
#: To find layers takes long: so many images of a group at most.
AUTOMATIC_MOST = 10
BATCH = 10
FIGURES = ("l1", "ari", "within_1px", "within_2px", "lost", "corrections")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--json", type=Path, help="write settings and every image's figures here")
    names = [NETWORK, *ALTERNATIVES, AUTOMATIC]
    parser.add_argument("--method", nargs="+", choices=names, default=names)
    parser.add_argument("--labelled-columns", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--model", help="weights instead of the bundled default")
    parser.add_argument("--every", type=int, default=1, help="every Nth image of a group only")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    arguments = parser.parse_args()
    folders = [arguments.data / name for name in ("synthetic_test", "real_protocol")]
    folders = [folder for folder in folders if folder.is_dir()]
    if not folders:
        parser.error(f"{arguments.data} holds neither synthetic_test nor real_protocol.")
    cases = every_nth([c for folder in folders for c in read_cases(folder)], arguments.every)
    model = load_model(arguments.model)
    tasks = [
        (method, part, n)
        for method in arguments.method
        for part in batches(spread(cases) if method == AUTOMATIC else cases)
        for n in ([0] if method == AUTOMATIC else arguments.labelled_columns)
    ]
    rows: list[dict[str, Any]] = []
    seconds: Counter[str] = Counter()
    work = partial(run, arguments.model, min(arguments.labelled_columns))
    # Fresh interpreters: forking where torch has its threads may hang.
    with ProcessPoolExecutor(arguments.jobs, get_context("spawn")) as pool:
        done = track(pool.map(work, tasks), "Measuring", total=len(tasks), transient=True)
        for (method, _, _), (found, took) in zip(tasks, done, strict=True):
            rows += found
            seconds[method] += took
    result = {
        "settings": {
            "model": ancestry(model),
            "data": [folder.name for folder in folders],
            "every": arguments.every,
            "version": __version__,
        },
        "seconds": {method: round(took, 1) for method, took in seconds.items()},
        "means": [m for n in arguments.labelled_columns for m in means(rows, n)] + means(rows, 0),
        "images": rows,
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    show(result, model.name)


def run(model: str | None, least: int, task: tuple[str, Sequence[Case], int]) -> Any:
    """One method on images of one shape: rows of figures, and the seconds that it took."""
    method, cases, n = task
    torch.set_num_threads(1)
    begun = time.process_time()
    rows = automatic(model, cases) if method == AUTOMATIC else seeded(model, method, cases, n)
    if n == least:
        for row, count in zip(rows, corrections(model, method, cases), strict=True):
            row["corrections"] = int(count)
    return rows, time.process_time() - begun


@lru_cache(1)
def loaded(model: str | None) -> Any:
    read = load_model(model)
    return read, ColumnNetwork(read.network)


def seeded(model: str | None, method: str, cases: Sequence[Case], n: int) -> list[dict[str, Any]]:
    def network(images: NDArray[Any], seeds: NDArray[np.float32]) -> NDArray[np.float32]:
        # As people use it: each image at its own working resolution.
        done = (
            complete(image, seed, model=loaded(model)[0], device="cpu", direction="right")
            for image, seed in zip(images, seeds, strict=True)
        )
        return np.stack([completion.curves for completion in done])

    predict = ALTERNATIVES.get(method, network)
    rows = []
    for case, score in zip(
        cases, evaluate(cases, {method: predict}, labelled_columns=[n], batch=BATCH), strict=True
    ):
        off = np.abs(score.curves - case.curves)[:, -1] > LOST * len(case.image)
        row = {k: v for k, v in vars(score).items() if k != "curves"}
        rows.append(row | {"lost": float(off.mean())})
    return rows


def corrections(model: str | None, method: str, cases: Sequence[Case]) -> NDArray[np.intp]:
    if method != NETWORK:
        images, truths = (np.stack([getattr(c, a) for c in cases]) for a in ("image", "curves"))
        ahead = CUT_AHEAD if method == "graph cut" else None
        return count_corrections(ALTERNATIVES[method], images, truths, ahead=ahead).counts
    network, columns = loaded(model)[0].network, loaded(model)[1]
    counts = []
    for case in cases:
        height = len(case.image)
        truth = np.clip(case.curves, 0, height)
        seed = np.full_like(truth, np.nan)
        seed[:, 0] = truth[:, 0]
        grid = working_grid(seed, height)
        image = grid.image(scale_intensities(to_grayscale(case.image)[0]))
        counts += [
            count_network_corrections(
                network, image[None], grid.seed(truth)[None], grid, columns=columns
            ).counts[0]
        ]
    return np.array(counts)


def automatic(model: str | None, cases: Sequence[Case]) -> list[dict[str, Any]]:
    def find(image: NDArray[Any], k: int | None) -> Any:
        return find_layers(image, k, model=loaded(model)[0], device="cpu")

    def completed(image: NDArray[Any], seed: Any) -> NDArray[np.float32]:
        return complete(image, seed, model=loaded(model)[0], device="cpu").curves

    scores = evaluate_auto(cases, {AUTOMATIC: Finder(find)}, completed)
    return [
        {"group": s.group, "name": s.name, "labelled_columns": 0, "method": AUTOMATIC}
        | {"ari": s.ari, "n_curves": s.n_curves, "n_found": s.n_found}
        for s in scores
        if s.method == AUTOMATIC and s.number_given
    ]


def spread(cases: Sequence[Case]) -> list[Case]:
    """At most so many images of each group as are looked at without labels, evenly spread."""
    sizes = Counter(case.group for case in cases)
    seen: Counter[str] = Counter()
    kept = []
    for case in cases:
        size, i = sizes[case.group], seen[case.group]
        most = min(size, AUTOMATIC_MOST)
        if i * most // size != (i - 1) * most // size:
            kept.append(case)
        seen[case.group] += 1
    return kept


def batches(cases: Sequence[Case]) -> list[list[Case]]:
    """Some images of one group and shape each."""
    found = []
    for _, same in groupby(cases, key=lambda c: (c.group, c.image.shape, c.curves.shape)):
        members = list(same)
        found += [members[i : i + BATCH] for i in range(0, len(members), BATCH)]
    return found


def means(rows: Sequence[dict[str, Any]], n: int) -> list[dict[str, Any]]:
    """Mean and 95 % interval by group and method, and those of the issue's headlines."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["labelled_columns"] == n:
            groups[row["group"], row["method"]].append(row)
    names = list(dict.fromkeys(group for group, _ in groups))
    synthetic = [g for g in names if " K = " in g]
    interfaces = [g for g in names if g not in (*synthetic, *RIDGES)]
    sets = {"synthetic_test, K 1 to 5": [g for g in synthetic if int(g.split()[-1]) <= 5]}
    sets |= {"interfaces, mean over domains": interfaces}
    sets |= {g: [g] for g in names}
    found = []
    for title, members in sets.items():
        for method in dict.fromkeys(method for _, method in groups):
            parts = [groups[g, method] for g in members if groups.get((g, method))]
            for figure in FIGURES:
                values = [[row[figure] for row in part if figure in row] for part in parts]
                if values and all(values):
                    key = {"group": title, "labelled_columns": n, "method": method}
                    found.append(key | {"figure": figure} | interval(values)._asdict())
    return found


def show(result: dict[str, Any], model: str) -> None:
    console = Console()
    if not console.is_terminal:  # a log has room for whole names
        console = Console(width=150)
    digest = result["settings"]["model"]["hash"] or ""
    console.print(f"Model: {model} {digest[:8]}; mean [95 % interval over images]")
    counts = dict.fromkeys(mean["labelled_columns"] for mean in result["means"])
    for n in counts:
        title = f"{n} labelled column{'s' * (n > 1)}" if n else "automatic initialization, K given"
        for apart in (False, True):
            table = Table(title=title + ", ridges and text lines" * apart, title_justify="left")
            table.add_column("group")
            table.add_column("method")
            for heading in ("L1 px", "ARI", "<= 1 px", "<= 2 px", "lost", "corrected columns"):
                table.add_column(heading, justify="right")
            cells: dict[tuple[str, int, str], dict[str, str]] = defaultdict(dict)
            for m in result["means"]:
                if m["labelled_columns"] == n and (m["group"] in RIDGES) == apart:
                    key = (m["group"], m["n"], m["method"])
                    cells[key][m["figure"]] = words(m["figure"], m)
            before = None
            for (group, number, method), row in cells.items():
                if before not in (None, group):
                    table.add_section()
                name = "" if group == before else f"{group} (n = {number})"
                table.add_row(name, method, *(row.get(figure, "") for figure in FIGURES))
                before = group
            if cells:
                console.print(table)
    console.print("Seconds of processor time:", result["seconds"])


def words(figure: str, m: dict[str, Any]) -> str:
    form = {"l1": "{:.2f}", "ari": "{:.3f}", "corrections": "{:.1f}"}.get(figure, "{:.0%}")
    mean, low, high = (form.format(m[key]) for key in ("mean", "low", "high"))
    return mean if form.endswith("%}") else f"{mean} [{low}, {high}]"


if __name__ == "__main__":
    main()
