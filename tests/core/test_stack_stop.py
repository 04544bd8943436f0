"""Slices behind uncertain seeds are left out of a run, of its result and of its output."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_layeredcnn.core.decoder import CompletionError
from napari_layeredcnn.core.seeds import Seed
from napari_layeredcnn.core.stack import complete_stack, iter_complete_stack
from napari_layeredcnn.core.stack_file import open_stack_file
from napari_layeredcnn.core.stack_seeds import StackSeeds
from napari_layeredcnn.core.weights import load_model

UNSURE = np.array([0.3, 0, 0.2, 0.9, 0.1], np.float32)


@pytest.fixture(scope="module")
def model():
    return load_model()


@pytest.fixture(scope="module")
def stack():
    return gaussian_filter(np.random.default_rng(0).normal(size=(5, 64, 24)), (0, 3, 1))


@pytest.fixture(scope="module")
def seeds():
    curves = np.where(np.arange(24) == 6, [[25.0], [38.0]], np.nan)
    return StackSeeds((Seed(curves, (1, 2, 3), 64),) * 5, UNSURE, (1,), (6,))


@pytest.fixture(scope="module")
def whole(model, stack, seeds):
    return complete_stack(stack, seeds, model=model, batch=1)


def test_slices_behind_the_stop_stay_empty_and_are_told(model, stack, seeds, whole):
    stopped = complete_stack(stack, seeds, model=model, batch=1, stop_above=0.5)
    assert stopped.left_out == (3, 4)
    assert whole.left_out == ()
    assert stopped.batches == ((0,), (1,), (2,))
    np.testing.assert_array_equal(stopped.curves[:3], whole.curves[:3])
    assert np.isnan(stopped.curves[3:]).all()
    assert np.isnan(stopped.uncertainty[3:]).all()
    assert not stopped.labels()[3:].any()
    np.testing.assert_array_equal(stopped.seed_uncertainty, UNSURE)
    assert np.isnan(stopped.slice_uncertainty).tolist() == [False] * 3 + [True] * 2


def test_seeds_bring_their_own_stop(model, stack, seeds):
    own = replace(seeds, stop_above=0.25)
    done = list(iter_complete_stack(stack, own, model=model, batch=1))
    assert [(one.index, one.done, one.total) for one in done] == [(1, 1, 2), (2, 2, 2)]
    done = iter_complete_stack(stack, own, model=model, stop_above=0.5)
    assert [one.index for one in done] == [0, 1, 2]


def test_what_a_previous_result_holds_of_them_stays(model, stack, seeds, whole):
    again = complete_stack(
        stack, seeds, model=model, batch=1, stop_above=0.5, slices=[2, 3], previous=whole
    )
    assert again.left_out == (3,)
    np.testing.assert_array_equal(again.curves, whole.curves)


def test_nothing_is_reached_of_what_was_asked_for(model, stack, seeds):
    none = complete_stack(stack, seeds, model=model, stop_above=0.5, slices=[3, 4])
    assert none.left_out == (3, 4)
    assert none.batches == ()
    assert np.isnan(none.curves).all()


def test_the_output_is_whole_without_them(model, stack, seeds, whole, tmp_path):
    path = tmp_path / "out.zarr"
    complete_stack(stack, seeds, model=model, batch=1, stop_above=0.5, output=path)
    file = open_stack_file(path)
    assert file.finished.tolist() == [True] * 3 + [False] * 2
    assert not file.partition.left
    np.testing.assert_array_equal(file.curves[:3], whole.curves[:3])
    assert not np.asarray(file.labels[3:]).any()
    settings = {"model": model, "output": path, "resume": True}
    again = complete_stack(stack, seeds, stop_above=0.5, **settings)
    assert again.left_out == (3, 4)
    with pytest.raises(CompletionError, match=r"begun with another stop_above \(0.5, now 0.4\)"):
        complete_stack(stack, seeds, stop_above=0.4, **settings)


def test_a_stop_that_is_none(model, stack, seeds):
    with pytest.raises(CompletionError, match="positive number of pixels, not -1"):
        complete_stack(stack, seeds, model=model, stop_above=-1)
