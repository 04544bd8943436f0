"""Layers of a stack, found by the real network."""

from __future__ import annotations

import numpy as np
import pytest

from napari_layeredcnn.core.autoinit_stack import find_layers_in_stack, iter_find_layers_in_stack
from napari_layeredcnn.core.decoder import CompletionError


@pytest.fixture(scope="module")
def stack():
    """Two edges that move down, and a slice of nothing."""
    rows = np.arange(64)[:, None] + np.zeros((1, 16))
    noise = np.random.default_rng(2).normal(0, 4, (3, 64, 16))
    bands = [np.where((rows >= 20 + z) & (rows < 44 + z), 200.0, 40.0) for z in range(3)]
    array = np.stack(bands) + noise
    array[1] = 7
    return array


def test_the_real_network_on_a_stack_with_a_constant_slice(stack):
    found = find_layers_in_stack(stack, every=1)
    assert sorted(found) == [0, 2]
    for z, one in found.items():
        assert np.abs(one.curves[list(one.chosen)] - [[20 + z], [44 + z]]).mean() < 0.5


def test_a_constant_stack_is_read_slice_by_slice_and_has_no_layers():
    read = []

    class Watched:
        shape = (20, 16, 24)

        def __getitem__(self, key):
            read.append(key)
            return np.zeros((16, 24))

    found = find_layers_in_stack(Watched())
    assert read == [2, 6, 10, 14, 18]
    assert found[2].chosen == ()
    assert found[2].notes == ("no layers found: the image is constant",)


def test_progress_rises_to_the_total(stack):
    steps = list(iter_find_layers_in_stack(stack[:, :, :9], every=2))
    assert len({step.total for step in steps}) == 1
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert done[-1] == steps[-1].total


@pytest.mark.parametrize(
    ("stack", "settings", "words"),
    [
        (np.zeros((4, 5)), {}, r"\(slices, rows, columns\).*this one has \(4, 5\)"),
        (np.zeros((0, 4, 5)), {}, "has no slices"),
        (np.zeros((2, 4, 5)), {"every": 0}, "every is 0"),
        (np.zeros((2, 4, 5)), {"k": 0}, "not 0"),
    ],
)
def test_what_cannot_be_searched_is_said(stack, settings, words):
    with pytest.raises(CompletionError, match=words):
        find_layers_in_stack(stack, **settings)
