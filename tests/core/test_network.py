from __future__ import annotations

import pytest
import torch

from napari_layeredcnn.core.blocks import MaskedConv
from napari_layeredcnn.core.columns import ColumnNetwork
from napari_layeredcnn.core.network import CONFIGURATIONS, Configuration, LayeredCNN
from napari_layeredcnn.core.sharpening import render


def test_the_papers_configuration_has_exactly_its_parameters():
    assert sum(p.numel() for p in LayeredCNN("paper").parameters()) == 1_159_233


@pytest.mark.parametrize(("mask", "first_seen"), [("A", 4), ("B", 3)])
def test_masked_convolution_sees_what_its_mask_says(mask, first_seen):
    torch.manual_seed(0)
    conv = MaskedConv(2, 3, mask=mask)
    x = torch.rand(1, 2, 2, 5, 8)
    changed = x.clone()
    changed[..., 3] += 1  # column 3: seen by column 4 with mask A, by 3 and 4 with mask B
    difference = (conv(x) - conv(changed)).abs().amax((0, 1, 2, 3))
    assert (difference > 1e-6).nonzero().flatten().tolist() == list(range(first_seen, 5))


def test_matrix_for_one_channel_equals_the_convolution():
    torch.manual_seed(0)
    conv = MaskedConv(1, 4, mask="A").double()
    x = torch.rand(2, 1, 3, 7, 6, dtype=torch.float64)
    padded = torch.nn.functional.pad(x, (1, -1, 1, 1))
    expected = torch.nn.functional.conv3d(padded, conv.weight, conv.bias)
    torch.testing.assert_close(conv(x), expected)


@pytest.mark.parametrize("n_regions", [2, 3, 6])
def test_gradients_in_bfloat16_are_those_in_float32(n_regions):
    torch.manual_seed(0)
    conv = MaskedConv(16, 16, regions=3).to(memory_format=torch.channels_last_3d)
    x, weighting = torch.randn(2, 8, 16, n_regions, 32, 64)
    gradients = []
    for enabled in (False, True):
        conv.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            y = conv(x.to(memory_format=torch.channels_last_3d))
        (y.float() * weighting).sum().backward()
        gradients.append(conv.weight.grad.clone())
    exact, rounded = gradients
    assert (rounded - exact).norm() < 0.02 * exact.norm()


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_full_pass_is_causal(random_network, configuration):
    """Labels from column x on change no logit left of or at x, for every x."""
    network = random_network(configuration)
    image, label = _inputs(height=9, width=11)
    with torch.inference_mode():
        before = network(image, label)
        for x in range(11):
            changed = label.clone()
            changed[..., x:] = torch.rand_like(changed[..., x:]) * 2 - 1
            after = network(image, changed)
            # Equal up to the order of summation, which a convolution may choose by its input.
            torch.testing.assert_close(
                after[..., : x + 1], before[..., : x + 1], atol=1e-12, rtol=0
            )
            if x + 1 < 11:
                assert (after[..., x + 1] - before[..., x + 1]).abs().max() > 1e-9


def test_cached_decoder_is_causal(random_network):
    """The cached decoder is asked for column x before column x of the label exists."""
    network = random_network()
    image, label = _inputs(height=9, width=11)
    columns = ColumnNetwork(network)
    with torch.inference_mode():
        expected = _advance(columns, image, label[:, 0], 11)
        for x in range(11):
            changed = label.clone()
            changed[..., x:] = torch.rand_like(changed[..., x:]) * 2 - 1
            found = _advance(columns, image, changed[:, 0], 11)
            torch.testing.assert_close(found[: x + 1], expected[: x + 1], atol=1e-12, rtol=0)
            if x + 1 < 11:
                assert (found[x + 1] - expected[x + 1]).abs().max() > 1e-9


def test_every_width_and_block_count_works():
    network = LayeredCNN(Configuration(widths=(4, 6), blocks=1)).eval()
    image, label = _inputs(height=5, width=3, dtype=torch.float32)
    assert network(image, label).shape == (1, 4, 5, 3)
    assert [level for level, _ in network.blocks()] == [0, 0, 1, 1, 0]


def test_image_features_can_be_reused(random_network):
    network = random_network()
    image, label = _inputs(height=8, width=8)
    with torch.inference_mode():
        features = network.encode_image(image)
        torch.testing.assert_close(network(image, label, features), network(image, label))


def _inputs(height, width, dtype=torch.float64):
    generator = torch.Generator().manual_seed(1)
    image = torch.rand(1, 1, height, width, dtype=dtype, generator=generator) * 2 - 1
    curves = torch.rand(1, 3, width, dtype=dtype, generator=generator) * height
    label = 2 * render(curves.sort(1).values, height) - 1
    return image, label.unsqueeze(1)


def _advance(columns, image, label, width):
    state = columns.start(image, n_curves=label.shape[1] - 1)
    logits = [columns.advance(state, None)]
    logits += [columns.advance(state, label[..., x]) for x in range(width - 1)]
    return torch.stack(logits)
