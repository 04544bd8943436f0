"""The button "New partial labels": the layer fits, and the brush paints at once."""

from __future__ import annotations

import numpy as np
import pytest
from hands import click, dock, stroke
from napari.layers import Labels

pytestmark = pytest.mark.usefixtures("no_thread_left")


@pytest.fixture
def place():
    affine = np.eye(4)
    affine[1, 3] = 7
    return {
        "scale": (3, 2, 1),
        "translate": (10, 20, 30),
        "rotate": 15,
        "shear": (0, 0, 0.1),
        "affine": affine,
        "units": ("mm", "um", "um"),
        "axis_labels": ("z", "depth", "width"),
    }


@pytest.mark.parametrize("rgb", [False, True])
def test_it_fits_the_image(viewer, qtbot, place, rgb):
    shape = (4, 60, 90, 3) if rgb else (4, 60, 90)
    image = viewer.add_image(np.zeros(shape, np.uint8), name="leaf", rgb=rgb, **place)
    widget = dock(viewer)
    click(qtbot, widget, "New partial labels")
    labels = viewer.layers["leaf partial labels"]
    assert isinstance(labels, Labels)
    assert labels.data.shape == (4, 60, 90)
    assert not labels.data.any()
    for name in ("scale", "translate", "rotate", "shear"):
        np.testing.assert_allclose(getattr(labels, name), getattr(image, name))
    np.testing.assert_allclose(labels.affine.affine_matrix, image.affine.affine_matrix)
    assert labels.units == image.units
    assert labels.axis_labels == image.axis_labels
    assert widget._labels.value is labels


def test_the_first_stroke_paints_label_1(viewer, qtbot):
    viewer.add_image(np.zeros((3, 60, 90), np.uint8), name="leaf")
    viewer.dims.set_current_step(0, 2)
    click(qtbot, dock(viewer), "New partial labels")
    qtbot.wait(50)
    stroke(qtbot, viewer, (20, 30), (20, 40))
    data = viewer.layers["leaf partial labels"].data
    assert (data[2, 20, 30:41] == 1).all()
    assert not data[:2].any()
    assert data[2].any(axis=1).sum() <= 3  # a thin brush on a small image


def test_twice_makes_two(viewer, qtbot):
    viewer.add_image(np.zeros((60, 90), np.uint8), name="leaf")
    widget = dock(viewer)
    click(qtbot, widget, "New partial labels")
    click(qtbot, widget, "New partial labels")
    assert len(viewer.layers) == 3
    assert widget._labels.value is viewer.layers[-1]


def test_no_image(viewer, qtbot):
    widget = dock(viewer)
    click(qtbot, widget, "New partial labels")
    assert "no image layer" in widget._message.text()
    assert len(viewer.layers) == 0


def test_for_multiscale_images_and_rolled_viewers(viewer, qtbot):
    viewer.add_image([np.zeros((3, 64, 900)), np.zeros((3, 32, 450))], multiscale=True)
    viewer.dims.order = (1, 0, 2)
    widget = dock(viewer)
    click(qtbot, widget, "New partial labels")
    assert widget._labels.value.data.shape == (3, 64, 900)
    assert widget._labels.value.brush_size == 2  # 3 slices are the rows now
