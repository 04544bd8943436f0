"""One image, or one slice of a stack: read, completed, written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_layeredcnn.cli.begun import read_seed, read_seed_around
from napari_layeredcnn.cli.console import with_progress
from napari_layeredcnn.cli.outputs import write_closed_outputs, write_outputs
from napari_layeredcnn.cli.settings import Done

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_layeredcnn.cli.settings import Settings
    from napari_layeredcnn.core.around import PolarCompletion
    from napari_layeredcnn.core.completion import Completion
    from napari_layeredcnn.core.seeds import Seed


def segment_image(
    image: Path,
    outputs: Sequence[Path],
    settings: Settings,
    *,
    slice_index: int | None = None,
    doing: str,
) -> Done:
    """Complete an image, and write what comes out."""
    from napari_layeredcnn.core.around import iter_complete_around
    from napari_layeredcnn.core.completion import iter_complete
    from napari_layeredcnn.files import read_image

    file = read_image(image, slice_index)
    thorough = not settings.quick
    if settings.center is None:
        seed = read_seed(settings, file, slice_index)
        steps = iter_complete(
            file.array, seed, direction=settings.way, thorough=thorough, **settings.options
        )
        completion = with_progress(steps, doing)
        write_outputs(outputs, file, seed, completion)
        return _done(completion, "rows" if completion.transposed else "columns", seed)
    rays = read_seed_around(settings, file, slice_index, settings.center)
    turn = iter_complete_around(file.array, rays, thorough=thorough, **settings.options)
    closed = with_progress(turn, doing, "rays")
    write_closed_outputs(outputs, file, rays, closed)
    return _done(closed, "rays", rays.seed)


def _done(completion: Completion | PolarCompletion, along: str, seed: Seed) -> Done:
    k, n = completion.curves.shape
    summary = (
        f"Completed {k} curve{'s' * (k > 1)} over {n} {along} from {len(seed.columns)} labelled "
        f"({completion.model_name})."
    )
    notes = tuple(f"Note: {note}." for note in completion.notes)
    return Done(1, k, _mean(completion.uncertainty), summary, notes)


def _mean(uncertainty: NDArray[np.float32]) -> float:
    """Return the mean over what was reached."""
    reached = uncertainty[uncertainty == uncertainty]
    return float(reached.mean()) if reached.size else float("nan")
