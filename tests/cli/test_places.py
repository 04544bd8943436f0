from __future__ import annotations

import numpy as np

from napari_layeredcnn.cli.places import places_to_look_at
from napari_layeredcnn.core.stack import StackCompletion
from napari_layeredcnn.core.working import WorkingGrid

S, K, W = 9, 2, 30


def completion(curves, uncertainty, *, labelled=(0,), transposed=False):
    return StackCompletion(
        curves.astype(np.float32), uncertainty.astype(np.float32), np.zeros(S, np.float32),
        labelled, (1, 2, 3), 50, transposed, "fake", WorkingGrid(50, W, 50, W), (),
    )  # fmt: skip


def flat():
    return np.broadcast_to([[10.0], [30.0]], (S, K, W)).copy(), np.zeros((S, K, W))


def test_nothing_stands_out():
    assert places_to_look_at(completion(*flat())) == []


def test_the_most_uncertain_slices_but_labelled_ones():
    curves, uncertainty = flat()
    uncertainty += np.arange(S)[::-1, None, None] / 4
    uncertainty[3] = np.nan
    lines = places_to_look_at(completion(curves, uncertainty, labelled=(0, 2)))
    assert lines == [
        "Most uncertain slices: 1 (1.75 px), 4 (1.00 px), 5 (0.75 px), 6 (0.50 px), 7 (0.25 px)."
    ]


def test_the_largest_jump_of_each_pair_of_slices():
    curves, uncertainty = flat()
    curves[5:, 1, 7:9] += [4, 6.5]
    curves[5:, 0, 20] += 3
    curves[7:, 0] -= 8
    curves[2, 0, 4] += 1.9
    (line,) = places_to_look_at(completion(curves, uncertainty))
    assert line == (
        "Largest jumps between slices: 6 to 7 (8.0 px, curve 1, column 0), "
        "4 to 5 (6.5 px, curve 2, column 8)."
    )
    (line,) = places_to_look_at(completion(curves, uncertainty, transposed=True))
    assert "curve 2, row 8" in line


def test_what_is_usual_is_no_jump():
    curves, uncertainty = flat()
    curves += 3 * np.arange(S)[:, None, None]  # a steep stack
    assert places_to_look_at(completion(curves, uncertainty)) == []
    curves[4:, 1, 3] += 13
    (line,) = places_to_look_at(completion(curves, uncertainty))
    assert line == "Largest jumps between slices: 3 to 4 (16.0 px, curve 2, column 3)."
