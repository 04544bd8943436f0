"""Layers on which slices agree, with candidates made by hand."""

from __future__ import annotations

import numpy as np

from napari_layeredcnn.core.agreement import agreeing
from napari_layeredcnn.core.candidates import Candidates
from napari_layeredcnn.core.working import WorkingGrid

H, W = 64, 24
GRID = WorkingGrid(H, W, H, W)


def candidates(*levels: tuple[float, float], notes: tuple[str, ...] = ()) -> Candidates:
    """Level candidates (height, cost), sorted by cost as `find_layers` does."""
    levels = tuple(sorted(levels, key=lambda one: one[1]))
    curves = np.repeat(np.float32([y for y, _ in levels])[:, None], W, axis=1)
    costs = np.float32([cost for _, cost in levels])
    members = np.full(len(levels), 3)
    return Candidates(curves, 0 * curves, costs, members, (), H, False, "m", GRID, notes)


def heights(found: Candidates, which=None) -> list[float]:
    which = found.chosen if which is None else which
    return [float(found.curves[i, 0]) for i in which]


def test_what_is_found_in_all_slices_is_chosen_before_what_is_surer_in_one():
    found = {
        0: candidates((10, 0.3), (40, 0.3), (25, 0.2)),
        3: candidates((12, 0.2), (41, 0.3)),
        6: candidates((15, 0.3), (43, 0.3)),
    }
    layers = agreeing(found)
    assert {i: heights(one) for i, one in layers.items()} == {
        3: [12, 41],
        0: [10, 40],
        6: [15, 43],
    }
    assert next(iter(layers)) == 3  # the clearest
    # By hand: means 0.8 / 3 and 0.3; 0.2 in one of three slices would cost 0.6.
    np.testing.assert_allclose(layers[3].costs, [0.8 / 3, 0.3], rtol=1e-6)


def test_candidate_i_is_the_same_layer_in_all_slices():
    found = {
        0: candidates((10, 0.1), (40, 0.3), (55, 1.0)),
        1: candidates((11, 0.4), (41, 0.1), (54, 0.9)),
    }
    layers = agreeing(found)
    assert heights(layers[0], range(3)) == [40, 10, 55]
    assert heights(layers[1], range(3)) == [41, 11, 54]
    assert layers[0].chosen == layers[1].chosen == (1, 0)


def test_the_clearest_alone():
    found = {0: candidates((10, 0.2), (40, 0.3)), 1: candidates((10, 0.1), (40, 0.3))}
    assert list(agreeing(found, clearest_only=True)) == [1]


def test_a_slice_that_shows_all_layers_is_clearer_than_one_where_some_are_surer():
    found = {
        0: candidates((10, 0.01)),
        1: candidates((10, 0.2), (40, 0.2)),
        2: candidates((40, 0.2)),
    }
    layers = agreeing(found)
    assert list(layers) == [1]
    assert heights(layers[1]) == [10, 40]


def test_a_layer_is_followed_over_a_slice_in_which_it_was_not_found():
    found = {
        0: candidates((10, 0.1), (40, 0.1)),
        1: candidates((40, 0.1)),
        2: candidates((12, 0.1), (40, 0.1)),
    }
    layers = agreeing(found)
    assert sorted(layers) == [0, 2]
    np.testing.assert_allclose(layers[0].costs, [0.1, 0.15], rtol=1e-6)


def test_slices_where_a_layer_is_doubtful_are_left_out():
    found = {i: candidates((10, 0.1)) for i in range(3)} | {3: candidates((10, 0.9))}
    assert sorted(agreeing(found)) == [0, 1, 2]


def test_a_number_of_layers_is_what_comes_or_is_said_to_be_too_large():
    found = {0: candidates((10, 0.1), (30, 0.2), (50, 0.3))}
    assert heights(agreeing(found, 2)[0]) == [10, 30]
    layers = agreeing(found, 5)[0]
    assert heights(layers) == [10, 30, 50]
    assert layers.notes == ("only 3 of 5 layers were found",)


def test_layers_that_no_slice_shows_together():
    found = {0: candidates((10, 0.1)), 1: candidates((40, 0.15))}
    layers = agreeing(found, 2)
    assert list(layers) == [0]
    assert heights(layers[0]) == [10]
    assert layers[0].notes == ("slice 0 shows only 1 of 2 layers",)


def test_no_layers():
    found = {0: candidates((10, 2.0), (30, 1.5)), 1: candidates((50, 3.0))}
    layers = agreeing(found)
    assert list(layers) == [0]
    assert layers[0].chosen == ()
    assert layers[0].notes[-1].startswith("no layers found: the surest candidate costs 3.00")


def test_notes_on_the_image_are_said_once_and_those_on_a_slice_not_at_all():
    colors = "the colors were turned into luminance"
    found = {
        0: candidates((10, 0.1), notes=(colors,)),
        1: candidates((10, 0.4), notes=(colors, "no layers found: ...")),
    }
    assert agreeing(found)[0].notes == (colors,)
