from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_layeredcnn.core.columns import ColumnNetwork
from napari_layeredcnn.core.decoding import decode, decode_plain
from napari_layeredcnn.core.sharpening import render
from napari_layeredcnn.core.weights import load_model


@pytest.mark.parametrize(
    ("configuration", "batch", "n_curves", "height", "width"),
    [
        ("compact", 1, 1, 16, 16),
        ("compact", 2, 3, 13, 21),
        ("compact", 4, 6, 27, 9),
        ("compact", 3, 2, 1, 10),
        ("compact", 1, 4, 8, 1),
        ("paper", 1, 5, 17, 12),
        ("paper", 3, 2, 24, 7),
    ],
)
def test_cached_logits_equal_those_of_a_full_pass(
    random_network, configuration, batch, n_curves, height, width
):
    network = random_network(configuration)
    image, curves = _problem(batch, n_curves, height, width)
    label = 2 * render(curves, height) - 1
    columns = ColumnNetwork(network)
    with torch.inference_mode():
        expected = network(image, label.unsqueeze(1))
        state = columns.start(image, n_curves=n_curves)
        found = []
        for x in range(width):
            before = None if x == 0 else label[..., x - 1]
            found.append(columns.advance(state, before)[:, :, :height])
    torch.testing.assert_close(torch.stack(found, 3), expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize("given", ["first", "leading", "scattered", "differing"])
def test_cached_run_equals_plain_run(random_network, given):
    network = random_network()
    image, curves = _problem(2, 2, 11, 13)
    seed = torch.full_like(curves, torch.nan)
    kept = {"first": [0], "leading": [0, 1, 2], "scattered": [0, 5, 6, 12], "differing": [0]}[given]
    seed[:, :, kept] = curves[:, :, kept]
    if given == "differing":  # one image of the batch has a column that the other lacks
        seed[1, :, 4] = curves[1, :, 4]
    fast = list(decode(network, image, seed))
    slow = list(decode_plain(network, image, seed))
    assert [c.index for c in fast] == [c.index for c in slow]
    for a, b in zip(fast, slow, strict=True):
        torch.testing.assert_close(a.logits, b.logits, atol=1e-9, rtol=0)
        torch.testing.assert_close(a.curves, b.curves, atol=1e-9, rtol=0)
        torch.testing.assert_close(a.uncertainty, b.uncertainty, atol=1e-9, rtol=0)
        was_given = ~seed[:, 0, a.index].isnan()
        assert torch.equal(a.curves[was_given], seed[:, :, a.index][was_given])
        assert (a.uncertainty[was_given] == 0).all()


@pytest.mark.parametrize("n_curves", range(1, 7))
def test_bundled_weights_cached_as_plain(n_curves):
    """Float32: at least 99.9 % of the points within 1e-3 px, resumed at a random column too."""
    network = load_model().network
    rng = np.random.default_rng(n_curves)
    batch, height, width = 1 + n_curves % 4, int(rng.integers(30, 50)), int(rng.integers(20, 34))
    image, curves = _problem(batch, n_curves, height, width, torch.float32)
    seed = torch.full_like(curves, torch.nan)
    seed[:, :, 0] = curves[:, :, 0]
    fast = torch.stack([c.curves for c in decode(network, image, seed)], 2)
    slow = torch.stack([c.curves for c in decode_plain(network, image, seed)], 2)
    assert ((fast - slow).abs() < 1e-3).float().mean() >= 0.999
    start = int(rng.integers(2, width))
    kept = torch.cat([seed[:, :, :1], fast], 2)
    kept[:, :, start:] = torch.nan
    resumed = torch.stack([c.curves for c in decode(network, image, kept)], 2)
    assert ((resumed - fast[:, :, start - 1 :]).abs() < 1e-3).float().mean() >= 0.999


def test_bfloat16_stays_near_float32():
    network = load_model().network
    image, curves = _problem(2, 2, 32, 24, torch.float32)
    seed = torch.full_like(curves, torch.nan)
    seed[:, :, 0] = curves[:, :, 0]
    exact = next(iter(decode(network, image, seed)))
    half = load_model().network.to(torch.bfloat16)
    rough = next(iter(decode(half, image.bfloat16(), seed)))
    assert rough.curves.dtype == torch.float32
    probabilities = exact.logits.softmax(1), rough.logits.softmax(1)
    assert (probabilities[0] - probabilities[1]).abs().max() < 0.1


def test_a_run_can_be_stopped_and_asked_again_from_any_column(random_network):
    network = random_network()
    image, curves = _problem(1, 2, 12, 9)
    seed = torch.full_like(curves, torch.nan)
    seed[:, :, 0] = curves[:, :, 0]
    run = decode(network, image, seed)
    first = [next(run) for _ in range(4)]
    run.close()
    assert [c.index for c in first] == [1, 2, 3, 4]
    seed[:, :, 1:5] = torch.stack([c.curves for c in first], 2)
    again = list(decode(network, image, seed, start=3))
    assert [c.index for c in again] == list(range(3, 9))
    assert torch.equal(again[0].curves, first[2].curves)


def test_the_caller_is_not_left_in_inference_mode(random_network):
    image, curves = _problem(1, 1, 8, 4)
    next(
        iter(decode(random_network(), image, torch.where(torch.arange(4) == 0, curves, torch.nan)))
    )
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize("way", [decode, decode_plain])
@pytest.mark.parametrize(("column", "start"), [(None, None), (2, None), (0, 3), (0, 0)])
def test_columns_that_must_be_given(random_network, way, column, start):
    image, curves = _problem(1, 1, 8, 6)
    seed = torch.full_like(curves, torch.nan)
    if column is not None:
        seed[:, :, column] = curves[:, :, column]
    with pytest.raises(ValueError, match="must be given"):
        next(iter(way(random_network(), image, seed, start=start)))


def test_a_network_in_training_mode_is_refused(random_network):
    with pytest.raises(ValueError, match="training mode"):
        ColumnNetwork(random_network().train())


def _problem(batch, n_curves, height, width, dtype=torch.float64):
    generator = torch.Generator().manual_seed(batch * 100 + n_curves)
    image = torch.rand(batch, 1, height, width, dtype=dtype, generator=generator) * 2 - 1
    curves = torch.rand(batch, n_curves, width, dtype=dtype, generator=generator) * height
    return image, curves.sort(1).values
