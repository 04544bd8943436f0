"""File > Open Sample, through npe2 and the manifest."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Labels, Points

from napari_layeredcnn.sample import annular, retina, tilted

PLUGIN = "napari-layeredcnn"
STACKS = [
    pytest.param("layered_stack", retina, retina.sample_stack, id="retina"),
    pytest.param("tilted_stack", tilted, tilted.tilted_stack, id="tilted"),
]


@pytest.mark.parametrize(("key", "module", "sample"), STACKS)
def test_stack_opens_with_the_labelled_slice_in_view(viewer, key, module, sample):
    viewer.open_sample(PLUGIN, key)
    image, labels = viewer.layers
    assert isinstance(image, Image)
    assert isinstance(labels, Labels)
    stack, _, partial_labels = sample()
    np.testing.assert_array_equal(image.data, stack)
    np.testing.assert_array_equal(labels.data, partial_labels)
    _lie_together(image, labels, "micrometer", module.SCALE_UM)
    assert viewer.dims.current_step[0] == module.LABELLED_SLICE


def test_tree_rings_open_with_their_center(viewer):
    viewer.open_sample(PLUGIN, "tree_rings")
    image, labels, center = viewer.layers
    assert isinstance(image, Image)
    assert isinstance(labels, Labels)
    assert isinstance(center, Points)
    pixels, _, partial_labels, where = annular.annular_image()
    np.testing.assert_array_equal(image.data, pixels)
    np.testing.assert_array_equal(labels.data, partial_labels)
    assert center.name == "center"
    np.testing.assert_array_equal(center.data, [where])
    for layer in (labels, center):
        _lie_together(image, layer, "millimeter", annular.SCALE_MM)
    # In the world, the point lies on the pith.
    np.testing.assert_allclose(center.data_to_world(center.data[0]), np.multiply(where, 0.1))


@pytest.mark.parametrize(
    ("key", "module"),
    [("layered_stack", retina), ("tilted_stack", tilted), ("tree_rings", annular)],
)
def test_regions_are_named_under_the_pointer(viewer, key, module):
    viewer.open_sample(PLUGIN, key)
    labels = viewer.layers["partial labels"]
    assert labels.features["index"].tolist() == list(range(1, len(module.REGION_NAMES) + 1))
    for region, name in enumerate(module.REGION_NAMES, start=1):
        painted = np.argwhere(labels.data == region)[0]
        status = labels.get_status(labels.data_to_world(painted), world=True)
        assert f"name: {name}" in status["coordinates"]


@pytest.mark.parametrize("key", ["layered_stack", "tilted_stack", "tree_rings"])
def test_names_survive_saving(viewer, key, tmp_path):
    viewer.open_sample(PLUGIN, key)
    labels = viewer.layers["partial labels"]
    path = tmp_path / "mine.layers.tif"
    labels.save(str(path))
    (again,) = viewer.open(path, plugin=PLUGIN)
    np.testing.assert_array_equal(again.data, labels.data)
    assert again.features.to_dict("list") == labels.features.to_dict("list")
    _lie_together(labels, again, str(labels.units[0]), tuple(labels.scale))


def _lie_together(image, layer, unit, scale):
    np.testing.assert_array_equal(image.scale, scale)
    np.testing.assert_array_equal(layer.scale, scale)
    assert image.units == layer.units
    assert str(layer.units[0]) == unit
