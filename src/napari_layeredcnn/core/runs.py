"""Runs out of every labelled stretch of an image, and joined between two of them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_layeredcnn.core import anchoring, looking, variants
from napari_layeredcnn.core.joining import join
from napari_layeredcnn.core.steps import relay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_layeredcnn.core.decoder import Decoder

Floats = NDArray[np.float32]

#: Columns of the image beyond the last one of a run that the image stack may still look at.
LOOK_AHEAD = 64


class Runs:
    """All runs on the working grid of one image: out of every labelled stretch, and joined.

    Several images with the same labelled columns are run at once, as a batch.

    Parameters
    ----------
    decoder : Decoder
        Network on its device.
    image : (H, W) or (B, H, W) float32 array
        Scaled to [-1, 1].
    seed : (K, W) or (B, K, W) float32 array
        Curves in edge coordinates, NaN where not given.
    anchored : bool
        Whether runs keep to the heights that were given, see `anchoring`. The columns behind a
        labelled stretch are then known a few steps later than they are computed.
    by_appearance : bool
        Whether what the regions look like has a say, see `appearance`.
    thorough : bool
        Whether each run is made in the four `variants` of the image, and what they have found is
        settled at its end and looked at once more, see `looking`. Until then the columns are
        those of the image as it is.

    Attributes
    ----------
    curves, uncertainty : (K, W) or (B, K, W) float32 array
        Filled while `run` goes on; NaN where it has not been.

    Raises
    ------
    ValueError
        If the images of a batch are not labelled in the same columns.
    """

    def __init__(
        self,
        decoder: Decoder,
        image: Floats,
        seed: Floats,
        *,
        anchored: bool = False,
        by_appearance: bool = True,
        thorough: bool = False,
    ) -> None:
        given = ~np.isnan(seed).any(axis=-2).reshape(-1, seed.shape[-1])
        if (given != given[0]).any():
            raise ValueError(
                "the images of a batch must be labelled in the same columns, but these are not; "
                "run them one by one"
            )
        self._given = given[0]
        self._decoder = decoder
        self._image = image
        self._seed = seed
        self._anchored = anchored
        self._by_appearance = by_appearance
        self._thorough = thorough
        self.curves = seed.copy()
        self.uncertainty = np.where(np.isnan(seed), np.nan, 0).astype(np.float32)

    def run(self, *, forward: bool, backward: bool) -> Iterator[tuple[int, int, int, int]]:
        """Yield (start, stop, done, total): grid columns that have changed, steps made and all.

        Columns may still be NaN; they are yielded again then. Where start and stop are the same,
        nothing has changed, and no step is counted: more is known of no column yet.
        """
        width = self._seed.shape[-1]
        edges = np.flatnonzero(np.diff(np.concatenate([[False], self._given, [False]])))
        stretches = [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
        gaps = [(b, c) for (_, b), (c, _) in itertools.pairwise(stretches)]
        inner = sum(c - b for b, c in gaps)
        total = (forward + backward) * inner
        total += (forward and width - stretches[-1][1]) + (backward and stretches[0][0])
        done = 0
        if backward:
            for start, stop in self._leftward(stretches[0], 0):
                done += stop > start
                yield start, stop, done, total
        for before, after in itertools.pairwise(stretches):
            gap = slice(before[1], after[0])
            runs = []
            if forward:
                for start, stop in self._rightward(before, after[0], look=not backward):
                    done += stop > start
                    yield start, stop, done, total
                runs.append((self.curves[..., gap].copy(), self.uncertainty[..., gap].copy()))
            if backward:
                for start, stop in self._leftward(after, before[1], look=not forward):
                    done += stop > start
                    yield start, stop, done, total
                runs.append((self.curves[..., gap].copy(), self.uncertainty[..., gap].copy()))
            if len(runs) == 2 and gap.stop > gap.start:
                ends = self._seed[..., gap.start - 1], self._seed[..., gap.stop]
                for i in np.ndindex(self._seed.shape[:-2]):  # once, for a single image
                    joined = join(*(a[i] for run in runs for a in run), *(end[i] for end in ends))
                    self.curves[i][:, gap], self.uncertainty[i][:, gap] = joined
                if self._thorough:
                    for _ in self._look_between(before, after):
                        yield gap.start, gap.start, done, total
                yield gap.start, gap.stop, done, total
        if forward:
            for start, stop in self._rightward(stretches[-1], width):
                done += stop > start
                yield start, stop, done, total

    def _look_between(self, before: tuple[int, int], after: tuple[int, int]) -> Iterator[None]:
        """Look once more at what was joined, with the labelled columns at both ends."""
        window, gap = slice(before[0], after[1]), slice(before[1], after[0])
        inside = slice(gap.start - window.start, gap.stop - window.start)
        for i in np.ndindex(self._seed.shape[:-2]):
            label = self.curves[i][:, window].copy()
            seen = yield from self._decoder.look(self._image[i][:, window], label)
            self.curves[i][:, gap] = looking.kept_in_place(
                label[:, inside], seen[:, inside], self._image.shape[-2], at_both_ends=True
            )

    def _rightward(
        self, stretch: tuple[int, int], stop: int, *, look: bool = True
    ) -> Iterator[tuple[int, int]]:
        """Run to the right; yield columns that have changed, once for each step."""
        start, end = stretch
        window = slice(start, min(stop + LOOK_AHEAD, self._seed.shape[-1]))
        image, given = self._image[..., window], self._seed[..., start:end]
        for first, last, curves, uncertainty in self._settled(image, given, stop - start, look):
            columns = slice(start + first, start + last)
            self.curves[..., columns], self.uncertainty[..., columns] = curves, uncertainty
            yield columns.start, columns.stop

    def _leftward(
        self, stretch: tuple[int, int], stop: int, *, look: bool = True
    ) -> Iterator[tuple[int, int]]:
        """The mirrored image, run to the right."""
        start, end = stretch
        window = slice(max(stop - LOOK_AHEAD, 0), end)
        image, given = self._image[..., window][..., ::-1], self._seed[..., start:end][..., ::-1]
        for first, last, curves, uncertainty in self._settled(image, given, end - stop, look):
            columns = slice(end - last, end - first)
            self.curves[..., columns] = curves[..., ::-1]
            self.uncertainty[..., columns] = uncertainty[..., ::-1]
            yield columns.start, columns.stop

    def _settled(
        self, image: Floats, given: Floats, stop: int, look: bool
    ) -> Iterator[tuple[int, int, Floats, Floats]]:
        """Yield (start, stop, curves, uncertainty); thoroughly, at last all of them once more.

        Before that it yields no columns a few times, so that it may be stopped there, too.
        """
        if not self._thorough:
            yield from self._run(image, given, stop)
            return
        first, height = given.shape[-1], image.shape[-2]
        if first >= stop:
            return
        images, seeds = variants.varied(image, given)
        curves = np.full((*seeds.shape[:-1], stop - first), np.nan, dtype=np.float32)
        uncertainty = np.full_like(curves, np.nan)
        for start, end, part, blur in self._run(images, seeds, stop):
            new = slice(start - first, end - first)
            curves[..., new], uncertainty[..., new] = part, blur
            if end < stop:
                yield start, end, part[0], blur[0]
        curves, uncertainty = variants.unvaried(curves, uncertainty, height)
        pixels = self._decoder.features(image.reshape(-1, *image.shape[-2:]))
        settled = np.empty_like(curves[0]), np.empty_like(uncertainty[0])
        nothing = curves[0][..., :0], uncertainty[0][..., :0]
        for i, index in enumerate(np.ndindex(given.shape[:-2])):  # once, for a single image
            found, settled[1][index] = variants.settled(
                pixels[:stop, i], given[index], curves[:, *index], uncertainty[:, *index]
            )
            if look:
                label = np.concatenate([given[index], found], axis=-1)
                steps = self._decoder.look(image[index][:, :stop], label)
                seen = yield from relay(steps, lambda _: (first, first, *nothing))
                found = looking.kept_in_place(found, seen[:, first:], height)
            settled[0][index] = found
        yield first, stop, *settled

    def _run(
        self, image: Floats, given: Floats, stop: int
    ) -> Iterator[tuple[int, int, Floats, Floats]]:
        """Yield (start, stop, curves, uncertainty) for each step; what waits is NaN."""
        start, height = given.shape[-1], image.shape[-2]
        wait = anchoring.COLUMNS if self._anchored and stop - start >= anchoring.COLUMNS else 0
        curves = np.full((*given.shape[:-1], max(stop - start, 0)), np.nan, dtype=np.float32)
        uncertainty = np.full_like(curves, np.nan)
        shift = np.zeros(given.shape[:-1], dtype=np.float32)
        nothing = np.full_like(curves[..., :1], np.nan)
        for x, column, blur in self._decode(image, given, stop):
            done = x + 1 - start
            curves[..., done - 1], uncertainty[..., done - 1] = column, blur
            if done < wait:
                yield x, x + 1, nothing, nothing
                continue
            if done == wait:
                shift = anchoring.anchoring_shift(given[..., -1], curves[..., :wait])
            new = slice(0 if done == wait else done - 1, done)
            part = anchoring.moved(curves[..., new], shift, height) if wait else curves[..., new]
            yield start + new.start, x + 1, part, uncertainty[..., new]

    def _decode(
        self, image: Floats, given: Floats, stop: int
    ) -> Iterator[tuple[int, Floats, Floats]]:
        if given.shape[-1] >= stop:
            return
        n_curves, width = given.shape[-2], image.shape[-1]
        curves = np.full((*given.shape[:-1], width), np.nan, dtype=np.float32)
        curves[..., : given.shape[-1]] = given
        shape = given.shape[:-1]
        images = image.reshape(-1, *image.shape[-2:])
        for x, column, uncertainty in self._decoder.decode(
            images, curves.reshape(-1, n_curves, width), by_appearance=self._by_appearance
        ):
            yield x, column.reshape(shape), uncertainty.reshape(shape)
            if x == stop - 1:
                return
