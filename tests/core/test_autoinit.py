from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_layeredcnn.core import search as search_module
from napari_layeredcnn.core.autoinit import (
    LAYER_COSTS,
    find_layers,
    iter_find_layers,
    paper_layers,
)
from napari_layeredcnn.core.candidates import LOST
from napari_layeredcnn.core.completion import complete
from napari_layeredcnn.core.decoder import CompletionError
from napari_layeredcnn.core.scaling import ImageError
from napari_layeredcnn.core.search import JOINT_STARTS, STARTS, joint_starts
from napari_layeredcnn.core.weights import load_model

H, W = 48, 40


@pytest.fixture(scope="module")
def model():
    return load_model()


@pytest.fixture
def attracted(monkeypatch):
    """Let runs jump to the nearest of these heights of the grid, a pixel a column, and stay.

    They are sure there, and not at all elsewhere.
    """
    heights = np.array([10.0, 30.0, 50.0], dtype=np.float32)

    class Fake:
        def __init__(self, decoder, image, seed, *, by_appearance):
            self.given = np.flatnonzero(~np.isnan(seed[0, 0]))
            self.curves, self.uncertainty = seed.copy(), np.zeros_like(seed)

        def run(self, *, forward, backward):
            (start,) = self.given
            width = self.curves.shape[-1]
            ways = [range(start - 1, -1, -1)] * backward + [range(start + 1, width)] * forward
            for way in ways:
                at = self.curves[..., start].copy()
                for x in way:
                    aim = heights[np.abs(at[..., None] - heights).argmin(axis=-1)]
                    at += np.clip(aim - at, -1, 1)
                    self.curves[..., x] = at
                    self.uncertainty[..., x] = np.where(np.abs(aim - at) < 0.5, 0.2, 3)
                    yield x, x + 1, 0, 0

    monkeypatch.setattr(search_module, "Runs", Fake)
    # The completion has no such attraction and would lose them.
    monkeypatch.setattr("napari_layeredcnn.core.candidates.LOST", np.inf)
    return heights


def image_of(heights, height=64, width=64):
    """Bright and dark regions with a little noise."""
    rng = np.random.default_rng(3)
    rows = np.arange(height)[:, None] + 0.5
    regions = (rows > np.asarray(heights, float)).sum(axis=1)
    return (regions % 2)[:, None] + 0.05 * rng.standard_normal((height, width))


def test_every_layer_is_found_once(attracted, model):
    found = find_layers(image_of([10]), model=model)
    assert found.chosen == tuple(np.argsort(found.curves.mean(axis=1)))
    np.testing.assert_allclose(
        found.curves[list(found.chosen)], np.repeat(attracted[:, None], 64, axis=1), atol=0.01
    )
    # 20 starts in each of three columns; every one of them ends on a layer.
    assert found.members.sum() == 3 * STARTS
    assert found.notes == ()
    np.testing.assert_array_equal(found.costs, np.sort(found.costs))


def test_number_of_layers(attracted, model):
    image = image_of([10])
    assert len(find_layers(image, 2, model=model).chosen) == 2
    more = find_layers(image, 5, model=model)
    assert len(more.chosen) == 3
    assert more.notes == ("only 3 of 5 layers were found",)
    # All three are about as sure; one parts the image into even regions, whichever is cheapest.
    for height in attracted:
        one = find_layers(image_of([height]), 1, model=model)
        np.testing.assert_allclose(one.curves[one.chosen[0]], height, atol=0.01)
        surest = one.chosen == (0,)
        assert [note[:24] for note in one.notes] == ([] if surest else ["some surer candidates ar"])
    assert paper_layers(image, 1, model=model).chosen == (0,)


def test_of_any_number_what_is_not_worth_it_is_left_out(attracted, model, monkeypatch):
    image = image_of([attracted[1]])
    assert len(find_layers(image, model=model).chosen) == 3  # sure enough, if of little use
    monkeypatch.setattr("napari_layeredcnn.core.evenness.WORTH", -0.2)
    found = find_layers(image, model=model)
    np.testing.assert_allclose(found.curves[list(found.chosen)], attracted[1], atol=0.01)
    assert len(found.curves) == 3
    monkeypatch.setattr("napari_layeredcnn.core.evenness.WORTH", -9.0)
    assert find_layers(image, model=model).chosen == (0,)  # layers there are, so the surest


@pytest.mark.parametrize("k", [None, 1, 3])
def test_sure_lines_in_what_looks_alike_are_no_layers(attracted, model, k, monkeypatch):
    # These are much surer than any line that the network finds in noise.
    monkeypatch.setattr("napari_layeredcnn.core.choosing.TOLD_APART", 0.2)
    noise = np.random.default_rng(0).normal(size=(64, 64))
    nothing = find_layers(noise, k, model=model)
    assert nothing.costs[0] < LAYER_COSTS.layer  # so it is not that
    assert nothing.chosen == ()
    (note,) = nothing.notes
    assert note.startswith("no layers found: the image looks alike on both sides")
    assert len(nothing.curves) == 3  # to look at
    two = noise.copy()
    two[30:] += 4
    found = find_layers(two, k, model=model)
    assert 30 in found.curves[list(found.chosen)].mean(axis=1).round()


def test_from_four_layers_on_sets_of_curves_are_started_too(attracted, model):
    image = image_of([10])
    # Each curve of 8 sets in the first and the last column ends on a layer, as single ones do.
    starts = [find_layers(image, k, model=model).members.sum() for k in (1, 3, 4, 5)]
    assert starts == [3 * STARTS + 2 * JOINT_STARTS * k for k in (0, 0, 4, 5)]


@given(st.integers(32, 200), st.integers(2, 12))
def test_sets_are_in_order_and_spread_over_the_image(rows, k):
    heights = joint_starts(rows, k)
    assert heights.shape == (JOINT_STARTS, k)
    assert (np.diff(heights) > 0).all()
    assert heights.min() >= 0
    assert heights.max() <= rows
    # Every second has one curve in each of k parts of the height.
    np.testing.assert_array_equal(heights[::2] // (rows / k), np.tile(range(k), (4, 1)))


def test_many_layers_are_looked_for_in_more_rows(attracted, model):
    image = image_of([10])
    rows = [find_layers(image, k, model=model).grid.rows for k in (None, 5, 6, 9)]
    assert rows == [64, 64, 70, 100]
    assert find_layers(image, 9, model=model, region_thickness=7).grid.rows == 64


def test_heights_come_back_at_the_resolution_of_the_image(attracted, model):
    image = np.kron(image_of([10]), np.ones((3, 3)))
    found = find_layers(image, model=model)
    assert found.grid.rows == 64
    np.testing.assert_allclose(
        found.curves[list(found.chosen)].mean(axis=1), 3 * attracted, atol=0.05
    )
    seed = found.seed()
    assert (seed.height, seed.width, len(seed.columns)) == (192, 192, 3)


def test_vertical_layers_are_those_of_the_transposed_image(attracted, model):
    image = image_of([10], width=48)
    found = find_layers(image.T, model=model, direction="vertical")
    plain = find_layers(image, model=model)
    assert found.transposed
    assert not plain.transposed
    np.testing.assert_array_equal(found.curves, plain.curves)


def test_progress_counts_every_column_of_every_start(attracted, model):
    steps = list(iter_find_layers(image_of([10]), model=model))
    assert [step.done for step in steps[: 3 * 63]] == list(range(1, 3 * 63 + 1))
    # The completion from what was found counts as much as another start.
    assert {step.total for step in steps} == {3 * 63 + 64}
    done = [step.done for step in steps]
    assert done[-1] == max(done) == 3 * 63 + 64
    assert len(set(done)) > 3 * 63 + 32


def test_seed_has_columns_all_along_where_a_completion_loses_the_layers(
    attracted, model, monkeypatch
):
    monkeypatch.setattr("napari_layeredcnn.core.candidates.LOST", LOST)
    noise = np.random.default_rng(0).normal(size=(64, 64))
    found = find_layers(noise, model=model)
    assert found.lost
    assert len(found.seed().columns) == 4
    completion = complete(noise, found.seed(), model=model, device="cpu")
    assert np.abs(completion.curves - attracted[:, None]).max() < 6
    assert completion.uncertainty.max() > 0  # what lies between them is not given


def test_seed_has_one_column_where_a_completion_follows_the_layers(model):
    kept = find_layers(image_of([15, 40], width=32), model=model, device="cpu")
    assert not kept.lost
    assert len(kept.seed().columns) == 1


@pytest.mark.parametrize("k", [None, 4])
def test_small_memory_gives_the_same(attracted, model, monkeypatch, k):
    whole = find_layers(image_of([10]), k, model=model)
    monkeypatch.setattr(search_module.Decoder, "free_memory", lambda self: 1)
    parts = find_layers(image_of([10]), k, model=model)
    np.testing.assert_array_equal(parts.curves, whole.curves)
    np.testing.assert_array_equal(parts.costs, whole.costs)


def test_paper_starts_in_the_last_column_and_clusters_in_the_first(attracted, model):
    found = paper_layers(image_of([10]), 3, model=model)
    assert found.members.sum() == STARTS
    np.testing.assert_allclose(found.seed(columns=[0]).curves[:, 0], attracted, atol=0.01)


def test_real_network_finds_bright_bands_and_its_seed_completes(model):
    truth = np.array([20, 40])
    image = image_of(truth, width=48)
    found = find_layers(image, model=model, device="cpu")
    curves = found.curves[list(found.chosen)]
    assert curves.shape == (2, 48)
    assert np.abs(curves - truth[:, None]).mean() < 1
    completion = complete(image, found.seed(), model=model, device="cpu")
    assert np.abs(completion.curves - truth[:, None]).mean() < 1


def test_regions_of_three_pixels_are_found(model):
    truth = np.array([20, 23, 40, 43])
    found = find_layers(image_of(truth, width=48), 4, model=model, device="cpu")
    curves = found.curves[list(found.chosen)]
    assert np.abs(curves - truth[:, None]).mean() < 0.7
    assert (np.diff(found.seed().curves[:, found.surest_columns()], axis=0) > 1.5).all()


def test_noise_has_no_layers(model):
    noise = np.random.default_rng(0).standard_normal((64, 48))
    found = find_layers(noise, 3, model=model, device="cpu")
    assert found.chosen == ()
    assert found.notes[-1].startswith("no layers found: the surest candidate costs")
    assert found.costs[0] > LAYER_COSTS.some
    assert len(found.curves)  # to look at


@pytest.mark.parametrize("image", [np.full((20, 30), 7), np.full((20, 30, 3), [1, 2, 3])])
def test_constant_image_has_no_layers(model, image):
    found = find_layers(image, model=model)
    assert found.curves.shape == (0, 30)
    assert (found.chosen, found.notes) == ((), ("no layers found: the image is constant",))
    assert find_layers(image, model=model, direction="vertical").curves.shape == (0, 20)
    with pytest.raises(ValueError, match="no layers are chosen"):
        found.seed()


def test_image_of_8_rows(model):
    image = image_of([4], height=8, width=16)
    found = find_layers(image, 1, model=model, device="cpu")
    assert found.grid.rows == 32
    assert found.curves.shape[1] == 16
    assert found.curves.min() >= 0
    assert found.curves.max() <= 8
    assert len(found.chosen) == 1
    assert abs(found.curves[found.chosen[0]].mean() - 4) < 1


@pytest.mark.parametrize(
    ("image", "options", "error", "match"),
    [
        (np.eye(9), {"direction": "right"}, CompletionError, "horizontal, vertical"),
        (np.eye(9), {"k": 0}, CompletionError, "one layer or more"),
        (np.arange(9.0)[:, None], {}, CompletionError, "only 1 pixels long"),
        (np.arange(3000.0).reshape(300, 10), {}, CompletionError, "2 at the working resolution"),
        (np.zeros((2, 0)), {}, ImageError, "empty"),
        (np.array([[0, np.nan]]), {}, ImageError, "NaN"),
        (np.eye(9), {"region_thickness": -1}, ValueError, "positive"),
    ],
)
def test_what_cannot_be_searched(model, image, options, error, match):
    with pytest.raises(error, match=match):
        find_layers(image, model=model, **options)
