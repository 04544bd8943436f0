"""What a person is told, in the words of the dock and of the image as it is shown."""

from __future__ import annotations

import numpy as np
import pytest

from napari_layeredcnn.core.decoder import choose_device
from napari_layeredcnn.core.label_seeds import seed_from_regions
from napari_layeredcnn.plugin.choices import Choices
from napari_layeredcnn.plugin.reports import told, turned
from napari_layeredcnn.plugin.slice_request import Earlier, SliceRequest
from napari_layeredcnn.plugin.start import notes_on_strokes


def test_upright_layers_have_rows_where_others_have_columns():
    labels = np.array([[1, 1, 2], [1, 1, 2], [2, 2, 1]])  # turned: the last row is upside down
    with pytest.raises(ValueError, match="above label") as error:
        seed_from_regions(labels.T)
    assert told(error.value, transposed=True) == (
        "In row 2 label 2 lies left of label 1, but in row 0 right of it; use one order from left "
        "to right."
    )
    assert told(error.value).startswith("In column 2 label 2 lies above label 1")
    assert turned("4 labelled columns, 1 row") == "4 labelled rows, 1 column"


def test_what_is_not_about_labels_is_not_turned():
    error = OSError("the column store at /top/row.npy is gone")
    assert told(error, transposed=True) == "The column store at /top/row.npy is gone."


def test_a_device_that_is_missing_is_told_as_the_dock_calls_it():
    with pytest.raises(ValueError, match="asked for") as error:
        choose_device("tpu")
    assert told(error.value).endswith('choose one of these or "automatic".')


REGIONS = np.repeat([[1], [2], [3], [0]], 6, axis=0) * (np.arange(9) > 6)
LINES = np.zeros((40, 9), int)
LINES[[10, 11]], LINES[[20, 21]], LINES[30] = 1, 2, 3


@pytest.mark.parametrize(
    ("labels", "strokes", "noted"),
    [
        (REGIONS, "boundaries", True),
        (REGIONS, "regions", False),
        (LINES, "boundaries", False),
        (np.minimum(REGIONS, 1), "boundaries", False),
        (REGIONS.T, "boundaries", True),
    ],
)
@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_regions_that_are_read_as_boundaries_are_noted(labels, strokes, noted, direction):
    choices = Choices(strokes=strokes, direction=direction)
    labels = labels.T if choices.transposed else labels
    nothing = np.zeros((0, 0), int)
    part = SliceRequest(
        None, None, None, labels, None, Earlier((), nothing), nothing > 0, nothing > 0
    )
    notes = notes_on_strokes([part], choices)
    assert bool(notes) == noted
