"""What cannot be completed: one clear sentence in the dock, and nothing is changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hands import button, dock, segment
from napari.layers import Image, Labels, Shapes

from napari_layeredcnn.plugin.choices import Choices
from napari_layeredcnn.sample import LABELLED_SLICE, sample_stack

pytestmark = pytest.mark.usefixtures("no_thread_left")

STACK, _, LABELS = sample_stack()
IMAGE, STROKES = STACK[LABELLED_SLICE], LABELS[LABELLED_SLICE]
(FIRST, *_) = np.flatnonzero(STROKES.any(axis=0))
ELSEWHERE = np.zeros_like(LABELS)
ELSEWHERE[2] = STROKES
UPSIDE_DOWN = STROKES.copy()
UPSIDE_DOWN[:, 128:] = STROKES[::-1, 128:]
CROSSING = [[[20, 5], [60, 60]], [[60, 5], [20, 60]]]
EMPTY = 'The labels are empty: paint every region in a few columns of "mine" first.'


def labels_of(data: Any, **settings: Any) -> Labels:
    return Labels(data, name="mine", **settings)


def read_only(data: np.ndarray) -> np.ndarray:
    data = data.copy()
    data.setflags(write=False)
    return data


#: Mistake: the layers (the last one is the partial labels), the choices, what is said.
MISTAKES: dict[str, tuple[list[Any], dict[str, Any], str]] = {
    "nothing at all": ([], {}, "There is no image layer: open an image first."),
    "no image": ([labels_of(LABELS)], {}, "There is no image layer: open an image first."),
    "no labels": (
        [Image(STACK)],
        {},
        "There is no labels layer: press New partial labels, and paint a few columns.",
    ),
    "labels of another shape": (
        [Image(STACK), labels_of(LABELS[:, :, :-1])],
        {},
        '"mine" has the shape 24 x 128 x 255, the image 24 x 128 x 256: take labels of the '
        "image's shape.",
    ),
    "labels of another stack": (
        [Image(STACK), labels_of(LABELS[:5])],
        {},
        '"mine" has the shape 5 x 128 x 256, the image 24 x 128 x 256: take labels of the '
        "image's shape.",
    ),
    "an empty labels layer": ([Image(IMAGE), labels_of(0 * STROKES)], {}, EMPTY),
    "labels in another slice": (
        [Image(STACK), labels_of(ELSEWHERE)],
        {},
        'Slice 11 has no labels: paint every region in a few columns of "mine" first.',
    ),
    "labels in no slice of the stack": (
        [Image(STACK), labels_of(0 * LABELS)],
        {"slices": "stack"},
        'None of the chosen slices has labels: paint every region in a few columns of "mine" '
        "first.",
    ),
    "one region": (
        [Image(IMAGE), labels_of(np.minimum(STROKES, 1))],
        {},
        "1 is the only label, but a boundary lies between two; label a second region, or let 0 "
        "count as a region",
    ),
    "regions upside down": (
        [Image(IMAGE), labels_of(UPSIDE_DOWN)],
        {},
        "label 5 lies above label 4, but in column",
    ),
    "crossing paths": (
        [Image(IMAGE), Shapes(CROSSING, shape_type="path", name="mine")],
        {},
        "Paths 0 and 1 cross between columns 32 and 33",
    ),
    "a rectangle for a path": (
        [Image(IMAGE), Shapes([[[20, 5], [60, 60]]], shape_type="rectangle", name="mine")],
        {},
        '"mine" has a rectangle, but boundaries are paths: delete it, or draw a path along the '
        "boundary.",
    ),
    "multiscale labels": (
        [Image(IMAGE), labels_of([STROKES, STROKES[::2, ::2]], multiscale=True)],
        {},
        '"mine" is multiscale: take a layer with one resolution.',
    ),
    "into read-only labels": (
        [Image(STACK), labels_of(read_only(LABELS))],
        {"into_partial": True},
        '"mine" cannot be written to: let the output go to a new layer, or duplicate the layer '
        "and take the copy.",
    ),
    "no labels on an image one pixel wide": (
        [Image(IMAGE[:, :1]), labels_of(0 * STROKES[:, :1])],
        {},
        EMPTY,
    ),
    "a 3D view": (
        [Image(STACK), labels_of(LABELS)],
        {},
        "The viewer shows 3D: switch to 2D, where one slice is shown.",
    ),
    "a model that is none": (
        [Image(IMAGE), labels_of(STROKES)],
        {"model": "{folder}/rubbish.safetensors"},
        "rubbish.safetensors is not a weights file of LayeredCNN (",
    ),
    "a model that is not there": (
        [Image(IMAGE), labels_of(STROKES)],
        {"model": "{folder}/missing.safetensors"},
        "There is no weights file {folder}/missing.safetensors; check the path",
    ),
    "a file of another kind as a model": (
        [Image(IMAGE), labels_of(STROKES)],
        {"model": "{folder}/notes.txt"},
        "There is no model '{folder}/notes.txt'; choose one of compact or give a .safetensors file",
    ),
}


def test_every_mistake_is_told_and_changes_nothing(viewer, qtbot, tmp_path):
    """One viewer for all, as a person would stumble from one to the next."""
    for name in ("rubbish.safetensors", "notes.txt"):
        (tmp_path / name).write_text("no weights")
    widget = dock(viewer)
    for mistake, (layers, choices, message) in MISTAKES.items():
        show(viewer, layers)
        viewer.dims.ndisplay = 3 if "3D" in mistake else 2
        if "model" in choices:
            choices = {"model": choices["model"].format(folder=tmp_path)}
        widget.set_choices(Choices(**choices))
        if layers and isinstance(layers[-1], Shapes):
            widget._labels.value = layers[-1]
        before = contents(viewer)
        for text in ("Segment Layers", "Continue from here"):
            said = segment(qtbot, widget, text)
            if text == "Segment Layers":
                assert message.format(folder=tmp_path) in said, mistake
            assert not said.startswith(("Completed", "Continued", "Went on", "Failed")), mistake
            assert_same(contents(viewer), before, mistake)
            assert button(widget, text).isEnabled(), mistake
            widget.say("")


def test_a_labelled_image_one_pixel_wide_is_done_already(viewer, qtbot):
    show(viewer, [Image(IMAGE[:, [FIRST]]), labels_of(STROKES[:, [FIRST]])])
    said = segment(qtbot, dock(viewer))
    assert said.startswith("Completed 4 boundaries from 1 labelled column.")
    result = viewer.layers["mine completed"].data[:, 0]
    given = STROKES[:, FIRST]
    np.testing.assert_array_equal(result[given > 0], given[given > 0])
    assert (np.diff(result.astype(int)) >= 0).all()


def show(viewer, layers: list[Any]) -> None:
    """Show these layers and no others."""
    viewer.layers.clear()
    for layer in layers:
        viewer.add_layer(layer)


def contents(viewer) -> list[tuple[str, list[np.ndarray]]]:
    """Names and copies of the data of all layers."""
    return [
        (
            layer.name,
            [np.array(part) for part in layer.data]
            if isinstance(layer, Shapes) or layer.multiscale
            else [layer.data.copy()],
        )
        for layer in viewer.layers
    ]


def assert_same(now: list[Any], before: list[Any], mistake: str) -> None:
    assert [name for name, _ in now] == [name for name, _ in before], mistake
    for (name, data), (_, then) in zip(now, before, strict=True):
        assert len(data) == len(then), mistake
        for one, other in zip(data, then, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=f"{mistake}: {name}")
