"""Layers of curves for the tests, and the tables of dock and command."""

from __future__ import annotations

import csv
from threading import Event

import numpy as np
from measured import CURVES, UNCERTAINTY, H, W, add
from napari.layers import Layer
from runs import a_run, image_plane
from typer.testing import CliRunner

from napari_layeredcnn.cli import app
from napari_layeredcnn.files.tables import write_table
from napari_layeredcnn.plugin.measure_request import MeasureChoices, measure_request
from napari_layeredcnn.plugin.measure_worker import HowFar, MeasureOutcome, measure_layers
from napari_layeredcnn.plugin.overlays import Overlays
from napari_layeredcnn.plugin.readers import read_layers
from napari_layeredcnn.plugin.results import ResultLayers

STACK, SHOWN = MeasureChoices(slices="stack"), MeasureChoices()


def run(viewer, chosen, choices=STACK) -> MeasureOutcome:
    request = measure_request(viewer, chosen, choices, ResultLayers(viewer))
    return measure_layers(request, 1, Event(), HowFar())


def result(viewer, chosen, choices=STACK):
    outcome = run(viewer, chosen, choices)
    assert outcome.result is not None, outcome.message
    return outcome.result


def opened(viewer, path):
    """Open a file as napari does."""
    ((data, settings, kind),) = read_layers(str(path))
    return viewer.add_layer(Layer.create(data, settings, kind))


def of_command(path, *options) -> list[list[str]]:
    """The table of the command, without its column of files."""
    table = path.with_name("command.csv")
    said = CliRunner().invoke(
        app, ["measure", str(path), "-o", str(table), "--overwrite", *options]
    )
    assert said.exit_code == 0, said.output
    with table.open(encoding="utf-8", newline="") as file:
        return [line[1:] for line in csv.reader(file)]


def of_dock(found, folder) -> list[list[str]]:
    """The table that the dock saves, without its column of files."""
    write_table(folder / "dock.csv", found.named_rows())
    with (folder / "dock.csv").open(encoding="utf-8", newline="") as file:
        return [line[1:] for line in csv.reader(file)]


def a_result(viewer, features=None):
    """Labels of a run, and the layer of their curves that the dock adds."""
    layer = add(viewer, features=features)
    assert layer.name == "result"
    runs = {}
    for z, one in enumerate(CURVES):
        kept = a_run(one, UNCERTAINTY[z] * (1 + np.arange(W) / W), height=H)
        ResultLayers(viewer).remember(layer, image_plane(z), kept)
        runs[image_plane(z)] = kept
    overlays = Overlays(viewer)
    overlays.show(layer, layer, runs, uncertainty=False, paths=True, surfaces=False)
    overlays.finish()
    return layer, viewer.layers["result curves"], overlays
