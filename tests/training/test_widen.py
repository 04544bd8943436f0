from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_layeredcnn.core.network import Configuration, LayeredCNN
from napari_layeredcnn.training.widen import widen_image_stack

BEFORE = Configuration((4, 6, 8), blocks=2)


def wider(*image_widths):
    return Configuration((4, 6, 8), 2, image_widths)


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(1)
    image = torch.rand(2, 1, 16, 24, generator=generator) * 2 - 1
    return image, torch.rand(2, 1, 3, 16, 24, generator=generator) * 2 - 1


@pytest.fixture
def network():
    torch.manual_seed(0)
    network = LayeredCNN(BEFORE).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
    return network


def test_the_output_is_the_same_and_the_network_stays(network, inputs):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    wide = widen_image_stack(network, wider(6, 6, 12), inputs[0])
    assert wide.configuration == wider(6, 6, 12)
    assert not wide.training
    assert wide.down_blocks()[0][0].image_conv1.weight.shape == (6, 6, 3, 3)
    torch.testing.assert_close(wide(*inputs), network(*inputs), rtol=0, atol=1e-6)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])


def test_new_channels_learn_in_every_block(network, inputs):
    torch.manual_seed(0)
    wide = widen_image_stack(network, wider(6, 8, 12), inputs[0])
    optimizer = torch.optim.SGD(wide.parameters(), lr=0.1)
    for _ in range(2):  # after the first step the old channels listen, then the new ones learn
        optimizer.zero_grad()
        (wide(*inputs) ** 2).mean().backward()
        optimizer.step()
    for level, block in wide.blocks():
        new = block.image_conv2.weight.grad[BEFORE.widths[level] :]
        assert new.abs().max() > 0  # single ones may be dead


def test_new_channels_are_normalized(network, inputs):
    wide = widen_image_stack(network, wider(8, 8, 8), inputs[0])
    features = wide.encode_image(inputs[0])[0][:, 4:]  # of the first block, behind its last norm
    assert 0.2 < features.std() < 5


@pytest.mark.parametrize(
    "other",
    [wider(4, 5, 8), Configuration((4, 6), 2), Configuration((4, 6, 8), 3, (8, 8, 8))],
)
def test_fewer_channels_or_other_sizes_are_refused(network, inputs, other):
    with pytest.raises(ValueError, match="only the image stack can be widened"):
        widen_image_stack(network, other, inputs[0])


def test_an_unchanged_width_changes_nothing(network, inputs):
    same = widen_image_stack(network, BEFORE, inputs[0])
    for name, value in network.state_dict().items():
        if "num_batches" not in name:
            assert torch.equal(same.state_dict()[name], value)
