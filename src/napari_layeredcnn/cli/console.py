"""What the commands share: where they print, how errors look, options that several have."""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

import typer
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

Finished = TypeVar("Finished")


class Step(Protocol):
    """What a completion yields: how far it is."""

    @property
    def done(self) -> int:
        """Columns or slices that are done."""

    @property
    def total(self) -> int:
        """Columns or slices in all."""


class Device(StrEnum):
    """Where the network runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME_OR_FILE",
        help="A bundled model's name, or a .safetensors file. Default: the bundled one.",
        show_default=False,
    ),
]
DeviceOption = Annotated[
    Device,
    typer.Option("--device", help="Where the network runs; auto takes a GPU if there is one."),
]


def say(text: str) -> None:
    """Print a line of the result, as it is."""
    Console(soft_wrap=True).print(text, markup=False, highlight=False)


def progress_console() -> Console:
    """Give the console for progress: stderr, and nothing at all where nobody is looking."""
    console = Console(stderr=True)
    console.quiet = not console.is_terminal
    return console


def with_progress(
    steps: Generator[Step, None, Finished], description: str, unit: str = "columns"
) -> Finished:
    """Run a completion to its end under a progress bar that counts columns."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeLeft(),
        console=progress_console(),
        transient=True,
    )
    with bar:
        task = bar.add_task(description, total=None)
        while True:
            try:
                step = next(steps)
            except StopIteration as stop:
                result: Finished = stop.value
                return result
            bar.update(task, completed=step.done, total=step.total)


def sentence(error: BaseException) -> str:
    """Say in one line what an error says."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."


def warn(text: str) -> None:
    """Print a line on stderr, as it is."""
    Console(stderr=True, soft_wrap=True).print(text, markup=False, highlight=False)


@contextmanager
def errors_in_one_sentence() -> Iterator[None]:
    """Turn wrong input into one line on stderr and exit code 1.

    Our own errors are `ValueError`; what the system refuses is `OSError`.
    """
    try:
        yield
    except (ValueError, OSError) as error:
        warn(f"Error: {sentence(error)}")
        raise typer.Exit(1) from error
