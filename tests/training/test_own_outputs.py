from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_layeredcnn.core.decoding import decode
from napari_layeredcnn.core.network import Configuration, LayeredCNN
from napari_layeredcnn.training.own_outputs import column_logits, passed_through, run_from_first

HEIGHT, WIDTH = 16, 24


@pytest.fixture
def network():
    torch.manual_seed(0)
    return LayeredCNN(Configuration((4, 6), 1)).eval()


@pytest.fixture
def images():
    return 2 * torch.rand((2, 1, HEIGHT, WIDTH), generator=torch.Generator().manual_seed(1)) - 1


@pytest.fixture
def curves():
    rng = np.random.default_rng(2)
    return torch.from_numpy(np.sort(rng.uniform(2, 14, (2, 2, WIDTH)), axis=1).astype(np.float32))


@pytest.mark.parametrize("by_appearance", [False, True])
@pytest.mark.parametrize(
    "make", [run_from_first, lambda *given, **how: passed_through(*given, 2, **how)]
)
def test_own_outputs_keep_the_labelled_column_and_have_no_gradient(
    network, images, curves, make, by_appearance
):
    seen = make(network, images, curves, by_appearance=by_appearance)
    assert seen.shape == curves.shape
    assert torch.equal(seen[:, :, 0], curves[:, :, 0])
    assert not torch.equal(seen[:, :, 1:], curves[:, :, 1:])
    assert not seen.requires_grad
    assert not seen.is_inference()


@pytest.mark.parametrize("by_appearance", [False, True])
def test_network_says_in_training_what_it_says_in_a_run(network, images, curves, by_appearance):
    logits = column_logits(network, images, curves, by_appearance=by_appearance).detach()
    given = curves.clone()
    given[:, :, 12:] = torch.nan  # so a run from column 12 on has seen what the network sees here
    column = next(decode(network, images, given, by_appearance=by_appearance))
    assert column.index == 12
    torch.testing.assert_close(logits[..., 12].float(), column.logits, atol=0.1, rtol=0)


def test_appearance_has_a_say_from_the_second_column_on(network, images, curves):
    without, with_it = (
        column_logits(network, images, curves, by_appearance=by).float() for by in (False, True)
    )
    assert torch.equal(without[..., 0], with_it[..., 0])
    assert ((with_it - without)[..., 1:].abs() > 0.1).float().mean() > 0.5
