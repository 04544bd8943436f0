"""File > Open Sample, through npe2 and the manifest."""

from __future__ import annotations

import numpy as np
from napari.layers import Image, Labels

from napari_layeredcnn.sample import LABELLED_SLICE, sample_stack


def test_sample_opens_with_the_labelled_slice_in_view(viewer):
    viewer.open_sample("napari-layeredcnn", "layered_stack")
    image, labels = viewer.layers
    assert isinstance(image, Image)
    assert isinstance(labels, Labels)
    stack, _, partial_labels = sample_stack()
    np.testing.assert_array_equal(image.data, stack)
    np.testing.assert_array_equal(labels.data, partial_labels)
    np.testing.assert_array_equal(image.scale, labels.scale)
    assert image.units == labels.units
    assert str(image.units[0]) == "micrometer"
    assert viewer.dims.current_step[0] == LABELLED_SLICE
