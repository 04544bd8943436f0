"""The completion of a stack from labelled slices as lines of Python: text only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_layeredcnn import __version__
from napari_layeredcnn.plugin.repeat_words import (
    WIDTH,
    call_over_lines,
    quoted,
    seed_function,
    settings_in,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_layeredcnn.plugin.planes import Plane
    from napari_layeredcnn.plugin.repeat_call import Call


def stack_as_python(call: Call) -> str:
    """Return a script that completes a stack and writes the labels to a file.

    Parameters
    ----------
    call : Call
        What is completed; it has a `stack`.

    Returns
    -------
    str
        The script; it leaves ``labels``, an array of the partial labels' shape.

    Examples
    --------
    >>> from pathlib import Path
    >>> from napari_layeredcnn.plugin.choices import Choices
    >>> from napari_layeredcnn.plugin.planes import Plane
    >>> from napari_layeredcnn.plugin.repeat_call import Call, Slice, StackCall
    >>> plane = Plane((0, None, None), 1, 2)
    >>> call = Call(
    ...     *map(Path, ("a.tif", "begun.tif", "a.layers.tif")),
    ...     (24, 80, 100), False, (Slice(plane, plane),), Choices(slices="stack"),
    ...     StackCall(0, (11,), None, 8),
    ... )
    >>> print(stack_as_python(call).split("write_labels_file", 1)[1])
    <BLANKLINE>
    stack = read_stack("a.tif")
    partial = read_label_stack("begun.tif")
    <BLANKLINE>
    seeds = {i: seed_from_regions(partial[i]) for i in [11]}
    completion = complete_stack(stack, seeds, batch=8)
    labels = completion.labels()
    write_labels_file("a.layers.tif", LabelsFile(labels))
    <BLANKLINE>
    """
    stack, part = call.stack, call.slices[0]
    assert stack is not None
    image_at = _view(part.image, stack.axis, 1 if call.has_colors else 0)
    own = stack.axis - (len(part.image.index) - len(part.labels.index))
    labels_at = _view(part.labels, own)
    reads = [f"{'image' if image_at else 'stack'} = read_stack({quoted(call.image)})"]
    if not call.drawn:
        reads.append(f"partial = read_label_stack({quoted(call.labels)})")
    if image_at:
        reads.append(f"stack = image{image_at}")
    arguments = ["stack", "seeds", *settings_in(call), f"batch={stack.batch}"]
    if stack.asked is not None:
        arguments.append(f"slices={_numbers(stack.asked)}")
    body = [
        *_seeds(_seed(call, labels_at), _numbers(stack.labelled)),
        *call_over_lines("completion = complete_stack", arguments),
    ]
    if labels_at:
        body += [
            f"labels = {_nothing(call)}",
            f"labels{labels_at}[...] = completion.labels()",
        ]
    else:
        body.append("labels = completion.labels()")
    return "\n".join(
        [
            f'"""What the dock of napari-layeredcnn {__version__} did, as a script."""',
            "",
            *_imports(call, bool(labels_at)),
            "",
            *reads,
            "",
            *body,
            f"write_labels_file({quoted(call.output)}, LabelsFile(labels))",
            "",
        ]
    )


def _imports(call: Call, uses_numpy: bool) -> list[str]:
    names = ["complete_stack", *([] if call.drawn else [seed_function(call)])]
    files = ["LabelsFile", "read_stack", "write_labels_file"]
    files.append("seed_from_curve_file" if call.drawn else "read_label_stack")
    lines = [
        f"from napari_layeredcnn import {', '.join(names)}",
        f"from napari_layeredcnn.files import {', '.join(sorted(files))}",
    ]
    return ["import numpy as np", "", *lines] if uses_numpy else lines


def _nothing(call: Call) -> str:
    return f"np.zeros({call.shape}, np.uint8)" if call.drawn else "np.zeros_like(partial)"


def _seed(call: Call, labels_at: str) -> str:
    """Read the seed of slice i."""
    if call.drawn:
        turned = ", transposed=True" if call.choices.transposed else ""
        return f"seed_from_curve_file({quoted(call.labels)}, stack[i].shape, slice_index=i{turned})"
    zero = ", zero_is_region=True" if call.zero_is_region else ""
    turned = ".T" if call.choices.transposed else ""
    return f"{seed_function(call)}(partial{labels_at}[i]{turned}{zero})"


def _seeds(read: str, numbers: str) -> list[str]:
    """Read the seeds of the labelled slices, on one line if it fits there."""
    line = f"seeds = {{i: {read} for i in {numbers}}}"
    if len(line) <= WIDTH:
        return [line]
    return ["seeds = {", f"    i: {read}", f"    for i in {numbers}", "}"]


def _view(plane: Plane, axis: int, n_colors: int = 0) -> str:
    """Return what makes a stack (slices, rows, columns) of an array; nothing if it is one."""
    axes = (axis, plane.rows, plane.columns)
    n = len(plane.index)
    text = ""
    fixed = [i for i in range(n) if i not in axes]
    if fixed:
        places = [":" if i in axes else str(plane.index[i]) for i in range(fixed[-1] + 1)]
        text += f"[{', '.join(places)}]"
    order = [sorted(axes).index(i) for i in axes]
    if order != [0, 1, 2]:
        text += f".transpose({', '.join(map(str, [*order, *range(3, 3 + n_colors)]))})"
    return text


def _numbers(numbers: Sequence[int]) -> str:
    """Return numbers as a list, or as a range if they follow each other."""
    first, last = numbers[0], numbers[-1]
    if len(numbers) > 2 and list(numbers) == list(range(first, last + 1)):
        return f"range({first}, {last + 1})"
    return str(list(numbers))
