from __future__ import annotations

import numpy as np
import pytest

from napari_layeredcnn.core.candidates import LOST, Candidates
from napari_layeredcnn.core.choosing import (
    ECHO,
    Limits,
    choose,
    choose_regions,
    doubts,
    without_echoes,
)
from napari_layeredcnn.core.working import WorkingGrid

W, HEIGHT = 60, 50


def candidates(curves, uncertainty=None, chosen=None, grid=None):
    curves = np.asarray(curves, np.float32)
    n = len(curves)
    return Candidates(
        curves=curves,
        uncertainty=np.full_like(curves, 0.5) if uncertainty is None else uncertainty,
        costs=np.linspace(0.1, 0.2, n, dtype=np.float32),
        members=np.ones(n, np.intp),
        chosen=tuple(range(n)) if chosen is None else chosen,
        height=HEIGHT,
        transposed=False,
        model_name="",
        grid=grid,
    )


def flat(*heights):
    return np.repeat(np.array(heights, np.float32)[:, None], W, axis=1)


def test_seed_is_where_the_candidates_are_surest():
    blur = np.full((2, W), 0.9, np.float32)
    blur[:, 38:45] = 0.1
    found = candidates(flat(30, 10), blur)
    seed = found.seed()
    (column,) = seed.columns
    assert 40 <= column <= 42  # two sure columns on either side of it
    np.testing.assert_array_equal(seed.curves[:, column], [10, 30])
    assert (seed.region_ids, seed.height, seed.width) == ((1, 2, 3), HEIGHT, W)


def test_seed_is_not_where_candidates_are_close_together():
    curves = flat(10, 30)
    curves[1, :40] = 11  # sure, but one pixel apart
    blur = np.full((2, W), 0.9, np.float32)
    blur[:, :35] = 0
    assert candidates(curves, blur).seed().columns[0] >= 40
    # The first alone has no neighbor there.
    assert candidates(curves, blur).seed([0]).columns[0] < 35


def test_seed_has_the_columns_of_one_of_the_grid():
    found = candidates(flat(10), grid=WorkingGrid(HEIGHT, W, 10, 12))
    assert len(found.surest_columns()) == 5
    assert list(found.seed(columns=range(3)).columns) == [0, 1, 2]


def test_crossing_candidates_make_an_ordered_seed():
    curves = np.stack([np.linspace(10, 31, W), np.linspace(30, 8, W)])
    seed = candidates(curves).seed(columns=range(W))
    assert (np.diff(seed.curves, axis=0) >= 0).all()


def test_seed_of_what_a_completion_loses_has_columns_all_along():
    blur = np.full((3, W), 0.5, np.float32)
    blur[:, 18:23] = 0.1  # here they are surest
    found = candidates(flat(30, 10, 20), blur, chosen=(1, 0))
    doubt = found.uncertainty[:2].mean()
    kept = found.judged_by(np.full((2, W), 0.99 * LOST * doubt, np.float32))
    assert kept is found
    lost = found.judged_by(np.full((2, W), 1.01 * LOST * doubt, np.float32))
    assert lost.lost
    assert lost.notes[-1].startswith("a completion from the columns where they are surest loses")
    assert list(lost.seed().columns) == [4, 20, 36, 52]
    np.testing.assert_array_equal(lost.seed([0, 1]).curves, lost.seed().curves)
    np.testing.assert_array_equal(lost.seed().curves[:, [4, 52]], [[10, 10], [30, 30]])
    # Of others than the chosen ones nothing is known, and columns may be asked for.
    assert list(lost.seed([0, 2]).columns) == [20]
    assert list(lost.seed(columns=[3]).columns) == [3]


def test_seed_of_what_a_completion_loses_has_columns_of_the_grid_all_along():
    grid = WorkingGrid(HEIGHT, 2 * W, HEIGHT // 2, W)
    curves = np.repeat(flat(30, 10), 2, axis=1)
    lost = candidates(curves, grid=grid).judged_by(np.ones((2, 2 * W), np.float32))
    assert list(lost.seed().columns) == [0, 1, 32, 33, 64, 65, 96, 97]


def test_others_than_the_chosen_may_be_taken():
    found = candidates(flat(30, 10, 20), chosen=(0,))
    assert found.seed([2, 0, 2]).curves[:, found.surest_columns([2, 0])[0]].tolist() == [20, 30]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"which": []}, "no layers are chosen"),
        ({"which": [3]}, "no candidate 3; there are 0 to 1"),
        ({"which": [-1]}, "no candidate -1"),
        ({"columns": []}, "columns from 0 to 59"),
        ({"columns": [60]}, "columns from 0 to 59"),
    ],
)
def test_seeds_that_cannot_be(arguments, match):
    with pytest.raises(ValueError, match=match):
        candidates(flat(10, 30)).seed(**arguments)


@pytest.mark.parametrize(
    ("k", "count", "notes"),
    [
        (None, 2, []),
        (1, 1, []),
        (2, 2, []),
        (3, 3, []),
        (6, 4, ["only 4 of 6 layers were found"]),
    ],
)
def test_choice(k, count, notes):
    costs = np.array([0.1, 0.49, 0.5, 0.8], np.float32)
    found, said = choose(costs, k, Limits(0.5, 0.6, 1.0))
    assert found == count
    assert [text[: len(start)] for text, start in zip(said, notes, strict=True)] == notes


@pytest.mark.parametrize(("k", "count"), [(None, 0), (2, 2)])
def test_a_given_number_is_evidence_that_there_are_layers(k, count):
    found, said = choose(np.array([0.55, 0.9], np.float32), k, Limits(0.5, 0.6, 1.0))
    assert found == count
    assert [text[:15] for text in said] == (["no layers found"] if k is None else [])
    found, said = choose(np.array([0.65, 0.9], np.float32), k, Limits(0.5, 0.6, 1.0))
    assert found == 0
    assert said[0].startswith("no layers found")


def test_what_costs_far_too_much_does_not_fill_up_a_given_number():
    costs = np.array([0.1, 0.9, 1.1, 3], np.float32)
    assert choose(costs, 2, Limits(0.5, 0.6, 1.0))[0] == 2
    found, said = choose(costs, 3, Limits(0.5, 0.6, 1.0))
    assert found == 2
    assert said == ["only 2 of 3 layers were found; no further candidates cost less than 1"]
    # The surest is judged by the second limit alone.
    assert choose(costs[2:], 2, Limits(0.5, 2.0, 1.0))[0] == 1


def test_what_costs_more_than_a_layer_is_doubtful():
    limits = Limits(0.5, 0.6, 1.0)
    assert doubts(np.float32([0.1, 0.49]), limits) == []
    assert doubts(np.empty(0, np.float32), limits) == []
    assert doubts(np.float32([0.1, 0.5, 0.8]), limits)[0].startswith(
        "2 of the layers cost more than 0.5 and may be none"
    )


@pytest.mark.parametrize("k", [None, 2])
def test_no_candidates_are_no_layers(k):
    found, said = choose(np.empty(0, np.float32), k, Limits(0.5, 0.6, 1.0))
    assert (found, said) == (0, ["no layers found: there are no candidates"])


def test_echoes_of_surer_candidates_are_left_out():
    x = np.linspace(-1, 1, 20, dtype=np.float32)
    curves = 20 + np.stack([0 * x, 8 * x, 0 * x + ECHO - 0.1, 0 * x + ECHO + 0.1])
    # The slope crosses the first; the third is an echo of it, and none of the slope.
    assert without_echoes(curves) == [0, 1, 3]
    assert without_echoes(curves[[3, 2, 0]]) == [0, 2]
    assert without_echoes(curves[:0]) == []


@pytest.mark.parametrize("k", [None, 1])
def test_what_lies_between_layers_looks_different_or_is_brighter(k):
    rng = np.random.default_rng(0)
    curves = np.repeat(np.float32([[12]]), 40, axis=1)
    limits = Limits(0.5, 0.6, 1.0)
    below = (np.arange(32) >= 12)[:, None] * np.ones((1, 40))
    noise = rng.normal(size=(32, 40)).astype(np.float32)
    alike = rng.normal(size=(32, 40, 20)).astype(np.float32)
    different = alike.copy()
    different[..., :4] += 0.6 * below[..., None]
    different -= different.mean(axis=(0, 1))

    def chosen(image, features, cost):
        return choose_regions(image, features, curves, np.float32([cost]), k, limits)

    for image, features in ((noise, different), (noise + 2 * below, alike)):
        assert chosen(np.float32(image), features, 0.4) == ([0], [])
    which, (note,) = chosen(noise, alike, 0.4)
    assert which == []
    assert note.startswith("no layers found: the image looks alike on both sides")
    # The surer they are, the less there need be: here next to nothing.
    assert chosen(noise, alike, 1e-6) == ([0], [])
    # And where they cost too much they are none, however different the regions.
    assert chosen(noise, different, 0.7)[0] == []
    assert "costs 0.70" in chosen(noise, different, 0.7)[1][0]
