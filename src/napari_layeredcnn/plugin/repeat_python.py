"""A completion as lines of Python: text only, knows no viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_layeredcnn import __version__
from napari_layeredcnn.plugin.repeat_stack import stack_as_python
from napari_layeredcnn.plugin.repeat_words import (
    call_over_lines,
    index_of,
    quoted,
    seed_function,
    settings_in,
)

if TYPE_CHECKING:
    from napari_layeredcnn.plugin.repeat_call import Call, Slice


def as_python(call: Call) -> str:
    """Return a script that completes the slices and writes the labels to a file.

    Parameters
    ----------
    call : Call
        What is completed.

    Returns
    -------
    str
        The script; it leaves ``labels``, an array of the partial labels' shape that is 0 in the
        slices that were not completed.

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
    >>> print(as_python(call).split("write_labels_file", 1)[1])
    <BLANKLINE>
    image = read_stack("a.tif")
    partial = read_label_stack("begun.tif")
    seed = seed_from_regions(partial)
    completion = complete(image, seed, direction="right")
    labels = completion.labels()
    write_labels_file("a.layers.tif", LabelsFile(labels))
    <BLANKLINE>
    """
    if call.stack is not None:
        return stack_as_python(call)
    loops = any(part.labels.free_axes or part.image.free_axes for part in call.slices)
    reads = [f"image = read_stack({quoted(call.image)})"]
    if not call.drawn:
        reads.append(f"partial = read_label_stack({quoted(call.labels)})")
    body = _looped(call) if loops else _body(call, call.slices[0], "", "", _center(call))
    return "\n".join(
        [
            f'"""What the dock of napari-layeredcnn {__version__} did, as a script."""',
            "",
            *_imports(call, loops),
            "",
            *reads,
            *([""] if loops else []),
            *body,
            *([""] if loops else []),
            f"write_labels_file({quoted(call.output)}, LabelsFile(labels))",
            "",
        ]
    )


def _imports(call: Call, loops: bool) -> list[str]:
    names = ["complete_around"] if call.around else ["complete"]
    if not (call.around or call.drawn):
        names.append(seed_function(call))
    files = ["LabelsFile", "read_stack", "write_labels_file"]
    files.append("seed_from_curve_file" if call.drawn else "read_label_stack")
    lines = [
        f"from napari_layeredcnn import {', '.join(names)}",
        f"from napari_layeredcnn.files import {', '.join(sorted(files))}",
    ]
    uses_numpy = loops or call.choices.into_partial
    return ["import numpy as np", "", *lines] if uses_numpy else lines


def _looped(call: Call) -> list[str]:
    """Loop over the slices; what differs from slice to slice stands at the top."""
    first = call.slices[0]
    same_planes = all(part.image == part.labels for part in call.slices)
    same_center = all(part.center == first.center for part in call.slices)
    names = ["plane"] if same_planes else ["plane", "own_plane"]
    names += [] if same_center else ["center"]
    items = []
    for part in call.slices:
        item = [index_of(part.image)]
        item += [] if same_planes else [index_of(part.labels)]
        item += [] if same_center else [_pair(part.center)]
        items.append(item[0] if len(item) == 1 else f"({', '.join(item)})")
    if call.choices.into_partial:
        start = "labels = partial.copy()"
    elif call.drawn:
        start = f"labels = np.zeros({call.shape}, np.uint8)"
    else:
        start = "labels = np.zeros_like(partial)"
    own = "[plane]" if same_planes else "[own_plane]"
    center = _center(call) if same_center else "center"
    return [
        start,
        *call_over_lines(f"for {', '.join(names)} in ", items, "[]", after=":"),
        *(f"    {line}" for line in _body(call, first, "[plane]", own, center)),
    ]


def _body(call: Call, part: Slice, image_at: str, labels_at: str, center: str) -> list[str]:
    """Complete one slice; `image_at` and `labels_at` index the arrays, if need be."""
    turned = part.image.rows > part.image.columns
    swap = ".swapaxes(0, 1)" if turned else ""
    image = f"image{image_at}{swap}"
    partial = f"partial{labels_at}{swap}"
    transposed = call.choices.transposed
    lines = []
    if call.around:
        arguments = [image, partial, f"center={center}", *settings_in(call)]
        lines += call_over_lines("completion = complete_around", arguments)
    else:
        if call.drawn:
            # The slices of such a file are those of an image that lies as it is.
            number = [f"slice_index={image_at.strip('[]')}"] if image_at else []
            along = ["transposed=True"] if transposed else []
            arguments = [quoted(call.labels), f"{image}.shape", *number, *along]
            lines += call_over_lines("seed = seed_from_curve_file", arguments)
        else:
            drawn = f"partial{labels_at}{'.T' if turned != transposed else ''}"
            zero = ["zero_is_region=True"] if call.zero_is_region else []
            lines += call_over_lines(f"seed = {seed_function(call)}", [drawn, *zero])
        lines += call_over_lines("completion = complete", [image, "seed", *settings_in(call)])
    done = "completion.labels()"
    if call.choices.into_partial:
        done = f"np.where({partial} == 0, {done}, {partial})"
    done += ".T" if turned else ""
    return [*lines, f"labels{labels_at} = {done}"]


def _center(call: Call) -> str:
    return _pair(call.slices[0].center)


def _pair(center: tuple[float, float] | None) -> str:
    return "None" if center is None else f"({float(center[0])!r}, {float(center[1])!r})"
