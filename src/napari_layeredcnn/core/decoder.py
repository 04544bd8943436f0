"""The network on its device, run on arrays: the one place where NumPy becomes torch and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from napari_layeredcnn.core.appearance import last_features, standardized
from napari_layeredcnn.core.columns import ColumnNetwork
from napari_layeredcnn.core.decoding import decode
from napari_layeredcnn.core.looking import seen_from_both_sides

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from napari_layeredcnn.core.network import LayeredCNN

Floats = NDArray[np.float32]

#: How many numbers a batch holds for each of a column's activations, see `benchmarks/stack.py`.
COPIES_OF_A_COLUMN = 8.0
#: Bytes that are taken as free where the system does not tell.
UNKNOWN_FREE_MEMORY = 2**31


class CompletionError(ValueError):
    """An image, a seed or a setting from which no completion can be made."""


def choose_device(device: str = "auto") -> torch.device:
    """Turn "auto", "cpu", "cuda" or "mps" into a device that is there.

    Parameters
    ----------
    device : str
        "auto" takes CUDA, else MPS, else the CPU.

    Returns
    -------
    torch.device
        The device.

    Raises
    ------
    CompletionError
        If there is no such device on this machine.

    Examples
    --------
    >>> choose_device("cpu")
    device(type='cpu')
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    there["cpu"] = True
    if device == "auto":
        return torch.device(next(name for name, is_there in there.items() if is_there))
    if not there.get(device.split(":")[0], False):
        raise CompletionError(
            f"the device {device!r} was asked for, but this machine has only "
            f"{', '.join(name for name, is_there in there.items() if is_there)}; "
            "choose one of these or 'auto'"
        )
    return torch.device(device)


class Decoder:
    """A network on its device, prepared for column-by-column runs on arrays.

    Parameters
    ----------
    network : LayeredCNN
        In evaluation mode; moved to the device.
    device : str
        See `choose_device`.
    """

    def __init__(self, network: LayeredCNN, device: str) -> None:
        self._device = choose_device(device)
        self._network = network.to(self._device)
        self._columns = ColumnNetwork(self._network)

    def decode(
        self, images: Floats, curves: Floats, *, by_appearance: bool = True
    ) -> Iterator[tuple[int, Floats, Floats]]:
        """Run from left to right, see `decoding.decode`.

        Parameters
        ----------
        images : (B, H, W) float32 array
            Scaled to [-1, 1].
        curves : (B, K, W) float32 array
            Curves in edge coordinates, NaN where not given; column 0 is given everywhere.
        by_appearance : bool
            See `decoding.decode`.

        Yields
        ------
        x : int
            Column.
        curves, uncertainty : (B, K) float32 array
            Of this column.
        """
        # A copy: torch takes no arrays with negative strides, such as mirrored images.
        tensor = torch.from_numpy(images.copy()).unsqueeze(1).to(self._device)
        given = torch.from_numpy(curves).to(self._device)
        for column in decode(
            self._network, tensor, given, columns=self._columns, by_appearance=by_appearance
        ):
            yield column.index, column.curves.cpu().numpy(), column.uncertainty.cpu().numpy()

    @torch.inference_mode()
    def features(self, images: Floats) -> torch.Tensor:
        """Tell what the image stack makes of images.

        Parameters
        ----------
        images : (B, H, W) float32 array
            Scaled to [-1, 1].

        Returns
        -------
        (W, B, H, C) float32 Tensor
            See `appearance.standardized`.
        """
        tensor = torch.from_numpy(images.copy()).unsqueeze(1).to(self._device)
        features = last_features(self._network, self._network.encode_image(tensor))
        return standardized(features, *images.shape[1:])

    def look(self, image: Floats, curves: Floats) -> Generator[None, None, Floats]:
        """Look once more at what was found, see `looking.seen_from_both_sides`.

        Parameters
        ----------
        image : (H, W) float32 array
            Scaled to [-1, 1].
        curves : (K, W) float32 array
            Curves in edge coordinates, all columns of them.

        Yields
        ------
        None
            After some columns.

        Returns
        -------
        (K, W) float32 array
            Where the network sees them.
        """
        tensor = torch.from_numpy(image.copy())[None, None].to(self._device)
        found = torch.from_numpy(curves)[None].to(self._device)
        seen = yield from seen_from_both_sides(self._network, tensor, found)
        return np.asarray(seen[0].cpu().numpy(), dtype=np.float32)

    def bytes_per_image(self, rows: int, columns: int, n_regions: int) -> int:
        """Memory that one image of a batch takes, about.

        Parameters
        ----------
        rows, columns : int
            Of the working grid.
        n_regions : int
            Number of regions K+1.

        Returns
        -------
        int
            Bytes: what the image stack gives and what the label stack makes of it for every
            pixel, and what a column needs, both for every block.
        """
        configuration = self._network.configuration
        levels = [level for level, _ in self._network.blocks()]
        widths, image_widths = configuration.widths, configuration.image_widths
        pixels = sum((2 * widths[level] + image_widths[level]) / 4**level for level in levels)
        pixels += 2 * sum(image_widths[:2])  # compared by `appearance`, and a copy on the way
        column = sum(widths[level] / 2**level for level in levels)
        stride = configuration.stride
        rows, columns = (-(-n // stride) * stride for n in (rows, columns))
        numbers = pixels * columns + COPIES_OF_A_COLUMN * column * n_regions
        return int(4 * rows * numbers)

    def free_memory(self) -> int:
        """Bytes that are free on the device; on the CPU, in the machine's memory."""
        if self._device.type == "cuda":
            return int(torch.cuda.mem_get_info(self._device)[0])
        try:  # with what the system would give back, which "free" does not count
            lines = Path("/proc/meminfo").read_text().splitlines()
            return next(int(i.split()[1]) for i in lines if i.startswith("MemAvailable:")) * 1024
        except (OSError, StopIteration):  # Windows and macOS do not tell there
            return UNKNOWN_FREE_MEMORY

    def free_cache(self) -> None:
        """Give back what the device keeps for later, after it has run out of memory."""
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is not enough memory.

    Parameters
    ----------
    error : BaseException
        Of NumPy or torch.

    Returns
    -------
    bool
        True for MemoryError, torch.OutOfMemoryError, and the RuntimeErrors of the CPU, MPS and
        CUDA that mean the same.

    Examples
    --------
    >>> is_out_of_memory(RuntimeError("CUDA out of memory.")), is_out_of_memory(ValueError())
    (True, False)
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    words = ("out of memory", "can't allocate memory", "not enough memory")
    return isinstance(error, RuntimeError) and any(w in str(error).lower() for w in words)
