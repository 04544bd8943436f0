"""A completion as commands for a terminal: text only, knows no viewer."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_layeredcnn.plugin.repeat_call import Call, Slice


def as_command(call: Call) -> str:
    """Return commands for a terminal, one on a line for every slice.

    Parameters
    ----------
    call : Call
        What is completed.

    Returns
    -------
    str
        Lines that begin with ``layeredcnn segment``, quoted as this system's shell needs it.

    Raises
    ------
    ValueError
        If it takes more than the command line can say.

    Examples
    --------
    >>> from pathlib import Path
    >>> from napari_layeredcnn.plugin.choices import Choices
    >>> from napari_layeredcnn.plugin.planes import Plane
    >>> from napari_layeredcnn.plugin.repeat_call import Call, Slice
    >>> plane = Plane((None, None), 0, 1)
    >>> call = Call(
    ...     *map(Path, ("a.tif", "begun.tif", "a.layers.tif")),
    ...     (80, 100), False, (Slice(plane, plane),), Choices(direction="right"),
    ... )
    >>> as_command(call)
    'layeredcnn segment a.tif --seed begun.tif -o a.layers.tif --direction right'
    """
    join = subprocess.list2cmdline if os.name == "nt" else shlex.join
    parts = call.slices if call.stack is None else call.slices[:1]
    return "\n".join(join(_words(call, part)) for part in parts)


def _words(call: Call, part: Slice) -> list[str]:
    choices = call.choices
    number = _slice_number(call, part)
    if call.stack is not None:
        number = None
    output = call.output
    if len(call.slices) > 1 and call.stack is None:
        stem = output.name.removesuffix(".layers.tif")
        output = output.with_name(f"{stem}-slice-{number}.layers.tif")
    words = ["layeredcnn", "segment", str(call.image), "--seed", str(call.labels)]
    words += ["-o", str(output)]
    if number is not None:
        words += ["--slice", str(number)]
    if choices.strokes != "regions" and not call.drawn:
        words += ["--strokes", choices.strokes]
    if call.zero_is_region:
        words.append("--zero-is-region")
    if choices.direction != "horizontal":
        words += ["--direction", choices.direction]
    if call.around and part.center is not None:
        words += ["--center", *(repr(float(value)) for value in part.center)]
        if choices.start_angle:
            words += ["--start-angle", repr(float(choices.start_angle))]
    if choices.region_thickness is not None:
        words += ["--region-thickness", repr(float(choices.region_thickness))]
    if choices.model is not None:
        words += ["--model", choices.model]
    if choices.device != "auto":
        words += ["--device", choices.device]
    if call.stack is not None:
        words += ["--batch", str(call.stack.batch)]
        if call.stack.asked is not None:
            words += ["--slices", f"{call.stack.asked[0]}:{call.stack.asked[-1] + 1}"]
    return words


def _slice_number(call: Call, part: Slice) -> int | None:
    """Return the slice of a stack as the command line counts it; None for one image."""
    plane, ndim = part.image, len(call.shape)
    if (plane.rows, plane.columns) != (ndim - 2, ndim - 1):
        raise ValueError(
            "The viewer's axes are rolled or transposed, which no command can say: copy as Python, "
            "or put the axes back."
        )
    if not call.has_colors and ndim > 2 and call.shape[-1] in (3, 4):
        raise ValueError(
            f"The command line takes the last axis of {call.image.name}, of length "
            f"{call.shape[-1]}, for colors: copy as Python."
        )
    stacked = [axis for axis in plane.free_axes if call.shape[axis] > 1]
    if len(stacked) > 1:
        raise ValueError(
            f"{call.image.name} has {ndim} axes, and a command takes an image or one stack of "
            "slices: copy as Python."
        )
    if not stacked:
        return None
    cut = ndim - len(part.labels.index)
    if stacked[0] >= cut or not part.labels.free_axes:
        return plane.index[stacked[0]]
    raise ValueError(
        "The partial labels have slices along another axis than the image, which no command can "
        "say: copy as Python."
    )
