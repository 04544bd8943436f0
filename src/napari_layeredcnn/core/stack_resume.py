"""Going on with the output of an interrupted run: only with the same stack, seeds and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.decoder import CompletionError
from napari_layeredcnn.core.stack_file import StackFile, open_stack_file
from napari_layeredcnn.core.stack_seeds import StackSeeds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_layeredcnn.core.seeds import Seed

#: What settings are called, where that is not their name.
_WORDS = {
    "dtype": "pixel type",
    "digest": "content of the first labelled slice",
    "weights": "weights",
    "region_thickness": "region thickness",
}


def find_output(path: Path, *, resume: bool) -> StackFile | None:
    """Look for the output of a run that was interrupted.

    Parameters
    ----------
    path : Path
        The folder.
    resume : bool
        Whether to go on with it.

    Returns
    -------
    StackFile or None
        What there is; None if there is nothing.

    Raises
    ------
    CompletionError
        If there is something that shall not be gone on with, or cannot.
    """
    if not (path.exists() or path.is_symlink()):
        return None
    if not resume:
        raise CompletionError(
            f"{path.name} is there already; resume to go on with it, or choose another name"
        )
    return open_stack_file(path)


def check_settings(file: StackFile, settings: Mapping[str, Any]) -> None:
    """Check that an output was begun with the same stack, weights and settings.

    Parameters
    ----------
    file : StackFile
        The output.
    settings : mapping
        See `StackRun.settings`.

    Raises
    ------
    CompletionError
        If not; it names the first that differs.
    """
    for name, new in settings.items():
        old = file.settings.get(name)
        if old != new:
            raise CompletionError(
                f"{file.path.name} was begun with another {_WORDS.get(name, name)} "
                f"({_brief(old)}, now {_brief(new)}); resume with the same, or choose another name"
            )


def check_seeds_of(file: StackFile, seeds: Mapping[int, Seed] | StackSeeds) -> StackSeeds:
    """Check that an output was begun with the same seeds.

    Parameters
    ----------
    file : StackFile
        The output.
    seeds : mapping of int to Seed, or StackSeeds
        Seeds of the labelled slices, or of all.

    Returns
    -------
    StackSeeds
        The seeds of all slices, as they are stored.

    Raises
    ------
    CompletionError
        If not.
    """
    stored = file.stack_seeds()
    uncertainty = stored.uncertainty
    if isinstance(seeds, StackSeeds):
        labelled, given = seeds.labelled, dict(enumerate(seeds.seeds))
        uncertainty = seeds.uncertainty
    else:
        labelled, given = tuple(sorted(seeds)), dict(seeds)
    found = None
    if labelled != stored.labelled:
        found = f"other labelled slices ({_brief(stored.labelled)}, now {_brief(labelled)})"
    elif given[labelled[0]].region_ids != file.region_ids:
        now = given[labelled[0]].region_ids
        found = f"other regions ({_brief(file.region_ids)}, now {_brief(now)})"
    for index, seed in given.items():
        if found is None and not np.array_equal(
            seed.curves, stored.seeds[index].curves, equal_nan=True
        ):
            found = f"another seed in slice {index}"
    if found is None and not np.array_equal(uncertainty, stored.uncertainty):
        found = "seeds of another uncertainty"
    if found is not None:
        raise CompletionError(
            f"{file.path.name} was begun with {found}; resume with the same, or choose another name"
        )
    return stored


def _brief(value: Any) -> str:
    text = str(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= 40 else f"{text[:36]} ..."
