"""Where a result is doubtful, and the keys that go there."""

from __future__ import annotations

import numpy as np
import pytest
from hands import press
from hypothesis import given, settings
from hypothesis import strategies as st
from qtpy.QtCore import Qt
from runs import a_run, flat, image_plane

from napari_layeredcnn.core.polar import polar_grid
from napari_layeredcnn.plugin.doubtful import (
    DoubtWalk,
    bind_doubt_keys,
    doubtful_from,
    doubtful_places,
)
from napari_layeredcnn.plugin.moving import go_to
from napari_layeredcnn.plugin.planes import Plane, shown_plane

SLICE = image_plane()
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


def bump(width: int, *peaks: tuple[int, float, float]) -> np.ndarray:
    """Uncertainty (width,) with peaks (column, height, breadth) on a ground of 0.3."""
    x = np.arange(width)
    return 0.3 + sum(h * np.exp(-(((x - at) / breadth) ** 2)) for at, h, breadth in peaks)


def where(doubts) -> list[tuple[float, float]]:
    return [(d.row, d.column) for d in doubts]


def test_peaks_come_highest_first_one_for_each_stretch():
    curves = np.repeat([[10.0], [34.0]], 300, axis=1)
    unsure = np.stack([bump(300, (60, 3, 8)), bump(300, (200, 5, 30), (280, 2.5, 5))])
    unsure[1, 190:210:2] -= 0.4  # many small peaks on the large one
    unsure[1, 201] = 6
    found = doubtful_places({SLICE: a_run(curves, unsure)})
    assert where(found) == [(33.5, 201), (9.5, 60), (33.5, 280)]
    np.testing.assert_allclose([d.uncertainty for d in found], [6, 3.3, 2.8], atol=0.01)
    assert {d.plane for d in found} == {SLICE}


def test_a_level_stretch_is_one_place():
    unsure = np.full((1, 400), 0.2)
    unsure[0, 100:350] = 4
    (found,) = doubtful_places({SLICE: a_run(np.full((1, 400), 30.0), unsure)})
    assert 100 <= found.column < 350


def test_the_end_of_the_image_counts():
    unsure = np.linspace(0.1, 5, 120)[None]
    (found,) = doubtful_places({SLICE: a_run(np.full((1, 120), 30.0), unsure)})
    assert found.column == 119


def test_two_curves_close_together_are_one_place_and_far_apart_two():
    curves = np.repeat([[10.0], [20.0], [50.0]], 200, axis=1)
    for other, expected in ((1, 1), (2, 2)):
        unsure = np.full((3, 200), 0.3)
        unsure[0], unsure[other] = bump(200, (100, 4, 6)), bump(200, (104, 3, 6))
        assert len(doubtful_places({SLICE: a_run(curves, unsure)})) == expected


def test_a_sure_result_has_none_and_thick_regions_are_allowed_more():
    assert doubtful_places({SLICE: flat(20, 32, uncertainty=0.9)}) == []
    assert len(doubtful_places({SLICE: flat(20, 32, uncertainty=1.1)})) == 1
    assert doubtful_places({SLICE: flat(20, 140, height=200, uncertainty=9)}) == []
    assert doubtful_from(flat(20, 140, height=200)) == pytest.approx(10)
    assert doubtful_places({}) == []


def test_columns_without_a_curve_are_no_places():
    curves = np.full((2, 90), np.nan)
    curves[:, 30:60] = [[20], [30]]
    (found,) = doubtful_places({SLICE: a_run(curves, 5.0)})
    assert 30 <= found.column < 60
    nothing = a_run(np.full((2, 90), np.nan), np.nan)
    assert doubtful_places({SLICE: nothing}) == []


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 150))
def test_places_are_real_and_apart_and_the_worst_comes_first(seed, n_curves, width):
    rng = np.random.default_rng(seed)
    curves = np.sort(rng.uniform(0, 60, (n_curves, width)), axis=0)
    unsure = rng.gamma(1, 2, (n_curves, width))
    kept = a_run(curves, unsure)
    found = doubtful_places({SLICE: kept})
    heights = [d.uncertainty for d in found]
    assert heights == sorted(heights, reverse=True)
    if (unsure >= doubtful_from(kept)).any():
        assert heights[0] == pytest.approx(unsure.max())
    for d in found:
        x = int(d.column)
        k = int(np.abs(kept.curves[:, x] - 0.5 - d.row).argmin())
        assert d.uncertainty == pytest.approx(kept.uncertainty[k, x])
        assert d.uncertainty >= doubtful_from(kept)
    points = np.array(where(found)).reshape(-1, 2)
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    assert (distances[~np.eye(len(points), dtype=bool)] > 20).all()


def test_transposed_curves_lie_across():
    unsure = np.stack([bump(300, (60, 3, 8)), bump(300, (200, 5, 10))])
    curves = np.repeat([[10.0], [34.0]], 300, axis=1)
    found = doubtful_places({SLICE: a_run(curves, unsure, transposed=True)})
    assert where(found) == [(200, 33.5), (60, 9.5)]


def test_closed_curves_lie_about_their_center_and_no_stretch_is_cut():
    grid = polar_grid((100, 120), (50.0, 60.0), start_angle=0)
    columns = np.arange(grid.columns)
    from_start = np.minimum(columns, grid.columns - columns)
    unsure = (6 * np.exp(-((from_start / 8) ** 2)))[None]  # half of it at either end
    kept = a_run(np.full((1, grid.columns), 20.0), unsure, height=grid.rows, grid=grid)
    (found,) = doubtful_places({SLICE: kept})
    assert (found.row, found.column) == pytest.approx((50, 80), abs=0.01)


# ------------------------------------------------------------------------ in the viewer


class Buttons:
    """What the dock does with the keys."""

    def __init__(self, viewer, layer, runs) -> None:
        self.layer, self.walk, self.said = layer, DoubtWalk(viewer), []
        self.walk.take(runs)

    def step(self, step: int) -> None:
        self.said.append(self.walk.step(self.layer, step))


def three_places() -> dict[Plane, object]:
    curves = np.repeat([[20.0], [32.0]], 90, axis=1)
    quiet = np.full(90, 0.1)
    return {
        image_plane(1): a_run(curves, np.stack([bump(90, (20, 3, 4)), quiet])),
        image_plane(4): a_run(curves, np.stack([bump(90, (70, 5, 4)), quiet])),
        image_plane(2): a_run(curves, np.stack([quiet, bump(90, (45, 2, 4))])),
    }


@pytest.fixture
def stack(viewer):
    """A stack with scale and units, looked at from close by."""
    place = {"scale": (5, 0.5, 0.5), "translate": (100, 3, 7), "units": ("um", "um", "um")}
    viewer.add_image(np.zeros((6, 60, 90)), **place)
    layer = viewer.add_labels(np.zeros((6, 60, 90), np.uint8), name="result", **place)
    viewer.layers.selection = {layer}
    viewer.scene.camera.zoom = 31.0
    return viewer


def test_keys_walk_over_the_places_and_round(stack, qtbot):
    layer = stack.layers["result"]
    buttons = Buttons(stack, layer, three_places())
    bind_doubt_keys(layer, buttons.step)
    for key, modifier, z, row, column in [
        (Qt.Key.Key_N, NONE, 4, 19.5, 70),
        (Qt.Key.Key_N, NONE, 1, 19.5, 20),
        (Qt.Key.Key_N, NONE, 2, 31.5, 45),
        (Qt.Key.Key_N, NONE, 4, 19.5, 70),
        (Qt.Key.Key_N, SHIFT, 2, 31.5, 45),
        (Qt.Key.Key_N, SHIFT, 1, 19.5, 20),
    ]:
        press(qtbot, stack, key, modifier)
        assert shown_plane(stack, layer) == image_plane(z)
        np.testing.assert_allclose(
            stack.scene.camera.center[-2:], (3 + 0.5 * row, 7 + 0.5 * column), rtol=1e-5
        )
        assert stack.scene.camera.zoom == 31.0
        assert stack.status == buttons.said[-1]
    assert buttons.said[:3] == [
        "Doubtful place 1 of 3: about 5.3 px at slice 4, row 20, column 70.",
        "Doubtful place 2 of 3: about 3.3 px at slice 1, row 20, column 20.",
        "Doubtful place 3 of 3: about 2.3 px at slice 2, row 32, column 45.",
    ]


def test_the_place_is_in_the_middle_of_the_canvas(stack, qtbot):
    layer = stack.layers["result"]
    Buttons(stack, layer, three_places()).step(1)
    qtbot.wait(50)
    scene = stack.window._qt_viewer.canvas.view.scene.transform
    middle = scene.map([7 + 0.5 * 70, 3 + 0.5 * 19.5, 0, 1])
    canvas = stack.window._qt_viewer.canvas.native
    assert middle[:2] / middle[3] == pytest.approx((canvas.width() / 2, canvas.height() / 2), abs=2)


def test_a_key_outlives_the_dock(stack, qtbot):
    layer = stack.layers["result"]
    buttons = Buttons(stack, layer, three_places())
    bind_doubt_keys(layer, buttons.step)
    del buttons
    before = stack.dims.point
    press(qtbot, stack, Qt.Key.Key_N)
    assert stack.dims.point == before


def test_back_from_the_start_is_the_last_place(stack):
    buttons = Buttons(stack, stack.layers["result"], three_places())
    buttons.step(-1)
    assert buttons.said[0].startswith("Doubtful place 3 of 3:")


def test_other_runs_start_anew_and_the_same_ones_do_not(stack):
    runs = three_places()
    buttons = Buttons(stack, stack.layers["result"], runs)
    buttons.step(1)
    buttons.walk.take(dict(runs))
    buttons.step(1)
    assert buttons.said[-1].startswith("Doubtful place 2 of 3:")
    del runs[image_plane(4)]
    buttons.walk.take(runs)
    buttons.step(1)
    assert buttons.said[-1] == "Doubtful place 1 of 2: about 3.3 px at slice 1, row 20, column 20."


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ({}, "No doubtful place: press Segment Layers first."),
        (
            {SLICE: flat(20, 32, uncertainty=0.4)},
            "No doubtful place: no curve is unsure by 1.0 px or more.",
        ),
        (
            {SLICE: flat(20, 32, uncertainty=np.nan)},
            "No doubtful place known: a run tells how sure it is when it has come to its end.",
        ),
    ],
)
def test_without_a_place_nothing_moves(stack, runs, message):
    before = stack.dims.point, stack.scene.camera.center
    buttons = Buttons(stack, stack.layers["result"], runs)
    buttons.step(1)
    assert buttons.said == [message]
    assert stack.status == message
    assert (stack.dims.point, stack.scene.camera.center) == before


def test_a_transposed_viewer_stays_transposed(stack):
    stack.dims.transpose()
    layer = stack.layers["result"]
    go_to(stack, layer, image_plane(4), (19.5, 70))
    assert tuple(stack.dims.order) == (0, 2, 1)
    assert stack.dims.point[0] == 100 + 4 * 5
    np.testing.assert_allclose(stack.scene.camera.center[-2:], (7 + 35, 3 + 9.75))


def test_a_rolled_viewer_or_3d_comes_back_to_the_slice(stack):
    layer = stack.layers["result"]
    stack.dims.roll()
    go_to(stack, layer, image_plane(4), (19.5, 70))
    assert shown_plane(stack, layer) == image_plane(4)
    stack.dims.ndisplay = 3
    go_to(stack, layer, image_plane(2), (19.5, 70))
    assert shown_plane(stack, layer) == image_plane(2)
    np.testing.assert_allclose(stack.scene.camera.center[-2:], (3 + 9.75, 7 + 35))


def test_a_slice_of_a_rolled_viewer_is_found_again(stack):
    layer = stack.layers["result"]
    stack.dims.order = (1, 2, 0)
    plane = shown_plane(stack, layer).at(1, 33)
    stack.dims.order = (0, 1, 2)
    go_to(stack, layer, plane, (12, 3))  # columns down, slices to the right
    assert shown_plane(stack, layer).key == (slice(None), 33, slice(None))
    center = dict(zip(stack.dims.displayed, stack.scene.camera.center[-2:], strict=True))
    assert center == pytest.approx({plane.rows: 7 + 0.5 * 12, plane.columns: 100 + 5 * 3})


def test_layers_with_fewer_axes_other_units_and_an_affine(viewer):
    viewer.add_image(np.zeros((3, 5, 60, 90)), units=("s", "mm", "mm", "mm"), scale=(1, 1, 1, 1))
    affine = np.eye(4)
    affine[0, 3], affine[1, 3] = 1000, 500
    layer = viewer.add_labels(
        np.zeros((4, 60, 90), np.uint8), units=("um",) * 3, scale=(1000, 100, 100), affine=affine
    )
    viewer.dims.set_point(0, 2)
    go_to(viewer, layer, image_plane(2), (30, 45))
    assert shown_plane(viewer, layer) == image_plane(2)
    assert viewer.dims.point[0] == 2
    factor = float((1 * layer.units[0]).to(viewer.dims.units[1]).magnitude)
    center = np.array(viewer.scene.camera.center[-2:])
    np.testing.assert_allclose(center, np.array([500 + 3000, 4500]) * factor)
