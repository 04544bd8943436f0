"""A completion as lines of Python: text only, knows no viewer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from napari_layeredcnn import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from napari_layeredcnn.plugin.planes import Plane
    from napari_layeredcnn.plugin.repeat_call import Call, Slice

_WIDTH = 99


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
    loops = any(part.labels.free_axes or part.image.free_axes for part in call.slices)
    reads = [f"image = read_stack({_quoted(call.image)})"]
    if not call.drawn:
        reads.append(f"partial = read_label_stack({_quoted(call.labels)})")
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
            f"write_labels_file({_quoted(call.output)}, LabelsFile(labels))",
            "",
        ]
    )


def _imports(call: Call, loops: bool) -> list[str]:
    names = ["complete_around"] if call.around else ["complete"]
    if not (call.around or call.drawn):
        names.append(_seed_function(call))
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
        item = [_index(part.image)]
        item += [] if same_planes else [_index(part.labels)]
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
        *_call(f"for {', '.join(names)} in ", items, "[]", after=":"),
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
        arguments = [image, partial, f"center={center}", *_settings(call)]
        lines += _call("completion = complete_around", arguments)
    else:
        if call.drawn:
            # The slices of such a file are those of an image that lies as it is.
            number = [f"slice_index={image_at.strip('[]')}"] if image_at else []
            along = ["transposed=True"] if transposed else []
            arguments = [_quoted(call.labels), f"{image}.shape", *number, *along]
            lines += _call("seed = seed_from_curve_file", arguments)
        else:
            drawn = f"partial{labels_at}{'.T' if turned != transposed else ''}"
            zero = ["zero_is_region=True"] if call.zero_is_region else []
            lines += _call(f"seed = {_seed_function(call)}", [drawn, *zero])
        lines += _call("completion = complete", [image, "seed", *_settings(call)])
    done = "completion.labels()"
    if call.choices.into_partial:
        done = f"np.where({partial} == 0, {done}, {partial})"
    done += ".T" if turned else ""
    return [*lines, f"labels{labels_at} = {done}"]


def _settings(call: Call) -> list[str]:
    """Return the arguments that are not as they are by default."""
    choices = call.choices
    given: dict[str, str | float | bool] = {}
    if call.around:
        if choices.start_angle:
            given["start_angle"] = float(choices.start_angle)
        if choices.strokes != "regions":
            given["strokes"] = choices.strokes
        if call.zero_is_region:
            given["zero_is_region"] = True
    elif choices.direction != "horizontal":
        given["direction"] = choices.direction
    if choices.model is not None:
        given["model"] = choices.model
    if choices.device != "auto":
        given["device"] = choices.device
    if choices.region_thickness is not None:
        given["region_thickness"] = float(choices.region_thickness)
    return [
        f"{name}={_quoted(value) if isinstance(value, str) else repr(value)}"
        for name, value in given.items()
    ]


def _seed_function(call: Call) -> str:
    return f"seed_from_{call.choices.strokes}"


def _index(plane: Plane) -> str:
    """Return what stands between the brackets of an array, as a value of Python."""
    numbers = list(plane.index)
    while numbers and numbers[-1] is None:
        numbers.pop()
    if not numbers:
        return "..."
    if None in numbers:
        return f"np.s_[{', '.join(':' if i is None else str(i) for i in numbers)}]"
    if len(numbers) == 1:
        return str(numbers[0])
    return f"({', '.join(map(str, numbers))})"


def _center(call: Call) -> str:
    return _pair(call.slices[0].center)


def _pair(center: tuple[float, float] | None) -> str:
    return "None" if center is None else f"({float(center[0])!r}, {float(center[1])!r})"


def _call(start: str, arguments: list[str], brackets: str = "()", after: str = "") -> list[str]:
    """Write a call on one line if it fits there, else each argument on a line of its own."""
    line = f"{start}{brackets[0]}{', '.join(arguments)}{brackets[1]}{after}"
    if len(line) <= _WIDTH - 4:
        return [line]
    return [f"{start}{brackets[0]}", *(f"    {a}," for a in arguments), f"{brackets[1]}{after}"]


def _quoted(text: Path | str) -> str:
    """Write text as Python does, in double quotes."""
    return json.dumps(str(text), ensure_ascii=False)
