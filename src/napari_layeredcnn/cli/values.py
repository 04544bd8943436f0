"""What options say in words of their own: sizes of memory, ranges of slices."""

from __future__ import annotations

import re

import typer

_UNITS = {"": 1, **{c: 1000 ** (i + 1) for i, c in enumerate("kmgt")}}
_BINARY = {c: 1024 ** (i + 1) for i, c in enumerate("kmgt")}


def parse_size(text: str) -> int:
    """Read a number of bytes.

    Parameters
    ----------
    text : str
        A number, alone or with kB, MB, GB or TB (powers of 1000) or KiB, MiB, GiB or TiB
        (powers of 1024); the B may be left out.

    Returns
    -------
    int
        Bytes, 1 at least.

    Raises
    ------
    typer.BadParameter
        If the text says no size.

    Examples
    --------
    >>> parse_size("2GB"), parse_size("1.5 GiB"), parse_size("500m"), parse_size("4096")
    (2000000000, 1610612736, 500000000, 4096)
    """
    found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*([kmgt]?)(i?)b?", text.strip().lower())
    if found is not None and (found[2] or not found[3]):
        unit = (_BINARY if found[3] else _UNITS)[found[2]]
        size = int(float(found[1]) * unit)
        if size >= 1:
            return size
    raise typer.BadParameter(f"'{text}' is no size of memory, such as 2GB, 500MB or 1.5GiB.")


def parse_slices(text: str) -> slice:
    """Read a range of slices.

    Parameters
    ----------
    text : str
        ``A:B`` for the slices A to B - 1; either may be left out.

    Returns
    -------
    slice
        None stands for what was left out.

    Raises
    ------
    typer.BadParameter
        If the text is no range.

    Examples
    --------
    >>> parse_slices("10:20"), parse_slices("10:")
    (slice(10, 20, None), slice(10, None, None))
    """
    found = re.fullmatch(r"(\d*):(\d*)", text.strip())
    if found is None:
        raise typer.BadParameter(
            f"'{text}' is no range of slices, such as 10:20 for the slices 10 to 19."
        )
    start, stop = (int(part) if part else None for part in found.groups())
    if stop is not None and stop <= (start or 0):
        raise typer.BadParameter(f"'{text}' is empty: the slices before the second number count.")
    return slice(start, stop)
