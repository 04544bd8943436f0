from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_layeredcnn.core.curves import curves_from_one_hot, one_hot
from napari_layeredcnn.core.sharpening import render, sharpen


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 40), st.integers(1, 5))
def test_torch_and_numpy_agree_and_curves_come_back(seed, n_curves, height, width):
    rng = np.random.default_rng(seed)
    curves = np.sort(rng.uniform(0, height, (2, n_curves, width)), axis=1)
    curves[0] = np.round(curves[0])  # pixel edges, pinched curves among them
    drawn = render(torch.from_numpy(curves), height)
    np.testing.assert_allclose(drawn.numpy(), one_hot(curves, height), atol=1e-5)
    found, uncertainty = sharpen(drawn)
    np.testing.assert_allclose(found.numpy(), curves, atol=1e-9)
    assert uncertainty.abs().max() < 1e-9


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 30))
def test_any_probabilities_are_sharpened_alike_and_ordered(seed, n_curves, height):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(n_curves + 1), (2, height, 4)).transpose(0, 3, 1, 2)
    found, uncertainty = sharpen(torch.from_numpy(probabilities.copy()))
    np.testing.assert_allclose(found.numpy(), curves_from_one_hot(probabilities), atol=1e-5)
    assert (found.diff(dim=1) >= 0).all()
    assert ((found >= 0) & (found <= height)).all()
    assert (uncertainty >= 0).all()


def test_uncertainty_is_the_blur_in_pixels():
    # A step spread evenly over rows 1 to 3; the clean one goes through the middle of row 2.
    below = torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0])
    found, uncertainty = sharpen(torch.stack([1 - below, below]).view(1, 2, 5, 1))
    assert found.item() == 2.5
    assert uncertainty.item() == 0.25 + 0.25


def test_a_blurred_step_is_found_where_it_was():
    """The paper's published formula would draw it to the middle of a row."""
    rows = torch.arange(20, dtype=torch.float64)
    for curve in torch.linspace(8, 10, 21, dtype=torch.float64):
        below = torch.sigmoid((rows + 0.5 - curve) / 1.5)
        found, _ = sharpen(torch.stack([1 - below, below]).view(1, 2, 20, 1))
        assert abs(found.item() - curve) < 0.02


def test_equal_rows_are_no_jump():
    # Nothing tells row 1 from row 2 (half below in both): the curve runs between them.
    below = torch.tensor([0.0, 0.5, 0.5, 1.0], dtype=torch.float64)
    found, _ = sharpen(torch.stack([1 - below, below]).view(1, 2, 4, 1))
    assert found.item() == 2
