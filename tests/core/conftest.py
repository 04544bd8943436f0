"""Networks with weights that leave no number at its default."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_layeredcnn.core.network import LayeredCNN


@pytest.fixture(scope="session")
def random_network():
    """Function (configuration, dtype) -> evaluated network with random weights and statistics."""

    def make(configuration="compact", dtype=torch.float64):
        torch.manual_seed(0)
        network = LayeredCNN(configuration)
        with torch.no_grad():
            for module in network.modules():
                if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
                    module.running_mean.normal_(0, 0.3)
                    module.running_var.uniform_(0.5, 2)
                    module.weight.normal_()  # negative scales too
                    module.bias.normal_(0, 0.3)
        return network.to(dtype).eval()

    return make
