"""Seeds for every slice: they follow the layers across slices, and keep what is labelled."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_layeredcnn.core.decoder import CompletionError
from napari_layeredcnn.core.seeds import Seed
from napari_layeredcnn.core.stack_columns import APART
from napari_layeredcnn.core.stack_seeds import StackSeeds, seeds_for_stack
from napari_layeredcnn.core.weights import load_model
from napari_layeredcnn.core.working import REGION_THICKNESS

HEIGHT, WIDTH, COUNT = 80, 60, 20


@pytest.fixture(scope="module")
def model():
    return load_model()


def _seeds(stack, seeds, **settings):
    """At the images' own resolution."""
    return seeds_for_stack(stack, seeds, region_thickness=REGION_THICKNESS, **settings)


def _bands(middles):
    """A bright band between two curves that lie where `middles` (S,) says; a little noise."""
    middles = np.asarray(middles, dtype=float)
    drift = 3 * np.sin(np.arange(WIDTH) / 20)
    curves = np.stack([middles[:, None] - 6 + drift, middles[:, None] + 6 + drift], axis=1)
    rows = np.arange(HEIGHT)[None, :, None]
    inside = [np.clip(rows + 1 - curves[:, k, None], 0, 1) for k in (0, 1)]
    noise = np.random.default_rng(0).normal(size=inside[0].shape)
    stack = inside[0] - inside[1] + 0.15 * gaussian_filter(noise, (0, 0.5, 1))
    return np.round(60 + 100 * stack).clip(0, 255).astype(np.uint8), curves.astype(np.float32)


def _labelled(curves, columns):
    given = np.full_like(curves, np.nan)
    given[:, columns] = curves[:, columns]
    return Seed(given, (1, 2, 3), HEIGHT)


def _distance(made, true):
    (column,) = made.columns
    return np.abs(np.stack([s.curves[:, column] for s in made.seeds]) - true[:, :, column])


def test_seeds_follow_the_layers_across_slices(model):
    stack, true = _bands(40 + 10 * np.sin(np.arange(COUNT) / 5))
    own = _labelled(true[8], [20, 21, 22])
    made = _seeds(stack, {8: own}, model=model)
    assert made.columns == (21,)
    assert made.labelled == (8,)
    assert made.seeds[8] is own
    assert all(seed.columns.tolist() == [21] for i, seed in enumerate(made.seeds) if i != 8)
    assert made.uncertainty[8] == 0
    assert (np.delete(made.uncertainty, 8) > 0).all()
    assert _distance(made, true).mean() < 0.5
    copied = _seeds(stack, {8: own}, model=model, across="copy")
    assert _distance(copied, true).mean() > 3


def test_layers_that_jump_from_slice_to_slice_need_the_alignment(model):
    stack, true = _bands(40 + np.array([6, -6, 2, -8, 8] * 4))
    seeds = {8: _labelled(true[8], [24])}
    aligned = _seeds(stack, seeds, model=model)
    plane = _seeds(stack, seeds, model=model, across="plane")
    assert _distance(aligned, true).max() < 1
    assert _distance(plane, true).mean() > 2


def test_vertical_seeds_are_those_of_the_transposed_stack(model):
    stack, true = _bands(np.linspace(35, 45, 6))
    seeds = {2: _labelled(true[2], [24])}
    flat = _seeds(stack, seeds, model=model)
    upright = _seeds(stack.swapaxes(1, 2), seeds, model=model, direction="vertical")
    for one, other in zip(flat.seeds, upright.seeds, strict=True):
        np.testing.assert_array_equal(one.curves, other.curves)


def test_several_labelled_slices_are_all_kept_and_used(model):
    middles = np.where(np.arange(COUNT) < 10, 22, 58)  # too far to be followed
    stack, true = _bands(middles)
    # The second slice is labelled elsewhere: each is completed to where the other one is labelled.
    seeds = {2: _labelled(true[2], [6]), 17: _labelled(true[17], [54])}
    made = _seeds(stack, seeds, model=model)
    assert made.columns == (12, 47)  # a little away from the border
    assert made.labelled == (2, 17)
    assert made.seeds[2] is seeds[2]
    assert made.seeds[17] is seeds[17]
    for i, seed in enumerate(made.seeds):
        if i not in seeds:
            np.testing.assert_allclose(seed.curves[:, [12, 47]], true[i][:, [12, 47]], atol=2)


def test_at_the_border_the_seed_is_moved_inside_unless_it_is_needed_there(model):
    stack, true = _bands([40, 41])
    seeds = {0: _labelled(true[0], [0])}
    assert _seeds(stack, seeds, model=model).columns == (12,)
    assert _seeds(stack, seeds, model=model, direction="right").columns == (0,)


def test_labels_on_every_slice_and_a_single_slice(model):
    stack, true = _bands([30, 35, 40])
    seeds = {i: _labelled(true[i], [3 * i + 5]) for i in range(3)}
    made = _seeds(stack, seeds, model=model)
    assert [made.seeds[i] is seeds[i] for i in range(3)] == [True] * 3
    assert made.uncertainty.tolist() == [0, 0, 0]
    assert _seeds(stack[:1], {0: seeds[0]}, model=model).seeds == (seeds[0],)


def test_copies_between_two_labelled_slices_are_interpolated(model):
    stack, _ = _bands(np.linspace(30, 50, 5))
    curves = np.full((3, 2, WIDTH), [[10.0], [20.0]]) + np.array([0, 4, 8])[:, None, None]
    seeds = {1: _labelled(curves[0], [7]), 3: _labelled(curves[2], [7])}
    made = _seeds(stack, seeds, model=model, across="copy", direction="right")
    heights = [seed.curves[:, 7].tolist() for seed in made.seeds]
    expected = [[10, 20], [10, 20], [14, 24], [18, 28], [18, 28]]
    np.testing.assert_allclose(heights, expected, rtol=1e-6)


def test_a_long_stretch_gives_several_seed_columns(model):
    stack, true = _bands([40, 41])
    stack, true = np.tile(stack, (1, 1, 3)), np.tile(true, (1, 1, 3))
    made = _seeds(stack, {0: _labelled(true[0], slice(None))}, model=model)
    assert len(made.columns) > 1
    assert np.diff(made.columns).min() >= APART


@pytest.mark.parametrize(
    ("uncertainty", "labelled", "stop_above", "reached"),
    [
        ([0, 0.2, 0.9, 0.2, 0.1], [0], 0.5, [1, 1, 0, 0, 0]),
        ([0.1, 0.9, 0.2, 0, 0.5], [3], 0.5, [0, 0, 1, 1, 1]),
        ([0, 0.2, 0.9, 0.2, 0], [0, 4], 0.5, [1, 1, 0, 1, 1]),  # reached from the other side
        ([0.6, 0, 0.7, 0.1, 0.6, 0, 0.4], [1, 5], 0.5, [0, 1, 0, 0, 0, 1, 1]),
        ([0, 9, 9], [0], None, [1, 1, 1]),
        ([0, 0, 0], [0, 1, 2], 0.1, [1, 1, 1]),
    ],
)
def test_the_way_out_ends_where_the_seed_is_too_uncertain(
    uncertainty, labelled, stop_above, reached
):
    seed = Seed(np.full((1, 3), 2.0), (1, 2), 5)
    unsure = np.array(uncertainty, np.float32)
    seeds = StackSeeds((seed,) * len(unsure), unsure, tuple(labelled), (0,), stop_above)
    assert seeds.reached.tolist() == [bool(i) for i in reached]


def _lost(stack):
    """The stack, with noise in place of three slices."""
    noise = np.random.default_rng(1).normal(100, 15, stack[10:13].shape)
    return np.concatenate([stack[:10], noise.clip(0, 255).astype(np.uint8), stack[13:]])


def test_slices_without_layers_are_not_shifted_and_the_layers_are_found_behind_them(model):
    stack, true = _bands(40 + 10 * np.sin(np.arange(COUNT) / 5))
    made = _seeds(_lost(stack), {2: _labelled(true[2], [24])}, model=model)
    distance = _distance(made, true).mean(axis=1)
    assert distance[10:13].max() < 4  # the layers move by 3 px there
    assert distance[13:].max() < 0.5


def test_behind_uncertain_seeds_is_not_reached_until_the_next_labelled_slice(model):
    stack, true = _bands(40 + 10 * np.sin(np.arange(COUNT) / 5))
    first = {2: _labelled(true[2], [24])}
    made = _seeds(_lost(stack), first, model=model, stop_above=0.6)
    everywhere = _seeds(_lost(stack), first, model=model)
    assert made.reached[:9].all()
    assert not made.reached[12:].any()
    assert everywhere.reached.all()
    np.testing.assert_array_equal(everywhere.uncertainty, made.uncertainty)
    both = first | {17: _labelled(true[17], [24])}
    mended = _seeds(_lost(stack), both, model=model, stop_above=0.6)
    # Beside the noise both runs disagree: one slice less is sure enough than from one label.
    assert mended.reached[:8].all()
    assert not mended.reached[11]
    assert mended.reached[15:].all()
    assert _distance(mended, true)[mended.reached].max() < 1


@pytest.mark.parametrize("stop_above", [0, -1, np.nan, np.inf])
def test_propagation_stops_above_a_positive_number(model, stop_above):
    stack, true = _bands([40, 41])
    with pytest.raises(CompletionError, match="positive number of pixels, not"):
        _seeds(stack, {0: _labelled(true[0], [0])}, model=model, stop_above=stop_above)


def test_copies_cannot_be_stopped(model):
    stack, true = _bands([40, 41])
    with pytest.raises(CompletionError, match="no uncertainty to stop at"):
        _seeds(stack, {0: _labelled(true[0], [0])}, model=model, across="copy", stop_above=1)
