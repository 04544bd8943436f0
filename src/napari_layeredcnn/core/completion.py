"""Image and seed to a completion: checks, direction, working resolution, one image or a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from napari_layeredcnn.core.decoder import CompletionError, Decoder
from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.core.runs import Runs
from napari_layeredcnn.core.scaling import scale_intensities, to_grayscale
from napari_layeredcnn.core.seeds import Seed, seed_from_array
from napari_layeredcnn.core.steps import finish
from napari_layeredcnn.core.weights import Model, load_model
from napari_layeredcnn.core.working import WorkingGrid, working_grid

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

Direction = Literal["right", "left", "horizontal", "down", "up", "vertical"]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class CompletedColumns:
    """Some columns of a completion, as they come.

    At the end of a thorough run, and where runs from two labelled places are joined, columns come
    again; the later ones replace the earlier.

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
        part of the disagreement of runs: of thorough ones, and of the two between labelled places.
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
    thorough: bool = True,
) -> Completion:
    """Complete a partial segmentation of layers, column by column ([1]_, section 3.1).

    Runs to the right from the last labelled column and to the left from the first; between two
    labelled places it runs from both sides, and each curve goes over from one run to the other
    where they agree and what is kept of them is sure.

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
    thorough : bool
        Whether each run is made four times, with the image as it is, in negative, upside down
        and both, of each curve the one is taken that goes between the most even regions, and the
        network looks at all columns once more, from both sides. False takes less than a third of
        the time, and loses curves more often.

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
        thorough=thorough,
    )
    return finish(steps)


def iter_complete(
    image: NDArray[Any],
    seed: Seed | ArrayLike,
    *,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Direction = "horizontal",
    region_thickness: float | None = None,
    thorough: bool = True,
) -> Generator[CompletedColumns, None, Completion]:
    """Like `complete`, but yields columns as they are computed.

    Parameters
    ----------
    image, seed, model, device, direction, region_thickness, thorough
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
    if not isinstance(model, Model):
        model = load_model(model)
    decoder = Decoder(model.network, device)
    grid = working_grid(seed.curves, height, region_thickness)
    image = grid.image(scale_intensities(gray))
    runs = Runs(decoder, image, grid.seed(seed.curves), anchored=True, thorough=thorough)
    both = direction in ("horizontal", "vertical")
    backward, forward = both or direction in ("left", "up"), both or direction in ("right", "down")
    for start, stop, done, total in runs.run(forward=forward, backward=backward):
        # A column of the image lies between two of the grid, so the one before is needed too.
        first = max(0, int((start - 0.5) * width / grid.columns))
        last = min(width, int(np.ceil((stop + 0.5) * width / grid.columns)))
        part = grid.curves(runs.curves, first, last)
        part = _with_seed(part, seed.curves[:, first:last], height)
        ready = np.flatnonzero(~np.isnan(part).any(axis=0))
        if len(ready):
            low, high = int(ready[0]), int(ready[-1]) + 1
            yield CompletedColumns(first + low, first + high, part[:, low:high], done, total)
    curves = _with_seed(grid.curves(runs.curves), seed.curves, height)
    uncertainty = grid.curves(runs.uncertainty)
    uncertainty[:, seed.columns] = 0
    return Completion(
        curves, uncertainty, seed.region_ids, height, transposed, model.name, grid, tuple(notes)
    )


def _with_seed(curves: Floats, seed: Floats, height: int) -> Floats:
    """Given columns exactly as they were given; nothing outside the image."""
    return np.where(np.isnan(seed), np.clip(curves, 0, height), seed).astype(np.float32)
