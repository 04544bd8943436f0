"""Image and seed to a completion: direction, working resolution, device.

NumPy becomes torch here, and torch NumPy, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike, DTypeLike, NDArray

from napari_layeredcnn.core.columns import ColumnNetwork
from napari_layeredcnn.core.curves import regions_from_curves
from napari_layeredcnn.core.decoding import decode
from napari_layeredcnn.core.joining import join
from napari_layeredcnn.core.scaling import scale_intensities, to_grayscale
from napari_layeredcnn.core.seeds import Seed, seed_from_array
from napari_layeredcnn.core.weights import Model, load_model
from napari_layeredcnn.core.working import WorkingGrid, working_grid

Direction = Literal["right", "left", "horizontal", "down", "up", "vertical"]
Floats = NDArray[np.float32]

#: Columns of the image beyond the last one of a run that the image stack may still look at.
LOOK_AHEAD = 64


class CompletionError(ValueError):
    """An image, a seed or a setting from which no completion can be made."""


@dataclass(frozen=True)
class CompletedColumns:
    """Some columns of a completion, as they come.

    A run between two labelled places is made from both sides; columns may come again then, and
    the later ones replace the earlier.

    Parameters
    ----------
    start, stop : int
        Columns ``start`` to ``stop - 1`` of the image (rows, where the direction is vertical).
    curves : (K, stop - start) float32 array
        Curves in edge coordinates, at the image's resolution.
    done, total : int
        Steps made and to make.
    """

    start: int
    stop: int
    curves: Floats
    done: int
    total: int


@dataclass(frozen=True)
class Completion:
    """Curves for every column, with an uncertainty.

    Parameters
    ----------
    curves : (K, W) float32 array
        Curves in edge coordinates, ordered; NaN in columns that the direction does not reach.
        Given columns are as they went in. With a vertical direction the curves run along the
        rows, (K, H), and region 0 is the leftmost.
    uncertainty : (K, W) float32 array
        Pixels; 0 where given, NaN where the curves are. The blur that sharpening removed, and
        between two labelled places the disagreement of the two runs on top.
    region_ids : tuple of int
        Ids of the K+1 regions.
    height : int
        Number of rows (of columns, where the direction is vertical).
    transposed : bool
        Whether the direction is vertical.
    model_name : str
        Model that was used.
    grid : WorkingGrid
        Working resolution.
    notes : tuple of str
        What the person should know: colors turned to gray, columns of the seed left out.
    """

    curves: Floats
    uncertainty: Floats
    region_ids: tuple[int, ...]
    height: int
    transposed: bool
    model_name: str
    grid: WorkingGrid
    notes: tuple[str, ...] = ()

    def labels(self, dtype: DTypeLike | None = None) -> NDArray[Any]:
        """Label image with the seed's ids, in the image's own orientation.

        Parameters
        ----------
        dtype : dtype, optional
            Of the result. Default: int32, or int64 for large ids.

        Returns
        -------
        (H, W) array
            Region ids; 0 in columns that were not reached.
        """
        labels = regions_from_curves(self.curves, self.height, self.region_ids)
        if dtype is None:
            small = np.iinfo(np.int32)
            fits = all(small.min <= i <= small.max for i in self.region_ids)
            dtype = np.int32 if fits else np.int64
        labels = labels.astype(dtype)
        return labels.T if self.transposed else labels


def complete(
    image: NDArray[Any],
    seed: Seed | ArrayLike,
    *,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Direction = "horizontal",
    region_thickness: float | None = None,
) -> Completion:
    """Complete a partial segmentation of layers, column by column ([1]_, section 3.1).

    Runs to the right from the last labelled column and to the left from the first; between two
    labelled places it runs from both sides and joins the runs where they agree best.

    Parameters
    ----------
    image : (H, W) or (H, W, 3 or 4) array
        Any integer or floating-point dtype; colors become luminance.
    seed : Seed or (K, W) array_like
        Labelled columns; an array holds curves in edge coordinates and NaN where nothing is
        given. With a vertical direction, the seed of the transposed labels, (K, H).
    model : Model, str or Path, optional
        Loaded model, bundled model's name or ``.safetensors`` file. Default: the bundled default.
    device : str
        "auto" (CUDA, else MPS, else CPU), "cpu", "cuda" or "mps".
    direction : {"horizontal", "right", "left", "vertical", "down", "up"}
        Way in which columns are continued; "horizontal" and "vertical" are both ways.
    region_thickness : float, optional
        Typical thickness of a region in pixels, from which the working resolution follows.
        Default: measured on the seed.

    Returns
    -------
    Completion
        Curves and uncertainty at the image's resolution.

    Raises
    ------
    CompletionError, ImageError, SeedError, ModelError
        All of them ValueErrors: if the image, the seed or the model cannot be used or do not fit
        together.

    References
    ----------
    .. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.

    Examples
    --------
    >>> image = np.repeat([[0.0], [1.0], [0.0]], [20, 24, 20], axis=0) * np.ones((1, 40))
    >>> seed = np.full((2, 40), np.nan)
    >>> seed[:, 0] = [20, 44]
    >>> completion = complete(image, seed)
    >>> completion.curves.shape, completion.labels().shape
    ((2, 40), (64, 40))
    """
    steps = iter_complete(
        image,
        seed,
        model=model,
        device=device,
        direction=direction,
        region_thickness=region_thickness,
    )
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]


def iter_complete(
    image: NDArray[Any],
    seed: Seed | ArrayLike,
    *,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Direction = "horizontal",
    region_thickness: float | None = None,
) -> Generator[CompletedColumns, None, Completion]:
    """Like `complete`, but yields columns as they are computed.

    Parameters
    ----------
    image, seed, model, device, direction, region_thickness
        See `complete`.

    Yields
    ------
    CompletedColumns
        In the order of computation. The generator may be closed between any two.

    Returns
    -------
    Completion
        The value of the generator's ``StopIteration``.

    Raises
    ------
    CompletionError, ImageError, SeedError, ModelError
        See `complete`; raised at the first ``next``.
    """
    if direction not in get_args(Direction):
        raise CompletionError(
            f"there is no direction {direction!r}; choose one of {', '.join(get_args(Direction))}"
        )
    gray, had_colors = to_grayscale(image)
    notes = ["the colors were turned into luminance"] if had_colors else []
    transposed = direction in ("down", "up", "vertical")
    if transposed:
        gray = gray.T
    height, width = gray.shape
    if not isinstance(seed, Seed):
        seed = seed_from_array(seed, height)
    if (seed.height, seed.width) != (height, width):
        raise CompletionError(
            f"the seed is for {seed.height} x {seed.width} pixels, but the image "
            f"{'transposed for this direction ' if transposed else ''}has {height} x {width}; "
            "give partial labels of the image's own shape"
        )
    if seed.skipped_columns:
        notes.append(
            f"{seed.skipped_columns} labelled columns were left out, as not every region is "
            "labelled in them"
        )
    target = choose_device(device)
    if not isinstance(model, Model):
        model = load_model(model)
    grid = working_grid(seed.curves, height, region_thickness)
    runner = _Runner(model, target, grid.image(scale_intensities(gray)), grid.seed(seed.curves))
    both = direction in ("horizontal", "vertical")
    backward, forward = both or direction in ("left", "up"), both or direction in ("right", "down")
    for start, stop, done, total in runner.run(forward=forward, backward=backward):
        # A column of the image lies between two of the grid, so the one before is needed too.
        first = max(0, int((start - 0.5) * width / grid.columns))
        last = min(width, int(np.ceil((stop + 0.5) * width / grid.columns)))
        part = grid.curves(runner.curves, first, last)
        part = _with_seed(part, seed.curves[:, first:last], height)
        ready = np.flatnonzero(~np.isnan(part).any(axis=0))
        if len(ready):
            low, high = int(ready[0]), int(ready[-1]) + 1
            yield CompletedColumns(first + low, first + high, part[:, low:high], done, total)
    curves = _with_seed(grid.curves(runner.curves), seed.curves, height)
    uncertainty = grid.curves(runner.uncertainty)
    uncertainty[:, seed.columns] = 0
    return Completion(
        curves, uncertainty, seed.region_ids, height, transposed, model.name, grid, tuple(notes)
    )


def complete_batch(
    images: NDArray[Any],
    seeds: Floats,
    *,
    model: Model | str | Path | None = None,
    device: str = "auto",
) -> tuple[Floats, Floats]:
    """Complete several images of one shape at once, to the right and at their own resolution.

    Parameters
    ----------
    images : (B, H, W) array
        Gray, any integer or floating-point dtype; each is scaled by its own range.
    seeds : (B, K, W) float array
        Curves in edge coordinates, NaN where not given; column 0 is given everywhere.
    model : Model, str or Path, optional
        See `complete`.
    device : str
        See `complete`.

    Returns
    -------
    curves, uncertainty : (B, K, W) float32 array
        See `Completion`.

    Raises
    ------
    ValueError
        If column 0 is not given for every image.
    """
    target = choose_device(device)
    if not isinstance(model, Model):
        model = load_model(model)
    network = model.network.to(target)
    scaled = np.stack([scale_intensities(image) for image in images])
    curves = np.array(seeds, dtype=np.float32)
    uncertainty = np.zeros_like(curves)
    batch = torch.from_numpy(scaled).unsqueeze(1).to(target)
    for column in decode(network, batch, torch.from_numpy(curves.copy()).to(target)):
        curves[:, :, column.index] = column.curves.cpu().numpy()
        uncertainty[:, :, column.index] = column.uncertainty.cpu().numpy()
    return curves, uncertainty


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


class _Runner:
    """Runs on the working grid from every labelled stretch; collects curves and uncertainty."""

    def __init__(self, model: Model, device: torch.device, image: Floats, seed: Floats) -> None:
        self._network = model.network.to(device)
        self._columns = ColumnNetwork(self._network)
        self._device = device
        self._image = image
        self._seed = seed
        self.curves = seed.copy()
        self.uncertainty = np.where(np.isnan(seed), np.nan, 0).astype(np.float32)

    def run(self, *, forward: bool, backward: bool) -> Iterator[tuple[int, int, int, int]]:
        """Yield (start, stop, done, total): grid columns that have changed, steps made and all."""
        width = self._seed.shape[1]
        given = ~np.isnan(self._seed).any(axis=0)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], given, [False]])))
        stretches = [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
        gaps = [(b, c) for (_, b), (c, _) in zip(stretches[:-1], stretches[1:], strict=True)]
        inner = sum(c - b for b, c in gaps)
        total = (forward + backward) * inner
        total += (forward and width - stretches[-1][1]) + (backward and stretches[0][0])
        done = 0
        if backward:
            for x in self._leftward(stretches[0], 0):
                done += 1
                yield x, x + 1, done, total
        for before, after in zip(stretches[:-1], stretches[1:], strict=True):
            gap = slice(before[1], after[0])
            runs = []
            if forward:
                for x in self._rightward(before, after[0]):
                    done += 1
                    yield x, x + 1, done, total
                runs.append((self.curves[:, gap].copy(), self.uncertainty[:, gap].copy()))
            if backward:
                for x in self._leftward(after, before[1]):
                    done += 1
                    yield x, x + 1, done, total
                runs.append((self.curves[:, gap].copy(), self.uncertainty[:, gap].copy()))
            if len(runs) == 2 and gap.stop > gap.start:
                ends = self._seed[:, gap.start - 1], self._seed[:, gap.stop]
                self.curves[:, gap], self.uncertainty[:, gap] = join(*runs[0], *runs[1], *ends)
                yield gap.start, gap.stop, done, total
        if forward:
            for x in self._rightward(stretches[-1], width):
                done += 1
                yield x, x + 1, done, total

    def _rightward(self, stretch: tuple[int, int], stop: int) -> Iterator[int]:
        start, end = stretch
        window = slice(start, min(stop + LOOK_AHEAD, self._seed.shape[1]))
        for x, curves, uncertainty in self._decode(
            self._image[:, window], self._seed[:, start:end], stop - start
        ):
            self.curves[:, start + x], self.uncertainty[:, start + x] = curves, uncertainty
            yield start + x

    def _leftward(self, stretch: tuple[int, int], stop: int) -> Iterator[int]:
        """The mirrored image, run to the right."""
        start, end = stretch
        window = slice(max(stop - LOOK_AHEAD, 0), end)
        for x, curves, uncertainty in self._decode(
            self._image[:, window][:, ::-1], self._seed[:, start:end][:, ::-1], end - stop
        ):
            column = end - 1 - x
            self.curves[:, column], self.uncertainty[:, column] = curves, uncertainty
            yield column

    def _decode(
        self, image: Floats, given: Floats, stop: int
    ) -> Iterator[tuple[int, Floats, Floats]]:
        if given.shape[1] >= stop:
            return
        curves = np.full((len(given), image.shape[1]), np.nan, dtype=np.float32)
        curves[:, : given.shape[1]] = given
        steps = decode(
            self._network,
            torch.from_numpy(image.copy()).to(self._device)[None, None],
            torch.from_numpy(curves).to(self._device)[None],
            columns=self._columns,
        )
        for column in steps:
            yield column.index, column.curves[0].cpu().numpy(), column.uncertainty[0].cpu().numpy()
            if column.index == stop - 1:
                return


def _with_seed(curves: Floats, seed: Floats, height: int) -> Floats:
    """Given columns exactly as they were given; nothing outside the image."""
    return np.where(np.isnan(seed), np.clip(curves, 0, height), seed).astype(np.float32)
