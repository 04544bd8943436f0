"""`layeredcnn evaluate`: scores a model on images with known curves, beside plain alternatives."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_layeredcnn.cli.console import (
    Device,
    DeviceOption,
    ModelOption,
    errors_in_one_sentence,
    progress_console,
    say,
)
from napari_layeredcnn.cli.evaluate_auto import print_auto, run_auto, write_auto

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_layeredcnn.training.cases import Case
    from napari_layeredcnn.training.evaluate import Mean, Predictor, Score

# Bright bands and text lines are not what the paper sets out to find: a table of their own.
_RIDGES = ("muscle_ultrasound", "manuscript_baselines")
_NETWORK = "network"
_PRINTED_EACH = 20  # a larger group's images stand in the JSON file only


def evaluate(
    data: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATA...",
            help="Folders of .npz files, or such files: images (N, H, W) with curves (N, K, W), or "
            "image (H, W) with curves (K, W), in edge coordinates.",
            show_default=False,
        ),
    ],
    model: ModelOption = None,
    labelled_columns: Annotated[
        str,
        typer.Option(
            "--labelled-columns",
            metavar="N[,N...]",
            help='How many first columns are given; several numbers as in "1,4".',
        ),
    ] = "1",
    include_given: Annotated[
        bool,
        typer.Option(
            "--include-given",
            help="Count the given columns in the errors too, as the paper's authors did.",
        ),
    ] = False,
    json_file: Annotated[
        Path | None,
        typer.Option(
            "--json",
            metavar="FILE",
            help="Write settings, means and every image's figures here.",
            show_default=False,
        ),
    ] = None,
    overlays: Annotated[
        Path | None,
        typer.Option(
            "--overlays",
            metavar="FILE.png",
            help="Draw the network's ten worst images (largest L1) here.",
            show_default=False,
        ),
    ] = None,
    auto: Annotated[
        bool,
        typer.Option(
            "--auto",
            help="Measure automatic initialization: ARI of what is found without labels, by the "
            "paper's method and by ours, with the number of curves given and unknown.",
        ),
    ] = False,
    every: Annotated[
        int,
        typer.Option("--every", metavar="N", min=1, help="Take every Nth image of a group only."),
    ] = 1,
    device: DeviceOption = Device.AUTO,
) -> None:
    """Measure how well curves are found, column by column, on images whose curves are known.

    Prints the mean distance (L1, px), the adjusted Rand index of the regions (ARI) and the
    share of points within 1 and 2 px, for the network, the flat line from the seed and the
    shortest path along edges; for each group of images, and never over all groups.
    """
    numbers = _numbers(labelled_columns)
    if overlays is not None and overlays.suffix.lower() != ".png":
        raise typer.BadParameter("the picture's name ends in .png.", param_hint="'--overlays'")
    if auto and (overlays is not None or include_given or numbers != [1]):
        raise typer.BadParameter(
            "--labelled-columns, --include-given and --overlays have no meaning with --auto; "
            "drop them.",
            param_hint="'--auto'",
        )
    with errors_in_one_sentence():
        for path in (json_file, overlays):
            if path is not None and not path.absolute().parent.is_dir():
                raise ValueError(f"The folder of {path} does not exist; make it first.")

        from napari_layeredcnn.training.cases import every_nth, read_cases

        cases = every_nth([case for path in data for case in read_cases(path)], every)
        if auto:
            auto_name, auto_scores = run_auto(cases, model, device.value)
            print_auto(auto_scores, auto_name)
            if json_file is not None:
                write_auto(json_file, auto_scores, auto_name, data, every)
                say(f"Wrote {json_file}")
            return
        name, methods = _methods(model, device.value)
        scores = _run(cases, methods, numbers, include_given)
        _print(scores, name)
        if json_file is not None:
            _write_json(json_file, scores, name, data, include_given)
            say(f"Wrote {json_file}")
        if overlays is not None:
            _draw_worst(overlays, cases, scores, min(numbers))
            say(f"Wrote {overlays}")


def _numbers(text: str) -> list[int]:
    try:
        numbers = sorted({int(part) for part in text.replace(",", " ").split()})
    except ValueError:
        numbers = []
    if not numbers or numbers[0] < 1:
        raise typer.BadParameter(
            f"'{text}' is not a list of numbers from 1 on, such as 1,4.",
            param_hint="'--labelled-columns'",
        )
    return numbers


def _methods(model: str | None, device: str) -> tuple[str, dict[str, Predictor]]:
    import numpy as np

    from napari_layeredcnn.core.completion import complete
    from napari_layeredcnn.core.weights import load_model
    from napari_layeredcnn.training.alternatives import flat_line, shortest_path

    loaded = load_model(model)

    def network(images: NDArray[Any], seeds: NDArray[np.float32]) -> NDArray[np.float32]:
        # As people use it: each image at its own working resolution.
        completions = (
            complete(image, seed, model=loaded, device=device, direction="right")
            for image, seed in zip(images, seeds, strict=True)
        )
        return np.stack([completion.curves for completion in completions])

    methods: dict[str, Predictor] = {
        _NETWORK: network,
        "flat line": flat_line,
        "shortest path": shortest_path,
    }
    return loaded.name, methods


def _run(
    cases: Sequence[Case],
    methods: dict[str, Predictor],
    numbers: Sequence[int],
    include_given: bool,
) -> list[Score]:
    from rich.progress import track

    from napari_layeredcnn.training.evaluate import evaluate as score_all

    steps = score_all(cases, methods, labelled_columns=numbers, include_given=include_given)
    total = len(cases) * len(methods) * len(numbers)
    return list(track(steps, "Evaluating", total=total, console=progress_console(), transient=True))


def _print(scores: Sequence[Score], model: str) -> None:
    """Print tables for each number of given columns, with ridges apart."""
    from napari_layeredcnn.training.evaluate import means

    say(f"Model: {model}")
    for apart in (False, True):
        some = [s for s in scores if (s.group in _RIDGES) == apart]
        for number in sorted({s.labelled_columns for s in some}):
            given = [s for s in some if s.labelled_columns == number]
            title = f"{number} labelled column{'s' * (number > 1)}"
            title += ", ridges and text lines" * apart
            groups = means(given)
            _print_table(title, "method", [(f"{m.group} (n = {m.n})", m.method, m) for m in groups])
            few = {m.group for m in groups if m.n <= _PRINTED_EACH}
            images = [s for s in given if s.method == _NETWORK and s.group in few]
            if images:
                each = [(s.group, s.name, s) for s in images]
                _print_table(f"{title}: the network on each image", "image", each)


def _print_table(title: str, second: str, rows: Sequence[tuple[str, str, Mean | Score]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column("group", overflow="fold")
    table.add_column(second, overflow="fold")
    for heading in ("L1 px", "ARI", "<= 1 px", "<= 2 px"):
        table.add_column(heading, justify="right")
    before = None
    for group, name, row in rows:
        if before not in (None, group):
            table.add_section()
        figures = (
            f"{row.l1:.2f}",
            f"{row.ari:.3f}",
            f"{row.within_1px:.0%}",
            f"{row.within_2px:.0%}",
        )
        table.add_row("" if group == before else group, name, *figures)
        before = group
    console = Console()
    if not console.is_terminal:  # a log has room for whole names
        console = Console(width=max(console.width, 120))
    console.print(table)


def _write_json(
    path: Path, scores: Sequence[Score], model: str, data: Sequence[Path], include_given: bool
) -> None:
    from napari_layeredcnn import __version__
    from napari_layeredcnn.files import write_text
    from napari_layeredcnn.training.evaluate import to_json

    result = to_json(
        scores,
        model=model,
        data=[str(p) for p in data],
        given_columns_counted=include_given,
        version=__version__,
    )
    write_text(path, json.dumps(result, indent=1) + "\n")


def _draw_worst(path: Path, cases: Sequence[Case], scores: Sequence[Score], number: int) -> None:
    from napari_layeredcnn.files import write_picture
    from napari_layeredcnn.overlay import draw_overlay, draw_sheet

    by_name = {(case.group, case.name): case for case in cases}
    own = [s for s in scores if s.method == _NETWORK and s.labelled_columns == number]
    pictures, captions = [], []
    for score in sorted(own, key=lambda s: -s.l1)[:10]:
        case = by_name[score.group, score.name]
        pictures.append(
            draw_overlay(
                case.image, score.curves, truth=case.curves, seed_columns=list(range(number))
            )
        )
        captions.append(f"{score.group}, {score.name}: L1 {score.l1:.2f} px, ARI {score.ari:.3f}")
    write_picture(path, draw_sheet(pictures, captions))
