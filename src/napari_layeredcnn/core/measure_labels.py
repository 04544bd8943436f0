"""Label images that any program made, as curves to be measured."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.measure_segmentation import Segmentation
from napari_layeredcnn.core.regions import curves_from_regions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Image = NDArray[np.integer[Any]]

# What stands for unlabelled pixels above the first and below the last region.
_ABOVE, _BELOW = -(2**62), 2**62


def segmentation_from_labels(
    labels: Any,
    *,
    region_ids: Sequence[int] | None = None,
    names: Mapping[int, str] | None = None,
    transposed: bool = False,
    scale: Sequence[float] | None = None,
    unit: str | None = None,
) -> Segmentation:
    """Read the curves between the regions of a label image or a stack of them.

    Parameters
    ----------
    labels : (H, W) or (S, H, W) array of int
        Region ids; a stack is read slice by slice. 0 above the first and below the last labelled
        pixel of a column is background, a region of its own; a column with 0 between labels, or
        with nothing else, is not complete and is left out.
    region_ids : sequence of int, optional
        Ids, top to bottom; 0 is a region like others if it is among them. Default: as they lie on
        each other in complete columns.
    names : mapping of int to str, optional
        Names by id.
    transposed : bool
        Whether regions follow each other from left to right.
    scale, unit : optional
        See `Segmentation`.

    Returns
    -------
    Segmentation
        Its curves lie between pixels, so that they are whole numbers.

    Raises
    ------
    ValueError
        If these are no labels, no column is complete, or regions lie on each other in different
        orders.

    Examples
    --------
    >>> painted = [[0, 0, 0], [4, 4, 0], [2, 0, 2], [0, 0, 2]]
    >>> found = segmentation_from_labels(np.array(painted), names={2: "bone"})
    >>> found.names
    ('background above', 'Region 4', 'bone', 'background below')
    >>> found.curves
    array([[1., 1., 2.],
           [2., 2., 2.],
           [3., 2., 4.]])
    """
    shape = tuple(labels.shape)
    if len(shape) not in (2, 3) or 0 in shape or labels.dtype.kind not in "iu":
        raise ValueError(
            "labels are integers of the shape (H, W) or (S, H, W), but these are of type "
            f"{labels.dtype} and shape {shape}"
        )
    zero = region_ids is not None and 0 in region_ids

    def images() -> Iterator[Image]:
        for index in range(shape[0]) if len(shape) == 3 else [slice(None)]:
            image = np.asarray(labels[index])
            yield _with_background(image.T if transposed else image, zero_is_region=zero)

    order = _order(images()) if region_ids is None else [int(i) for i in region_ids]
    if len(order) < 2:
        raise ValueError(
            "no column is labelled from top to bottom with two regions or more; complete the "
            "labels first, or say with `transposed` that regions follow each other sideways"
        )
    curves = np.stack([curves_from_regions(image, order) for image in images()])
    outside = {_ABOVE: "background above", _BELOW: "background below"}
    called = {i: (names or {}).get(i) or f"Region {i}" if i else "background" for i in order}
    return Segmentation(
        curves if len(shape) == 3 else curves[0],
        height=shape[-1] if transposed else shape[-2],
        region_ids=tuple(0 if i in outside else i for i in order),
        names=tuple((called | outside)[i] for i in order),
        transposed=transposed,
        scale=scale,
        unit=unit,
    )


def _with_background(image: Image, *, zero_is_region: bool) -> Image:
    """Give unlabelled pixels above the first and below the last labelled one ids of their own."""
    if zero_is_region or image.all():
        return image
    labelled = image != 0
    below_first = np.logical_or.accumulate(labelled, axis=0)
    above_last = np.logical_or.accumulate(labelled[::-1], axis=0)[::-1]
    some = labelled.any(axis=0)
    marked = image.astype(np.int64)
    marked[~below_first & some] = _ABOVE
    marked[~above_last & some] = _BELOW
    return marked


def _order(images: Iterable[Image]) -> list[int]:
    """Sort regions so that each comes after those that lie above it in a complete column.

    Of those that nothing else sorts, as they never share a column, the higher one comes first.
    """
    below: dict[int, set[int]] = {}
    starts: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for image in images:
        complete = (image != 0).all(axis=0)
        image = image[:, complete]
        rows, columns = np.nonzero(image[1:] != image[:-1])
        upper, lower = image[rows, columns], image[rows + 1, columns]
        for a, b in np.unique(np.stack([upper, lower], axis=1), axis=0).tolist():
            below.setdefault(a, set()).add(b)
            below.setdefault(b, set())
        ids, which = np.unique(np.concatenate([image[0], lower]), return_inverse=True)
        tops = np.concatenate([np.zeros(image.shape[1]), rows + 1.0])
        sums, counts = np.bincount(which, tops), np.bincount(which)
        for i, total, count in zip(ids.tolist(), sums, counts, strict=True):
            below.setdefault(i, set())
            starts[i][0] += total
            starts[i][1] += count
    order: list[int] = []
    left = dict(below)
    while left:
        under = {b for lower in left.values() for b in lower}
        first = [i for i in left if i not in under]
        if not first:
            raise ValueError(
                f"the regions {sorted(i for i in left if i not in (_ABOVE, _BELOW))} lie on each "
                "other in different orders; correct the labels, or complete them first"
            )
        order.append(min(first, key=lambda i: (starts[i][0] / starts[i][1], i)))
        del left[order[-1]]
    return order
