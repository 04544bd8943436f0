from __future__ import annotations

import time

import numpy as np
import pytest

from napari_layeredcnn.core.curves import regions_from_curves
from napari_layeredcnn.core.seeds import seed_from_regions
from napari_layeredcnn.sample import LABELLED_SLICE, SHAPE, STROKE_COLUMNS, sample_stack


def test_shapes_and_dtypes():
    stack, curves, labels = sample_stack()
    assert (stack.shape, stack.dtype) == (SHAPE, np.uint8)
    assert (curves.shape, curves.dtype) == ((24, 4, 256), np.float32)
    assert (labels.shape, labels.dtype) == (SHAPE, np.uint8)


def test_is_the_same_every_time_and_takes_under_a_second():
    start = time.perf_counter()
    first = sample_stack()
    assert time.perf_counter() - start < 1
    for a, b in zip(first, sample_stack(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_curves_are_ordered_smooth_and_inside():
    _, curves, _ = sample_stack()
    assert (np.diff(curves, axis=1) > 3).all()
    assert curves.min() > 5
    assert curves.max() < SHAPE[1] - 5
    assert np.abs(np.diff(curves, axis=0)).max() < 3  # from slice to slice
    assert np.abs(np.diff(curves, axis=2)).max() < 1  # from column to column


def test_regions_look_different():
    """The boundaries can be seen: the mean gray beside each differs a lot from side to side."""
    stack, curves, _ = sample_stack()
    for index in (0, LABELLED_SLICE, 23):
        for k in range(4):
            rows = np.round(curves[index, k]).astype(int)
            columns = np.arange(SHAPE[2])
            above = np.mean([stack[index, rows - d, columns] for d in (2, 3, 4)])
            below = np.mean([stack[index, rows + d, columns] for d in (1, 2, 3)])
            assert abs(below - above) > 25


def test_strokes_are_partial_and_give_the_true_boundaries():
    _, curves, labels = sample_stack()
    assert not np.delete(labels, LABELLED_SLICE, axis=0).any()
    painted = labels[LABELLED_SLICE]
    columns = [x for stroke in STROKE_COLUMNS for x in stroke]
    assert sorted(np.flatnonzero(painted.any(axis=0))) == columns
    # Strokes leave room around each boundary, as a careful person would.
    truth = regions_from_curves(curves[LABELLED_SLICE], SHAPE[1], (1, 2, 3, 4, 5))
    assert (truth[painted > 0] == painted[painted > 0]).all()
    assert (painted[:, columns] > 0).mean() < 0.5

    seed = seed_from_regions(painted)
    assert seed.region_ids == (1, 2, 3, 4, 5)
    assert seed.skipped_columns == 0
    np.testing.assert_array_equal(seed.columns, columns)
    error = np.abs(seed.curves[:, columns] - curves[LABELLED_SLICE][:, columns])
    assert error.max() < 1


@pytest.mark.parametrize("stroke", STROKE_COLUMNS)
def test_strokes_are_short(stroke):
    assert 3 <= len(stroke) <= 8
