"""Muon for the kernels between hidden channels, AdamW for everything else.

AdamW moves each weight by itself; Muon moves a kernel as a matrix, by the nearest orthogonal one to
its mean gradient (Jordan et al., Muon: An optimizer for hidden layers in neural networks), so that
no direction of the features is left behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from napari_layeredcnn.core.network import LayeredCNN


class Optimizer:
    """The optimizers of a network's weights, as one.

    Parameters
    ----------
    network : LayeredCNN
        On its device, its kernels laid out channels last: they are optimized in place.

    Attributes
    ----------
    parts : tuple of torch.optim.Optimizer
        Muon and AdamW.

    Raises
    ------
    RuntimeError
        If torch is too old to have Muon.
    """

    def __init__(self, network: LayeredCNN) -> None:
        if not hasattr(torch.optim, "Muon"):
            raise RuntimeError(
                f"training needs torch 2.9 or later and found {torch.__version__}; update torch"
            )
        self._kernels: list[nn.Parameter] = []
        others: list[nn.Parameter] = []
        for name, weight in network.named_parameters():
            if weight.ndim > 1 and weight.shape[1] > 1 and not name.startswith("head"):
                self._kernels.append(weight)
            else:
                others.append(weight)
        self._matrices = [nn.Parameter(_matrix(kernel.detach())) for kernel in self._kernels]
        # Steps as large as AdamW's, so that one learning rate does for both.
        muon = torch.optim.Muon(self._matrices, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
        adamw = torch.optim.AdamW(others, weight_decay=1e-4)
        self.parts: tuple[torch.optim.Optimizer, ...] = (muon, adamw)

    def step(self, rate: float) -> None:
        """Move the weights along their gradients.

        Parameters
        ----------
        rate : float
            Learning rate.
        """
        for matrix, kernel in zip(self._matrices, self._kernels, strict=True):
            assert kernel.grad is not None
            matrix.grad = kernel.grad.movedim(1, -1).reshape(matrix.shape)
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = rate
            part.step()


def _matrix(kernel: Tensor) -> Tensor:
    """``(channels, all others)`` in the kernel's own memory; an error if laid out otherwise."""
    return kernel.movedim(1, -1).view(len(kernel), -1)
