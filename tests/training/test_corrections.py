from __future__ import annotations

import numpy as np
import pytest

from napari_layeredcnn.core.curves import over_under
from napari_layeredcnn.core.decoder import Decoder
from napari_layeredcnn.core.weights import load_model
from napari_layeredcnn.core.working import WorkingGrid
from napari_layeredcnn.training.alternatives import flat_line
from napari_layeredcnn.training.corrections import count_corrections, count_network_corrections


def copy_with_errors(truths, errors):
    """A method that finds the truth but for errors (B, K, W) where nothing is given."""
    truths = truths + errors

    def predict(images, seeds):
        which = images[:, 0, 0].astype(int)  # each image holds its number
        found = truths[which][..., : seeds.shape[-1]]
        return np.where(np.isnan(seeds), found, seeds)

    return predict


def test_only_wrong_columns_are_corrected_each_once():
    rng = np.random.default_rng(0)
    truths = np.sort(rng.uniform(0, 30, (5, 3, 24)), axis=1).astype(np.float32)
    errors = np.where(rng.uniform(size=truths.shape) < 0.1, 5, 1).astype(np.float32)
    errors[..., 0] = 0
    images = np.broadcast_to(np.arange(5)[:, None, None], (5, 30, 24))
    found = count_corrections(copy_with_errors(truths, errors), images, truths)
    wrong = (errors > 2).any(1)
    np.testing.assert_array_equal(found.counts, wrong.sum(1))
    expected = np.where(wrong[:, None], truths, truths + errors)
    np.testing.assert_allclose(found.curves, expected)
    # To look only some columns ahead changes nothing for a method that finds columns by themselves.
    for ahead in (1, 2, 7):
        again = count_corrections(copy_with_errors(truths, errors), images, truths, ahead=ahead)
        np.testing.assert_array_equal(again.counts, found.counts)
        np.testing.assert_allclose(again.curves, found.curves)


def test_flat_lines_need_a_step_for_every_third_row():
    ramp = np.arange(40, dtype=np.float32)[None, None]
    found = count_corrections(flat_line, np.zeros((1, 60, 40)), ramp)
    # Column 0 is good for columns 1 and 2; 3, 6, ... are corrected.
    np.testing.assert_array_equal(found.counts, [13])
    assert np.abs(found.curves - ramp).max() == 2


def test_a_limit_that_nothing_passes_needs_no_correction_and_none_at_all_every_column():
    ramp = np.arange(20, dtype=np.float32)[None, None]
    assert count_corrections(flat_line, np.zeros((1, 40, 20)), ramp, limit=19).counts == 0
    assert count_corrections(flat_line, np.zeros((1, 40, 20)), ramp, limit=0.5).counts == 19


@pytest.fixture(scope="module")
def decoder():
    network = load_model().network
    return network, Decoder(network, "cpu")


def test_one_run_of_the_network_counts_as_running_it_again_each_time(decoder):
    network, runs = decoder
    rng = np.random.default_rng(3)
    walk = rng.normal(0, 0.6, (3, 2, 20)).cumsum(-1)
    truths = np.clip(np.array([7, 16])[:, None] + walk, 0, 24)
    truths = np.sort(truths, axis=1).astype(np.float32)
    images = (
        over_under(truths, 24).sum(1) - 1 + rng.normal(0, 1, (3, 24, 20)) * [[[0.5]], [[2]], [[3]]]
    )
    images = images.clip(-1, 1).astype(np.float32)

    def predict(images, seeds):
        curves = seeds.copy()
        for x, column, _ in runs.decode(images, seeds):
            curves[..., x] = column
        return curves

    slow = count_corrections(predict, images, truths, limit=0.5)
    fast = count_network_corrections(
        network, images, truths, WorkingGrid(24, 20, 24, 20), limit=0.5
    )
    assert 5 < slow.counts.sum() < 3 * 19
    np.testing.assert_array_equal(fast.counts, slow.counts)
    np.testing.assert_allclose(fast.curves, slow.curves, atol=1e-4)
    assert np.abs(fast.curves - truths).max() <= 0.5


@pytest.mark.parametrize(("columns", "most"), [(40, 19), (20, 19), (10, 9)])
def test_on_another_grid_columns_of_the_image_count(decoder, columns, most):
    network, _ = decoder
    rng = np.random.default_rng(4)
    image = rng.uniform(-1, 1, (1, 16, columns)).astype(np.float32)
    truth = np.tile(np.float32([[[1], [15]]]), (1, 1, columns))
    # In noise the network is never so near.
    grid = WorkingGrid(16 * 20 // columns, 20, 16, columns)
    found = count_network_corrections(network, image, truth, grid, limit=1e-3)
    assert found.counts == [most]
    np.testing.assert_array_equal(found.curves, truth)
