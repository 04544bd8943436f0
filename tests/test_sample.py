from __future__ import annotations

import time

import numpy as np
import pytest

from napari_layeredcnn import complete, complete_around
from napari_layeredcnn.core.label_seeds import seed_from_regions
from napari_layeredcnn.core.polar_seed import seed_around
from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.sample import annular, annular_image, retina, sample_stack, tilted
from napari_layeredcnn.sample import tilted_stack as make_tilted_stack

SAMPLES = [sample_stack, make_tilted_stack, annular_image]
STACKS = [
    pytest.param(retina, sample_stack, id="retina"),
    pytest.param(tilted, make_tilted_stack, id="tilted"),
]


@pytest.mark.parametrize("sample", SAMPLES)
def test_is_the_same_every_time_and_takes_under_a_second(sample):
    start = time.perf_counter()
    first = sample()
    assert time.perf_counter() - start < 1
    for a, b in zip(first, sample(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("module", "sample"), STACKS)
def test_shapes_and_dtypes_of_stacks(module, sample):
    stack, curves, labels = sample()
    n_slices, height, width = module.SHAPE
    n_curves = len(module.REGION_NAMES) - 1
    assert (stack.shape, stack.dtype) == ((n_slices, height, width), np.uint8)
    assert (curves.shape, curves.dtype) == ((n_slices, n_curves, width), np.float32)
    assert (labels.shape, labels.dtype) == ((n_slices, height, width), np.uint8)
    assert stack.min() == 0
    assert stack.max() > 200


@pytest.mark.parametrize(
    ("module", "sample", "steepest"),
    [pytest.param(*STACKS[0].values, 1, id="retina"), pytest.param(*STACKS[1].values, 2, id="t")],
)
def test_curves_are_ordered_smooth_and_inside(module, sample, steepest):
    _, curves, _ = sample()
    assert (np.diff(curves, axis=1) > 3).all()
    assert curves.min() > 5
    assert curves.max() < module.SHAPE[1] - 5
    assert np.abs(np.diff(curves, axis=0)).max() < 3  # from slice to slice
    assert np.abs(np.diff(curves, axis=2)).max() < steepest  # from column to column


def test_the_tilted_stack_is_strongly_tilted():
    _, curves, _ = make_tilted_stack()
    fall = curves[:, :, -1] - curves[:, :, 0]
    assert (fall > 70).all()


def test_regions_of_the_retina_look_different():
    """The boundaries can be seen: the mean gray beside each differs a lot from side to side."""
    stack, curves, _ = sample_stack()
    for index in (0, retina.LABELLED_SLICE, 23):
        for k in range(4):
            rows = np.round(curves[index, k]).astype(int)
            columns = np.arange(retina.SHAPE[2])
            above = np.mean([stack[index, rows - d, columns] for d in (2, 3, 4)])
            below = np.mean([stack[index, rows + d, columns] for d in (1, 2, 3)])
            assert abs(below - above) > 25


def test_regions_of_the_tilted_stack_drown_in_noise():
    """Single pixels say little, but the means of neighboring regions differ."""
    stack, curves, _ = make_tilted_stack()
    index = tilted.LABELLED_SLICE
    regions = regions_from_curves(curves[index], tilted.SHAPE[1], (0, 1, 2, 3))
    grays = [stack[index][regions == i].astype(float) for i in range(4)]
    means, deviations = np.array([(g.mean(), g.std()) for g in grays]).T
    steps = np.abs(np.diff(means))
    assert (steps > 15).all()
    assert (deviations[1:] > steps * 0.5).all()
    assert (deviations[:-1] > steps * 0.5).all()


@pytest.mark.parametrize(("module", "sample"), STACKS)
def test_strokes_are_partial_and_give_the_true_boundaries(module, sample):
    _, curves, labels = sample()
    index, height = module.LABELLED_SLICE, module.SHAPE[1]
    ids = tuple(range(1, len(module.REGION_NAMES) + 1))
    assert not np.delete(labels, index, axis=0).any()
    painted = labels[index]
    columns = [x for stroke in module.STROKE_COLUMNS for x in stroke]
    assert sorted(np.flatnonzero(painted.any(axis=0))) == columns
    assert all(3 <= len(stroke) <= 8 for stroke in module.STROKE_COLUMNS)
    # Strokes leave room around each boundary, as a careful person would.
    truth = regions_from_curves(curves[index], height, ids)
    assert (truth[painted > 0] == painted[painted > 0]).all()
    assert (painted[:, columns] > 0).mean() < 0.5

    seed = seed_from_regions(painted)
    assert seed.region_ids == ids
    assert seed.skipped_columns == 0
    np.testing.assert_array_equal(seed.columns, columns)
    error = np.abs(seed.curves[:, columns] - curves[index][:, columns])
    assert error.max() < 1


def test_rings_are_closed_ordered_and_inside():
    image, curves, labels, center = annular_image()
    assert (image.shape, image.dtype) == (annular.SHAPE, np.uint8)
    assert (curves.shape, curves.dtype) == ((5, annular.N_ANGLES), np.float32)
    assert (labels.shape, labels.dtype) == (annular.SHAPE, np.uint8)
    assert center == annular.CENTER
    assert len(annular.REGION_NAMES) == 6
    assert (np.diff(curves, axis=0) > 10).all()
    assert np.abs(curves - np.roll(curves, 1, axis=1)).max() < 1  # the ends meet
    angles = np.deg2rad(np.arange(annular.N_ANGLES) / 2)
    rows, columns = center[0] + curves * np.sin(angles), center[1] + curves * np.cos(angles)
    assert rows.min() > 0
    assert rows.max() < annular.SHAPE[0] - 1
    assert columns.min() > 0
    assert columns.max() < annular.SHAPE[1] - 1
    # No ring is a circle: a person could not do it with a pair of compasses.
    assert (np.ptp(curves, axis=1) > 5).all()


def test_labelled_ray_gives_the_true_rings():
    _, curves, labels, center = annular_image()
    assert (_rings_of(curves, labels.shape)[labels > 0] == labels[labels > 0]).all()
    around = seed_around(labels, center)
    assert around.seed.region_ids == (1, 2, 3, 4, 5, 6)
    given = around.seed.columns
    assert 0 < len(given) < around.grid.columns / 10
    error = np.abs(around.seed.curves[:, given] - _true_radii(curves, around.grid.angles[given]))
    assert error.max() < 1.5


@pytest.mark.parametrize(
    ("module", "sample", "mean", "worst"),
    [
        pytest.param(*STACKS[0].values, 1, 5, id="retina"),
        pytest.param(*STACKS[1].values, 1.5, 6, id="tilted"),
    ],
)
def test_the_network_completes_the_stacks(module, sample, mean, worst):
    stack, curves, labels = sample()
    index = module.LABELLED_SLICE
    completion = complete(stack[index], seed_from_regions(labels[index]), device="cpu")
    error = np.abs(completion.curves - curves[index])
    assert error.mean(axis=1).max() < mean
    assert error.max() < worst
    # It is the network that does it: going on flatly from the strokes is far worse.
    given = [x for stroke in module.STROKE_COLUMNS for x in stroke]
    flat = np.abs(curves[index] - curves[index][:, given].mean(axis=1, keepdims=True))
    assert error.mean() < flat.mean() / 3


def test_the_network_completes_the_rings():
    image, curves, labels, center = annular_image()
    completion = complete_around(image, labels, center, device="cpu")
    assert completion.region_ids == (1, 2, 3, 4, 5, 6)
    truth = _true_radii(curves, completion.grid.angles)
    error = np.abs(completion.curves - truth)
    assert error.mean(axis=1).max() < 2
    assert error.max() < 6
    circles = np.abs(truth - curves[:, :1])
    assert error.mean() < circles.mean() / 3
    found = completion.labels()
    same = found == _rings_of(curves, image.shape)
    assert same[found > 0].mean() > 0.95


def _true_radii(curves, degrees):
    angles = np.arange(annular.N_ANGLES) / 2
    return np.stack([np.interp(degrees, angles, curve, period=360) for curve in curves])


def _rings_of(curves, shape):
    """Ids of the true regions, by the distance and angle of every pixel."""
    y, x = np.indices(shape) - np.reshape(annular.CENTER, (2, 1, 1))
    radii = _true_radii(curves, np.rad2deg(np.arctan2(y, x)).ravel()).reshape(-1, *shape)
    return 1 + (np.hypot(y, x) >= radii).sum(axis=0)
