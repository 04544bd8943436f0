"""How good segmentations are that begin with nothing: ARI with automatic initialization.

As in Table 1 of the paper [1]_, beside ARI with the true first column; with the true number of
curves, as there, and without.

References
----------
.. [1] LayeredCNN, section 4 and table 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.core.seeds import Seed, seed_from_array
from napari_layeredcnn.training.evaluate import adjusted_rand_index

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_layeredcnn.core.candidates import Candidates
    from napari_layeredcnn.training.cases import Case

Completer = Callable[["NDArray[Any]", Seed], "NDArray[np.float32]"]
"""Image (H, W) and seed to curves (K, W)."""

SEEDED = "true first column"


class Finder(NamedTuple):
    """A method of automatic initialization.

    Parameters
    ----------
    find : callable
        Image (H, W), and the number of curves or None, to `Candidates`.
    columns : sequence of int, optional
        Columns in which its seed is given. Default: the surest ones.
    """

    find: Callable[[NDArray[Any], int | None], Candidates]
    columns: Sequence[int] | None = None


@dataclass(frozen=True)
class AutoScore:
    """How well one method did on one image.

    Parameters
    ----------
    group, name : str
        Of the case.
    method : str
        Which method; `SEEDED` is no automatic initialization.
    number_given : bool
        Whether the method knew how many curves there are.
    n_curves, n_found : int
        How many curves there are, and were found.
    ari : float
        Adjusted Rand index of the regions; 0 where nothing was found.
    """

    group: str
    name: str
    method: str
    number_given: bool
    n_curves: int
    n_found: int
    ari: float


def evaluate_auto(
    cases: Iterable[Case], finders: Mapping[str, Finder], complete: Completer
) -> Iterator[AutoScore]:
    """Complete images from found seeds, and from the true first column, and score the regions.

    Parameters
    ----------
    cases : iterable of Case
        The images.
    finders : mapping of str to Finder
        Methods by name. Each looks for layers with the true number of curves, and without.
    complete : callable
        Image and seed to curves.

    Yields
    ------
    AutoScore
        For each image: the true first column, then each method with and without the number.

    Examples
    --------
    >>> from napari_layeredcnn.core.candidates import Candidates
    >>> from napari_layeredcnn.training.cases import Case
    >>> flat = np.full((1, 9), 4.0, np.float32)
    >>> found = Candidates(
    ...     flat, 0 * flat, np.zeros(1, np.float32), np.ones(1, int), (0,), 8, False, "", None
    ... )
    >>> finder = Finder(lambda image, k: found)
    >>> case = Case("flat", "a", np.zeros((8, 9)), flat)
    >>> def copied(image, seed):
    ...     return np.repeat(seed.curves[:, seed.columns], image.shape[1], axis=1)
    >>> scores = evaluate_auto([case], {"all": finder}, copied)
    >>> [score.ari for score in scores]
    [1.0, 1.0, 1.0]
    """
    for case in cases:
        n_curves, height = len(case.curves), len(case.image)
        true = np.full_like(case.curves, np.nan)
        true[:, 0] = np.clip(case.curves[:, 0], 0, height)
        curves = complete(case.image, seed_from_array(true, height))
        ari = _ari(case, curves, 1)
        yield AutoScore(case.group, case.name, SEEDED, True, n_curves, n_curves, ari)
        for method, finder in finders.items():
            for k in (n_curves, None):
                found = finder.find(case.image, k)
                ari, count = _from_candidates(case, found, finder, complete), len(found.chosen)
                yield AutoScore(case.group, case.name, method, k is not None, n_curves, count, ari)


@dataclass(frozen=True)
class AutoMean:
    """Means over the `n` images of a group; the fields are those of `AutoScore`.

    Parameters
    ----------
    right_number : float
        Share of the images in which as many curves were found as there are.
    """

    group: str
    method: str
    number_given: bool
    n: int
    ari: float
    n_found: float
    right_number: float


def auto_means(scores: Iterable[AutoScore]) -> list[AutoMean]:
    """Average over the images of each group, for each method, with and without the number.

    Parameters
    ----------
    scores : iterable of AutoScore
        In any order.

    Returns
    -------
    list of AutoMean
        In the order in which they first came.

    Examples
    --------
    >>> a = AutoScore("skin", "a", "paper", False, 2, 2, 0.5)
    >>> b = AutoScore("skin", "b", "paper", False, 2, 3, 0.7)
    >>> [(m.n, round(m.ari, 6), m.n_found, m.right_number) for m in auto_means([a, b])]
    [(2, 0.6, 2.5, 0.5)]
    """
    groups: dict[tuple[str, str, bool], list[AutoScore]] = {}
    for score in scores:
        key = (score.group, score.method, score.number_given)
        groups.setdefault(key, []).append(score)
    return [
        AutoMean(
            *key,
            len(members),
            ari=float(np.mean([s.ari for s in members])),
            n_found=float(np.mean([s.n_found for s in members])),
            right_number=float(np.mean([s.n_found == s.n_curves for s in members])),
        )
        for key, members in groups.items()
    ]


def auto_json(scores: Sequence[AutoScore], **settings: Any) -> dict[str, Any]:
    """Put settings, means and every image's scores into what `json` can write.

    Parameters
    ----------
    scores : sequence of AutoScore
        The scores.
    **settings
        What the evaluation ran with.

    Returns
    -------
    dict
        With the keys ``settings``, ``means`` and ``images``.

    Examples
    --------
    >>> auto_json([], model="compact")
    {'settings': {'model': 'compact'}, 'means': [], 'images': []}
    """
    return {
        "settings": settings,
        "means": [asdict(mean) for mean in auto_means(scores)],
        "images": [asdict(score) for score in scores],
    }


def _from_candidates(
    case: Case, candidates: Candidates, finder: Finder, complete: Completer
) -> float:
    """ARI of the completion from the chosen candidates."""
    if not candidates.chosen:  # one region
        return adjusted_rand_index(
            regions_from_curves(_inside(case), len(case.image)), np.zeros(case.image.shape, int)
        )
    seed = candidates.seed(columns=finder.columns)
    return _ari(case, complete(case.image, seed), 0)


def _ari(case: Case, curves: NDArray[np.float32], first: int) -> float:
    truth, found = (regions_from_curves(c, len(case.image)) for c in (_inside(case), curves))
    return adjusted_rand_index(truth[:, first:], found[:, first:])


def _inside(case: Case) -> NDArray[np.float32]:
    return np.clip(case.curves, 0, len(case.image))
