"""`layeredcnn train`: trains a network on synthetic images."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import Annotated

import typer

from napari_layeredcnn.cli.console import errors_in_one_sentence, say


class ConfigurationName(StrEnum):
    """Network sizes, see `napari_layeredcnn.core.network.CONFIGURATIONS`."""

    COMPACT = "compact"
    PAPER = "paper"


def train(
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Where checkpoint, log, plot and finished weights go.",
            show_default=False,
        ),
    ],
    steps: Annotated[
        int | None, typer.Option(min=1, help="Budget in steps.", show_default=False)
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Budget in minutes.", show_default=False)
    ] = None,
    configuration: Annotated[
        ConfigurationName | None,
        typer.Option(
            help="Size of the network. Default: compact, or that of the weights to begin with, "
            "which get what their image stack lacks.",
            show_default=False,
        ),
    ] = None,
    textures: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Texture images, used beside the procedural textures.",
            show_default=False,
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PART",
            help="Leave out textures whose path contains this; may be given several times.",
            show_default=False,
        ),
    ] = None,
    validation_textures: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Textures of the validation images; keep them apart from the others.",
            show_default=False,
        ),
    ] = None,
    batch: Annotated[
        int, typer.Option(min=1, help="Images of 64x128 with three curves in a batch.")
    ] = 8,
    learning_rate: Annotated[float, typer.Option(min=0, help="The highest.")] = 2e-3,
    warmup: Annotated[int, typer.Option(min=1, help="Steps to the highest learning rate.")] = 300,
    no_warping: Annotated[
        bool, typer.Option("--no-warping", help="Without border warping, to compare with.")
    ] = False,
    no_own_outputs: Annotated[
        bool,
        typer.Option(
            "--no-own-outputs", help="Never on the network's own outputs, to compare with."
        ),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Fixes weights and images.")] = 0,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that make images; 0: between the steps.")
    ] = 0,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Threads of torch. Default: all.", show_default=False),
    ] = None,
    device: Annotated[str, typer.Option(help="A torch device, such as cpu or cuda.")] = "cpu",
    start_from: Annotated[
        str | None,
        typer.Option(
            metavar="NAME_OR_FILE",
            help="Weights to begin with: a bundled model's name or a .safetensors file.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the checkpoint in the output folder.")
    ] = False,
    save_minutes: Annotated[
        float, typer.Option(min=0, help="Minutes between checkpoints, each with a validation.")
    ] = 5.0,
) -> None:
    """Train a network on synthetic images, made on the fly.

    Leaves weights.safetensors (the averaged weights with the least validation error, for
    --model), log.jsonl, log.png and a checkpoint to --resume from in the output folder.
    """
    if (steps is None) == (minutes is None):
        raise typer.BadParameter("give a budget, either --steps or --minutes.")
    with errors_in_one_sentence():
        import torch

        from napari_layeredcnn.training.loop import TrainingOptions
        from napari_layeredcnn.training.loop import train as run
        from napari_layeredcnn.training.plot import plot_log
        from napari_layeredcnn.training.schedule import Schedule

        if threads is not None:
            torch.set_num_threads(threads)
        weights = run(
            TrainingOptions(
                output=output,
                schedule=Schedule(
                    steps,
                    minutes,
                    batch,
                    learning_rate,
                    warmup,
                    fresh=start_from is None,
                    warping=not no_warping,
                    own=not no_own_outputs,
                ),
                configuration=configuration.value if configuration else None,
                seed=seed,
                textures=textures,
                validation_textures=validation_textures,
                exclude=tuple(exclude or ()),
                workers=workers,
                device=device,
                start_from=start_from,
                resume=resume,
                save_minutes=save_minutes,
            )
        )
        plot_log(output / "log.jsonl", output / "log.png")
    say(f"Wrote {weights}")
    say(f"Wrote {output / 'log.png'}")
