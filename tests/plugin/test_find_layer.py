"""Candidates as paths: where they lie, their colors, and which are faint."""

from __future__ import annotations

import numpy as np
import pytest
from finds import IMAGE, STACK, THREE, W, candidates
from napari.components import ViewerModel

from napari_layeredcnn.plugin.find_layer import CandidatesLayer, candidate_path, n_shown
from napari_layeredcnn.plugin.planes import Plane

FLAT = Plane((None, None), rows=0, columns=1)


@pytest.fixture
def viewer():
    return ViewerModel()


def test_paths_lie_half_a_pixel_above_edge_coordinates_and_where_the_image_lies(viewer):
    place = {"scale": (2, 0.5), "translate": (7, -3), "rotate": 20, "units": ("um", "um")}
    image = viewer.add_image(IMAGE, name="i", **place)
    CandidatesLayer(viewer).show(image, {FLAT: THREE}, {0, 1})
    layer = viewer.layers["i candidates"]
    assert len(layer.data) == 3
    x = np.arange(W)
    np.testing.assert_allclose(layer.data[0], np.stack([20 + 0.02 * x - 0.5, x], 1), atol=1e-5)
    point = [19.5, 0]
    np.testing.assert_allclose(layer.data_to_world(point), image.data_to_world(point))
    assert layer.units == image.units
    assert layer.features["rank"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(layer.features["cost"], [0.1, 0.2, 0.9], rtol=1e-6)
    assert layer.text.values.tolist() == ["1", "2", "3"]


def test_accepted_ones_are_strong_and_others_faint(viewer):
    image = viewer.add_image(IMAGE)
    shown = CandidatesLayer(viewer)
    shown.show(image, {FLAT: THREE}, {0, 1})
    layer = viewer.layers[-1]
    colors = layer.edge_color.copy()
    assert len({tuple(color[:3]) for color in colors}) == 3
    assert colors[:, 3].tolist() == pytest.approx([1, 1, 0.4])
    assert layer.edge_width[0] == layer.edge_width[1] == 2 * layer.edge_width[2]
    shown.mark({2})
    np.testing.assert_array_equal(layer.edge_color[:, :3], colors[:, :3])
    assert layer.edge_color[:, 3].tolist() == pytest.approx([0.4, 0.4, 1])
    np.testing.assert_allclose(layer.text.color(layer.features), layer.edge_color)
    layer.add_paths([[[3, 3], [4, 9]]])  # a person may draw there, too
    shown.mark({0})
    assert layer.edge_color[:3, 3].tolist() == pytest.approx([1, 0.4, 0.4])


def test_every_slice_has_its_paths(viewer):
    image = viewer.add_image(STACK)
    plane = Plane((1, None, None), rows=1, columns=2)
    CandidatesLayer(viewer).show(image, {plane: THREE, plane.at(0, 4): THREE}, {0})
    layer = viewer.layers[-1]
    assert [sorted(set(path[:, 0])) for path in layer.data] == [[1]] * 3 + [[4]] * 3
    assert layer.edge_color[:, 3].tolist() == pytest.approx([1, 0.4, 0.4] * 2)


def test_up_and_down_and_wide_images():
    path = candidate_path(candidates((20, 0.1), transposed=True), 0)
    np.testing.assert_allclose(path[10], [10, 20.2 - 0.5], atol=1e-5)
    path = candidate_path(candidates((20, 0.1), shape=(60, 5000)), 0)
    assert len(path) == 512
    assert path[0, 1] == 0
    assert path[-1, 1] == 4999
    np.testing.assert_allclose(path[:, 0], 19.5 + 0.02 * path[:, 1], atol=1e-3)


def test_ten_are_shown_or_all_that_are_chosen():
    many = [(3 + 2 * i, 0.1 * i) for i in range(20)]
    assert n_shown(candidates(*many)) == 10
    assert n_shown(candidates(*many, chosen=tuple(range(14)))) == 14
    assert n_shown(candidates(*many[:4], chosen=())) == 4


def test_a_new_search_takes_the_place_of_the_last_one(viewer):
    image = viewer.add_image(IMAGE, name="i")
    mine = viewer.add_shapes([[[0, 0], [9, 9]]], shape_type="path", name="mine")
    viewer.layers.selection = {image}
    shown = CandidatesLayer(viewer)
    shown.show(image, {FLAT: THREE}, {0})
    shown.show(image, {FLAT: candidates((10, 0.1), chosen=(0,))}, {0})
    assert [layer.name for layer in viewer.layers] == ["i", "mine", "i candidates"]
    layer = viewer.layers[-1]
    assert len(layer.data) == 1
    assert layer.data[0][0].tolist() == [9.5, 0]
    assert layer.features["rank"].tolist() == [1]
    assert layer.edge_color[:, 3].tolist() == [1]
    shown.show(image, {FLAT: THREE}, {2})
    assert layer.text.values.tolist() == ["1", "2", "3"]
    assert layer.edge_color[:, 3].tolist() == pytest.approx([0.4, 0.4, 1])
    np.testing.assert_allclose(layer.text.color(layer.features), layer.edge_color)
    shown.show(image, {FLAT: candidates(chosen=())}, set())
    assert len(layer.data) == 0
    assert len(mine.data) == 1
    assert viewer.layers.selection == {image}
    viewer.layers.remove("i candidates")
    shown.mark({0})  # a person has deleted it
    shown.show(image, {FLAT: THREE}, {0})
    assert len(viewer.layers["i candidates"].data) == 3
