"""The search for layers in one image: curves run from many heights, candidates chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from napari_layeredcnn.core.candidates import Candidates
from napari_layeredcnn.core.choosing import choose, choose_regions, doubts
from napari_layeredcnn.core.clusters import ONSET
from napari_layeredcnn.core.decoder import CompletionError, Decoder
from napari_layeredcnn.core.runs import Runs
from napari_layeredcnn.core.scaling import scale_intensities, to_grayscale
from napari_layeredcnn.core.weights import Model, load_model
from napari_layeredcnn.core.working import REGION_THICKNESS, WorkingGrid, working_grid

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from napari_layeredcnn.core.choosing import Limits
    from napari_layeredcnn.core.clusters import Cluster

Along = Literal["horizontal", "vertical"]
Floats = NDArray[np.float32]

#: Single curves started in a column, linearly spaced.
STARTS = 20
#: Sets of as many curves as are looked for, started in a column at heights drawn at random ...
JOINT_STARTS = 8
#: ... every second within a part of the height that leaves out no more than this at each end.
LEFT_OUT = 0.3
#: Rows of the working grid, unless the thickness of the regions is given: so many at least ...
ROWS = 64
#: ... and so many for each region, where the number of layers is given.
ROWS_PER_REGION = 10
#: Share of the free memory that a batch of starts may take.
SHARE_OF_FREE = 0.5


def search_rows(k: int | None) -> int:
    """Rows of the working grid in which so many layers are looked for.

    Parameters
    ----------
    k : int or None
        Number of layers, if it is known.

    Returns
    -------
    int
        64, or 10 for each region if that is more: thin regions are not found in fewer.

    Examples
    --------
    >>> search_rows(None), search_rows(3), search_rows(9)
    (64, 64, 100)
    """
    return ROWS if k is None else max(ROWS, ROWS_PER_REGION * (k + 1))


def single_starts(rows: int) -> Floats:
    """Heights at which single curves are started in a column.

    Parameters
    ----------
    rows : int
        Of the working grid.

    Returns
    -------
    (STARTS, 1) float32 array
        Linearly spaced.
    """
    return np.linspace(0, rows, STARTS + 2, dtype=np.float32)[1:-1, None]


def joint_starts(rows: int, k: int) -> Floats:
    """Heights at which sets of curves are started in a column.

    Curves that run together find thin layers: single ones all end on the strongest near by.

    Parameters
    ----------
    rows : int
        Of the working grid.
    k : int
        Curves of a set.

    Returns
    -------
    (JOINT_STARTS, k) float32 array
        One height in each of ``k`` equal parts of the image, or of most of it; the same each time.

    Examples
    --------
    >>> heights = joint_starts(64, 5)
    >>> heights.shape, bool((np.diff(heights) > 0).all())
    ((8, 5), True)
    """
    rng = np.random.default_rng(k)
    shares = (np.arange(k) + rng.random((JOINT_STARTS, k))) / k
    ends = rng.uniform(0, LEFT_OUT, (2, JOINT_STARTS, 1))
    ends[:, ::2] = 0
    return np.asarray(rows * (ends[0] + (1 - ends.sum(axis=0)) * shares), dtype=np.float32)


class FindProgress(NamedTuple):
    """Steps made and to make."""

    done: int
    total: int


class Search:
    """An image and a network, checked and ready to run single curves.

    Parameters
    ----------
    image, k, model, device, direction, region_thickness
        See `autoinit.find_layers`.

    Attributes
    ----------
    k : int or None
        As given.
    grid : WorkingGrid or None
        Working resolution; None where the image is constant.

    Raises
    ------
    CompletionError, ImageError, ModelError
        See `autoinit.find_layers`.
    """

    def __init__(
        self,
        image: NDArray[Any],
        k: int | None,
        model: Model | str | Path | None,
        device: str,
        direction: Along,
        region_thickness: float | None,
    ) -> None:
        if direction not in get_args(Along):
            raise CompletionError(
                f"there is no direction {direction!r} to find layers along; choose one of "
                f"{', '.join(get_args(Along))}"
            )
        if k is not None and k < 1:
            raise CompletionError(f"one layer or more can be looked for, not {k}")
        self.k = k
        self._transposed = direction == "vertical"
        self._model = model if isinstance(model, Model) else load_model(model)
        self._decoder = Decoder(self._model.network, device)
        self.grid: WorkingGrid | None = None
        if _is_constant(image):
            shape = np.asarray(image).shape[:2]
            self._height, self._width = shape[::-1] if self._transposed else shape
            self._notes: list[str] = []
            return
        gray, had_colors = to_grayscale(image)
        gray = gray.T if self._transposed else gray
        self._notes = ["the colors were turned into luminance"] if had_colors else []
        self._height, self._width = gray.shape
        one = np.zeros((1, self._width), dtype=np.float32)
        if region_thickness is None:
            region_thickness = REGION_THICKNESS * self._height / search_rows(k)
        self.grid = working_grid(one, self._height, region_thickness)
        if self.grid.columns < ONSET:
            raise CompletionError(
                f"the image is only {self._width} pixels long where layers run, "
                f"{self.grid.columns} at the working resolution of {self.grid.rows} rows, and runs "
                f"need {ONSET}; choose the other direction, or a smaller region thickness"
            )
        self._image = self.grid.image(scale_intensities(gray))

    def run(
        self, starts: Sequence[tuple[int, Floats]], *, forward: bool, backward: bool
    ) -> Generator[FindProgress, None, tuple[Floats, Floats, NDArray[np.intp]]]:
        """Run sets of curves from columns of the grid.

        Parameters
        ----------
        starts : sequence of (int, (B, K) float array)
            A column, and heights in it, a row for each set.
        forward, backward : bool
            Whether they run to the right, and to the left.

        Returns
        -------
        curves, uncertainty : (N, W) float32 array
            Of all the sets, in pixels of the grid.
        columns : (N,) int array
            Where each curve was started.
        """
        rows, width = self._image.shape
        parts = []
        for x, heights in starts:
            cost = self._decoder.bytes_per_image(rows, width, n_regions=heights.shape[1] + 1)
            batch = max(1, int(SHARE_OF_FREE * self._decoder.free_memory() / cost))
            parts += [(x, heights[i : i + batch]) for i in range(0, len(heights), batch)]
        total = sum(forward * (width - 1 - x) + backward * x for x, _ in parts)
        done, found = 0, []
        for x, some in parts:
            seed = np.full((*some.shape, width), np.nan, dtype=np.float32)
            seed[..., x] = some
            images = np.broadcast_to(self._image, (len(some), rows, width))
            # Starts stand anywhere: what is above and below them may be no regions.
            runs = Runs(self._decoder, images, seed, by_appearance=False)
            for _ in runs.run(forward=forward, backward=backward):
                done += 1
                yield FindProgress(done, total)
            # Of the start itself nothing is known; its neighbor may tell.
            blur = runs.uncertainty
            blur[..., x] = blur[..., x + 1 if x + 1 < width else x - 1]
            columns = np.full(some.size, x)
            found.append((runs.curves.reshape(-1, width), blur.reshape(-1, width), columns))
        curves, uncertainty, columns = (np.concatenate(all_) for all_ in zip(*found, strict=True))
        return curves, uncertainty, columns

    def candidates(
        self, clusters: list[Cluster], k: int | None, limits: Limits, *, as_paper: bool
    ) -> Candidates:
        """Bring clusters to the image's resolution and choose of them.

        Parameters
        ----------
        clusters : list of Cluster
            Ascending costs.
        k : int or None
            How many are chosen at most; None for as many as are worth it.
        limits : Limits
            What layers cost.
        as_paper : bool
            Whether simply the cheapest are chosen, or by `choose_regions`.

        Returns
        -------
        Candidates
            All of them.
        """
        costs = np.array([cluster.cost for cluster in clusters], dtype=np.float32)
        if as_paper:
            count, notes = choose(costs, k, limits)
            which = list(range(count))
        else:
            curves = np.stack([cluster.curve for cluster in clusters])
            by_column = self._decoder.features(self._image[None])[:, 0]
            features = by_column.permute(1, 0, 2).cpu().numpy()
            which, notes = choose_regions(self._image, features, curves, costs, k, limits)
        if k is not None:
            notes += doubts(costs[which], limits)
        return self._result(clusters, which, notes)

    def nothing(self, why: str) -> Candidates:
        """Say that there are no layers in an image in which nothing was run."""
        return self._result([], [], [f"no layers found: {why}"])

    def _result(self, clusters: list[Cluster], which: list[int], notes: list[str]) -> Candidates:
        curves = uncertainty = np.empty((0, self._width), dtype=np.float32)
        if self.grid is not None:
            on_grid = np.stack([cluster.curve for cluster in clusters])
            curves = np.clip(self.grid.curves(on_grid), 0, self._height)
            uncertainty = self.grid.curves(np.stack([c.uncertainty for c in clusters]))
        return Candidates(
            curves=curves,
            uncertainty=uncertainty,
            costs=np.array([cluster.cost for cluster in clusters], dtype=np.float32),
            members=np.array([cluster.members for cluster in clusters], dtype=np.intp),
            chosen=tuple(sorted(which, key=lambda i: float(curves[i].mean()))),
            height=self._height,
            transposed=self._transposed,
            model_name=self._model.name,
            grid=self.grid,
            notes=(*self._notes, *notes),
        )


def _is_constant(image: NDArray[Any]) -> bool:
    pixels = np.asarray(image)
    if pixels.dtype.kind not in "iufb" or pixels.ndim not in (2, 3) or pixels.size == 0:
        return False  # which other checks say better
    return bool((pixels == pixels[:1, :1]).all())
