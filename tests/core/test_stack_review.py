"""Places to look at, and which slices a newly labelled one changes."""

from __future__ import annotations

import numpy as np
import pytest

from napari_layeredcnn.core.stack_review import disagreements, slices_between


def test_the_slices_that_a_new_label_changes():
    assert slices_between([3], 3, 10) == range(10)
    assert slices_between([2, 7], 9, 10) == range(8, 10)
    assert slices_between([2, 7], 0, 10) == range(2)


def test_disagreements_between_neighbors():
    curves = np.zeros((4, 2, 10), np.float32)
    curves[2:, 1, 4:6] = 8
    curves[3, 0] = np.nan
    found = disagreements(curves, 5)
    assert [(d.index, d.curve, d.column, d.distance, d.columns) for d in found] == [
        (1, 1, 4, 8.0, 2)
    ]
    assert disagreements(curves, 8) == []
    with pytest.raises(ValueError, match="positive"):
        disagreements(curves, 0)
