"""What cannot be completed: one clear sentence in the dock, and nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hands import button, dock, press, segment
from napari.layers import Image, Labels, Layer, Shapes
from qtpy.QtCore import Qt

from napari_layeredcnn.plugin.choices import Choices
from napari_layeredcnn.sample import LABELLED_SLICE, sample_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.usefixtures("no_thread_left")

EMPTY = 'The labels are empty: paint every region in a few columns of "mine" first.'


def layers_of(stack: np.ndarray, labels: np.ndarray) -> dict[str, tuple[list[Layer], dict, str]]:
    """Layers, choices and the message of every mistake; the last Labels or Shapes is chosen."""
    image, strokes = stack[LABELLED_SLICE], labels[LABELLED_SLICE]
    elsewhere = np.zeros_like(labels)
    elsewhere[2] = strokes
    fixed = labels.copy()
    fixed.setflags(write=False)
    upside_down = strokes.copy()
    upside_down[:, 200:] = upside_down[::-1, 200:]
    return {
        "nothing at all": ([], {}, "There is no image layer: open an image first."),
        "no image": (
            [Labels(labels, name="mine")],
            {},
            "There is no image layer: open an image first.",
        ),
        "no labels": (
            [Image(stack)],
            {},
            "There is no labels layer: press New partial labels, and paint a few columns.",
        ),
        "labels of another shape": (
            [Image(stack), Labels(labels[:, :, :-1], name="mine")],
            {},
            '"mine" has the shape 24 x 128 x 255, the image 24 x 128 x 256: take labels of the '
            "image's shape.",
        ),
        "an empty labels layer": ([Image(image), Labels(strokes * 0, name="mine")], {}, EMPTY),
        "labels in another slice": (
            [Image(stack), Labels(elsewhere, name="mine")],
            {},
            'Slice 11 has no labels: paint every region in a few columns of "mine" first.',
        ),
        "labels in slices outside of the range": (
            [Image(stack), Labels(elsewhere, name="mine")],
            {"slices": "range", "first": 3, "last": 20},
            'None of the chosen slices has labels: paint every region in a few columns of "mine" '
            "first.",
        ),
        "crossing paths": (
            [
                Image(image),
                Shapes([[[20, 5], [60, 60]], [[60, 5], [20, 60]]], shape_type="path", name="mine"),
            ],
            {},
            "",
        ),
        "regions in another order": ([Image(image), Labels(upside_down, name="mine")], {}, ""),
        "multiscale labels": (
            [Image(image), Labels([strokes, strokes[::2, ::2]], multiscale=True, name="mine")],
            {},
            '"mine" is multiscale: take a layer with one resolution.',
        ),
        "into read-only labels": (
            [Image(stack), Labels(fixed, name="mine")],
            {"into_partial": True},
            '"mine" cannot be written to: let the output go to a new layer, or duplicate the '
            "layer and take the copy.",
        ),
        "an image one pixel wide": (
            [Image(image[:, :1]), Labels(strokes[:, :1] * 0, name="mine")],
            {},
            EMPTY,
        ),
        "a labelled image one pixel wide": (
            [Image(image[:, :1]), Labels(strokes[:, 34:35], name="mine")],
            {},
            "",
        ),
        "no model file": (
            [Image(image), Labels(strokes, name="mine")],
            {"model": __file__},
            "",
        ),
        "a missing model file": (
            [Image(image), Labels(strokes, name="mine")],
            {"model": "/nowhere/mine.safetensors"},
            "",
        ),
    }


def test_x(viewer, qtbot):
    stack, _, labels = sample_stack()
    widget = dock(viewer)
    for mistake, (layers, choices, message) in layers_of(stack, labels).items():
        viewer.layers.clear()
        for layer in layers:
            viewer.add_layer(layer)
        widget.set_choices(Choices(**choices))
        if layers and isinstance(layers[-1], Shapes):
            widget._labels.value = layers[-1]
        print(mistake, "|", segment(qtbot, widget), len(viewer.layers) == len(layers))
