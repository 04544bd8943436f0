from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.draw import line

from napari_layeredcnn.core.polar import PolarError
from napari_layeredcnn.core.polar_seed import seed_around

SHAPE, CENTER = (100, 120), (51.4, 58.7)
RADII = (15.0, 32.5)


def _regions():
    rows, columns = np.indices(SHAPE)
    distance = np.hypot(rows - CENTER[0], columns - CENTER[1])
    return (1 + np.digitize(distance, RADII)).astype(np.uint8)


def _stroke(angle, start=5, stop=45):
    """A line one pixel wide, away from the center."""
    direction = np.array([np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))])
    ends = [np.rint(CENTER + r * direction).astype(int) for r in (start, stop)]
    mask = np.zeros(SHAPE, bool)
    mask[line(*ends[0], *ends[1])] = True
    return mask


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 360), st.floats(0, 360))
def test_a_thin_stroke_at_any_angle_is_a_labelled_ray(angle, start_angle):
    around = seed_around(_regions() * _stroke(angle), CENTER, start_angle=start_angle)
    apart = (around.grid.angles[around.seed.columns] - angle + 180) % 360 - 180
    # The ends of the line are rounded to pixels, so it does not quite pass through the center.
    assert np.abs(apart).max() < 2 * 360 / around.grid.columns + 5
    error = around.seed.curves[:, around.seed.columns] - np.array(RADII)[:, None]
    assert np.abs(error).max() < 1.1
    assert around.seed.region_ids == (1, 2, 3)
    assert around.seed.skipped_columns == 0


def test_several_strokes_and_one_across_the_center():
    mask = _stroke(40) | _stroke(170) | _stroke(170 + 180)
    around = seed_around(_regions() * mask, CENTER)
    middles = [np.mean(around.grid.angles[start:stop]) for start, stop in around.seed.stretches]
    np.testing.assert_allclose(middles, [40, 170, 350], atol=1)


def test_whole_rings_are_read_within_half_a_pixel():
    around = seed_around(_regions(), CENTER)
    assert len(around.seed.columns) == around.grid.columns
    error = around.seed.curves - np.array(RADII)[:, None]
    assert np.abs(error).max() < 0.8  # a pixel's half diagonal
    assert np.abs(error.mean(axis=1)).max() < 0.1


def test_painted_boundaries():
    rows, columns = np.indices(SHAPE)
    distance = np.hypot(rows - CENTER[0], columns - CENTER[1])
    lines = np.zeros(SHAPE, int)
    for label, radius in zip((8, 3), RADII, strict=True):
        lines[np.abs(distance - radius) < 0.8] = label
    lines[:, :65] = 0
    around = seed_around(lines, CENTER, strokes="boundaries")
    given_ = around.seed.curves[:, around.seed.columns]
    assert np.abs(given_ - np.array(RADII)[:, None]).max() < 1
    assert around.seed.region_ids == (1, 2, 3)
    assert 0.3 < len(around.seed.columns) / around.grid.columns < 0.5


def test_zero_as_a_region():
    labels = np.where(_regions() == 3, 0, _regions())
    around = seed_around(labels, CENTER, zero_is_region=True)
    assert around.seed.region_ids == (1, 2, 0)
    assert len(around.seed.columns) == around.grid.columns


def test_how_far_is_looked():
    labels = _regions() * _stroke(0)
    assert seed_around(labels, CENTER).grid.rows == 80  # the corner is nearer than three radii
    assert seed_around(np.minimum(labels, 2), CENTER).grid.rows == pytest.approx(45, abs=4)
    assert seed_around(labels, CENTER, max_radius=40).grid.rows == 40


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": np.zeros(SHAPE, int)}, "no labels; paint a stroke away from the center"),
        ({"labels": np.zeros(SHAPE)}, "integers, but these are of type float64"),
        ({"labels": np.zeros((3, *SHAPE), int)}, r"shape \(3, 100, 120\); .* pass one slice"),
        ({"labels": np.ones((100, 1), int), "center": (3, 0)}, "100 x 1 pixels"),
        ({"center": (-20, 5)}, "row -20 and column 5, lies outside the image of 100 x 120"),
        ({"center": (85, 20)}, r"no ray from .* row 85 and column 20 .* 1, 2, 3; .* lacks"),
        ({"max_radius": 20}, "label 3 lies farther than 20 pixels from the center"),
        ({"strokes": "dots"}, "strokes are regions or boundaries, but 'dots' was given"),
        ({"labels": np.minimum(_regions(), 1)}, "column c is the ray at 0 .* 1 is the only label"),
    ],
)
def test_what_is_no_seed(change, words):
    arguments = {"labels": _regions() * _stroke(30), "center": CENTER} | change
    with pytest.raises(PolarError, match=words):
        seed_around(**arguments)


def test_a_ray_with_a_label_twice_is_named():
    labels = _regions() * _stroke(30)
    labels[labels == 3] = 1
    with pytest.raises(
        PolarError, match=r"top is inside: in column .* label 1 lies above and below"
    ):
        seed_around(labels, CENTER)
