"""Images with true curves, from the `.npz` files that evaluation reads."""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Case:
    """One image with its true curves.

    Parameters
    ----------
    group : str
        What it is averaged with: a curve count of a data set, or a domain.
    name : str
        What it is called in tables.
    image : ndarray, shape (H, W)
        Gray.
    curves : ndarray of float32, shape (K, W)
        The true curves in edge coordinates.
    """

    group: str
    name: str
    image: NDArray[Any]
    curves: NDArray[np.float32]


def read_cases(path: str | os.PathLike[str]) -> list[Case]:
    """Read images with true curves from an `.npz` file or a folder of them.

    Parameters
    ----------
    path : path
        A file holds either ``images`` (N, H, W) and ``curves`` (N, K, W), a group "K = ..."
        of its folder, or one ``image`` (H, W) and ``curves`` (K, W); that image's group is
        what stands before ``__`` in the file's name. Curves are in edge coordinates.

    Returns
    -------
    list of Case
        In the order of the files' names.

    Raises
    ------
    ValueError
        If there is no such file, or one that holds something else.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "skin__a.npz")
    ...     np.savez(file, image=np.zeros((8, 9), np.uint8), curves=np.full((1, 9), 4.0))
    ...     [(case.group, case.name) for case in read_cases(folder)]
    [('skin', 'a')]
    """
    path = Path(path)
    if not path.exists():
        raise ValueError(f"{path} does not exist; name a folder of .npz files or one such file.")
    files = sorted(path.glob("*.npz")) if path.is_dir() else [path]
    if not files:
        raise ValueError(f"{path} holds no .npz files.")
    return [case for file in files for case in _read_file(file)]


def every_nth(cases: Iterable[Case], n: int) -> list[Case]:
    """Take every Nth case of each group, its first one too.

    Parameters
    ----------
    cases : iterable of Case
        Of any groups, in any order.
    n : int
        At least 1, which takes all.

    Returns
    -------
    list of Case
        In the order in which they came.

    Examples
    --------
    >>> image, curves = np.zeros((4, 2)), np.ones((1, 2), np.float32)
    >>> cases = [Case(group, str(i), image, curves) for group in "ab" for i in range(3)]
    >>> [case.group + case.name for case in every_nth(cases, 2)]
    ['a0', 'a2', 'b0', 'b2']
    """
    seen: Counter[str] = Counter()
    kept = []
    for case in cases:
        if seen[case.group] % n == 0:
            kept.append(case)
        seen[case.group] += 1
    return kept


def _read_file(path: Path) -> list[Case]:
    try:
        # NumPy leaves the file open where the archive in it is broken.
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = dict(file)
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is not an .npz file of arrays ({error}).") from error
    images = arrays.get("images", arrays.get("image"))
    curves = arrays.get("curves")
    several = "images" in arrays
    if (
        images is None
        or curves is None
        or images.ndim != 2 + several
        or curves.ndim != images.ndim
        or curves.shape[-1] != images.shape[-1]
        or (several and len(images) != len(curves))
    ):
        raise ValueError(
            f"{path} does not hold images (N, H, W) with curves (N, K, W), or image (H, W) "
            f"with curves (K, W); it holds "
            f"{', '.join(f'{k} {v.shape}' for k, v in arrays.items()) or 'nothing'}."
        )
    curves = curves.astype(np.float32)
    if not np.isfinite(curves).all():
        raise ValueError(f"{path} has columns without curves: trim them.")
    if several:
        group = f"{path.absolute().parent.name} K = {curves.shape[1]}"
        pairs = enumerate(zip(images, curves, strict=True))
        return [Case(group, f"{path.stem}[{i}]", image, truth) for i, (image, truth) in pairs]
    group, mark, name = path.stem.partition("__")
    return [Case(group if mark else path.absolute().parent.name, name or group, images, curves)]
