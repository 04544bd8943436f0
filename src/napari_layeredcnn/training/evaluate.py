"""How good a completion is: column-by-column L1 and ARI as in Table 1 of the paper [1]_.

Methods are plain functions from images and seeds to curves, and scores are kept image by
image, so that nothing hides in a mean.

References
----------
.. [1] LayeredCNN, section 4 and table 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.measure_rand import rand_index
from napari_layeredcnn.core.regions import regions_from_curves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from napari_layeredcnn.training.cases import Case

Predictor = Callable[["NDArray[Any]", "NDArray[np.float32]"], "NDArray[np.float32]"]
"""Images (B, H, W) and seeds (B, K, W), NaN where not given, to curves (B, K, W)."""


@dataclass(frozen=True)
class Score:
    """How well one method did on one image, with so many labelled columns.

    Parameters
    ----------
    group, name : str
        Of the case.
    labelled_columns : int
        How many columns were given, the first ones.
    method : str
        Which method.
    l1 : float
        Mean distance from the true curves, in px.
    ari : float
        Adjusted Rand index of the regions; 1 is perfect, 0 is chance.
    within_1px, within_2px : float
        Share of the curve points that lie so near to the true ones.
    curves : ndarray of float32, shape (K, W)
        What the method found.
    """

    group: str
    name: str
    labelled_columns: int
    method: str
    l1: float
    ari: float
    within_1px: float
    within_2px: float
    curves: NDArray[np.float32] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Mean:
    """Means over the `n` images of a group; the fields are those of `Score`."""

    group: str
    labelled_columns: int
    method: str
    n: int
    l1: float
    ari: float
    within_1px: float
    within_2px: float


def evaluate(
    cases: Iterable[Case],
    methods: Mapping[str, Predictor],
    *,
    labelled_columns: Sequence[int] = (1,),
    include_given: bool = False,
    batch: int = 16,
) -> Iterator[Score]:
    """Run methods on images and score what they find, image by image.

    Parameters
    ----------
    cases : iterable of Case
        The images.
    methods : mapping of str to callable
        Each takes images (B, H, W) and seeds (B, K, W), NaN where not given, and returns
        curves (B, K, W).
    labelled_columns : sequence of int
        How many first columns are given; each method runs once for each number.
    include_given : bool
        If True, given columns count in the errors, as in the authors' own figures; else
        only what was found counts.
    batch : int
        At most so many images of one shape are handed to a method at once.

    Yields
    ------
    Score
        One for each image, number of labelled columns and method.

    Raises
    ------
    ValueError
        If more columns are given than there are, or a method returns something else than
        finite curves of the right shape.

    Examples
    --------
    >>> from napari_layeredcnn.training.alternatives import flat_line
    >>> from napari_layeredcnn.training.cases import Case
    >>> case = Case("flat", "a", np.zeros((8, 9)), np.full((1, 9), 4.0, np.float32))
    >>> [(score.l1, score.ari) for score in evaluate([case], {"flat line": flat_line})]
    [(0.0, 1.0)]
    """
    for together in _batches(cases, batch):
        images = np.stack([case.image for case in together])
        truths = np.stack([case.curves for case in together])
        for n in labelled_columns:
            if not 1 <= n < truths.shape[-1]:
                raise ValueError(
                    f"{n} labelled columns are asked for where {together[0].name} has "
                    f"{truths.shape[-1]} columns: ask for 1 to {truths.shape[-1] - 1}."
                )
            seeds = np.full_like(truths, np.nan)
            seeds[..., :n] = truths[..., :n]
            for method, predict in methods.items():
                found = np.asarray(predict(images, seeds.copy()), np.float32)
                if found.shape != truths.shape or not np.isfinite(found).all():
                    raise ValueError(
                        f"{method} returned no finite curves of shape {truths.shape} for "
                        f"{together[0].group}."
                    )
                for case, curves in zip(together, found, strict=True):
                    yield _score(case, n, method, curves, 0 if include_given else n)


def means(scores: Iterable[Score]) -> list[Mean]:
    """Average over the images of each group, for each method and number of given columns.

    Parameters
    ----------
    scores : iterable of Score
        In any order.

    Returns
    -------
    list of Mean
        In the order in which group, columns and method first came. There is no mean over
        groups: it would say nothing about any of them.

    Examples
    --------
    >>> none = np.zeros((1, 1), np.float32)
    >>> a = Score("skin", "a", 1, "flat line", 2.0, 0.5, 0.1, 0.2, none)
    >>> b = Score("skin", "b", 1, "flat line", 4.0, 0.7, 0.3, 0.4, none)
    >>> [(mean.n, mean.l1, round(mean.ari, 6)) for mean in means([a, b])]
    [(2, 3.0, 0.6)]
    """
    groups: dict[tuple[str, int, str], list[Score]] = {}
    for score in scores:
        key = (score.group, score.labelled_columns, score.method)
        groups.setdefault(key, []).append(score)
    return [
        Mean(
            *key,
            len(members),
            l1=float(np.mean([s.l1 for s in members])),
            ari=float(np.mean([s.ari for s in members])),
            within_1px=float(np.mean([s.within_1px for s in members])),
            within_2px=float(np.mean([s.within_2px for s in members])),
        )
        for key, members in groups.items()
    ]


def to_json(scores: Sequence[Score], **settings: Any) -> dict[str, Any]:
    """Put settings, means and every image's scores into what `json` can write.

    Parameters
    ----------
    scores : sequence of Score
        The scores.
    **settings
        What the evaluation ran with: model, data, and so on.

    Returns
    -------
    dict
        With the keys ``settings``, ``means`` and ``images``.

    Examples
    --------
    >>> to_json([], model="compact")
    {'settings': {'model': 'compact'}, 'means': [], 'images': []}
    """
    images = [{k: v for k, v in vars(score).items() if k != "curves"} for score in scores]
    return {
        "settings": settings,
        "means": [asdict(mean) for mean in means(scores)],
        "images": images,
    }


def adjusted_rand_index(labels: ArrayLike, others: ArrayLike) -> float:
    """Compare two partitions of the same pixels, corrected for chance (Hubert, Arabie 1985).

    Parameters
    ----------
    labels, others : array_like of int, the same shape
        Labels from 0 on; which number stands for which part does not matter.

    Returns
    -------
    float
        1 for the same partition, about 0 for independent ones.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> adjusted_rand_index([0, 0, 1, 1], [1, 1, 0, 0])
    1.0
    >>> round(adjusted_rand_index([0, 0, 1, 2], [0, 0, 1, 1]), 4)
    0.5714
    """
    a, b = np.asarray(labels), np.asarray(others)
    if a.shape != b.shape:
        raise ValueError(f"Partitions of shapes {a.shape} and {b.shape} cannot be compared.")
    n_b = int(b.max(initial=0)) + 1
    table = np.bincount((a.astype(np.int64) * n_b + b).ravel())
    table = np.pad(table, (0, -len(table) % n_b)).reshape(-1, n_b)
    return float(rand_index(table)) if a.size else 1.0


def _batches(cases: Iterable[Case], batch: int) -> Iterator[list[Case]]:
    """Gather neighbors of one group and shape."""
    for _, same in groupby(cases, key=lambda c: (c.group, c.image.shape, c.curves.shape)):
        members = list(same)
        for i in range(0, len(members), batch):
            yield members[i : i + batch]


def _score(case: Case, n: int, method: str, curves: NDArray[np.float32], first: int) -> Score:
    height = case.image.shape[0]
    distance = np.abs(curves - case.curves)[:, first:].astype(np.float64)
    truth, found = (
        regions_from_curves(np.clip(c, 0, height), height)[:, first:]
        for c in (case.curves, np.maximum.accumulate(curves, axis=0))
    )
    return Score(
        group=case.group,
        name=case.name,
        labelled_columns=n,
        method=method,
        l1=float(distance.mean()),
        ari=adjusted_rand_index(truth, found),
        within_1px=float((distance <= 1).mean()),
        within_2px=float((distance <= 2).mean()),
        curves=curves,
    )
