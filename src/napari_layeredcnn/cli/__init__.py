"""The command line `layeredcnn`: parses, calls the library, prints.

Each command is a module of its own. What takes long to import (torch above all) is imported
inside the commands, so that `layeredcnn --help` is quick.
"""

from __future__ import annotations

from typing import Annotated

import typer

from napari_layeredcnn import __version__
from napari_layeredcnn.cli.demo import demo
from napari_layeredcnn.cli.evaluate import evaluate
from napari_layeredcnn.cli.find import find
from napari_layeredcnn.cli.measure import measure
from napari_layeredcnn.cli.segment import segment
from napari_layeredcnn.cli.segment_folder import segment_folder
from napari_layeredcnn.cli.train import train

app = typer.Typer(
    name="layeredcnn",
    help="Finish a layer segmentation that you have only begun: label a few columns of an "
    "image, and LayeredCNN continues them column by column.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="markdown",  # it alone fills paragraphs
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(segment)
app.command("segment-folder")(segment_folder)
app.command()(find)
app.command()(measure)
app.command()(demo)
app.command()(evaluate)
app.command()(train)


def main() -> None:
    """Run the command line; the entry point of the script `layeredcnn`."""
    app()


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"layeredcnn {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Take the options that stand before a command."""
