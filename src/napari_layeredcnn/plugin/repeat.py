"""What the dock would do now, put on the clipboard as lines of Python or as commands.

A script reads files, so partial labels that are in memory only are written to one first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from qtpy.QtWidgets import QApplication

from napari_layeredcnn.files.labels_file import LABELS_ENDINGS
from napari_layeredcnn.plugin.planes import shape_of
from napari_layeredcnn.plugin.repeat_call import Call, Slice, StackCall
from napari_layeredcnn.plugin.repeat_command import as_command
from napari_layeredcnn.plugin.repeat_files import (
    CURVES_ENDING,
    ask_for_file,
    check_drawn,
    file_of_partial,
    free_name,
    image_file,
    save_partial,
    written_before,
)
from napari_layeredcnn.plugin.repeat_python import as_python

if TYPE_CHECKING:
    from pathlib import Path

    from qtpy.QtWidgets import QWidget

    from napari_layeredcnn.plugin.layer_checks import Chosen
    from napari_layeredcnn.plugin.request import Request

NOTHING = "Nothing was copied."


def copy_as(
    kind: Literal["python", "command"], chosen: Chosen, request: Request, parent: QWidget | None
) -> str:
    """Put a script or commands that do what a request asks for on the clipboard.

    Parameters
    ----------
    kind : {"python", "command"}
        Which.
    chosen : Chosen
        The viewer layers that the request was made from.
    request : Request
        What is to be completed. Its labels are the person's own, also where an earlier run has
        filled the same layer.
    parent : QWidget or None
        Where the file dialog belongs, if one is needed.

    Returns
    -------
    str
        What to tell the person.

    Raises
    ------
    ValueError
        If it cannot be said as text; the message is a sentence.
    """
    image, labels = chosen.image, chosen.labels
    assert image is not None
    assert labels is not None
    file = image_file(image)
    drawn = request.labelled[0].paths is not None
    if drawn:
        check_drawn(request, labels)
    output = free_name(file, ".completed.layers.tif")
    slices = tuple(Slice(part.plane, part.frame, part.center) for part in request.slices)
    suggested = written_before(labels) or free_name(
        file, f".partial{CURVES_ENDING if drawn else LABELS_ENDINGS[0]}"
    )
    call = Call(
        file,
        suggested,
        output,
        shape_of(image),
        image.rgb,
        slices,
        request.choices,
        _stack(request),
    )
    say = as_python if kind == "python" else as_command
    say(call)  # What cannot be said is told before a file is asked for.
    partial = file_of_partial(labels, request, drawn)
    if partial is None:
        partial = ask_for_file(parent, suggested, drawn)
        if partial is None:
            return NOTHING
        if partial.resolve() == file.resolve():
            raise ValueError(f"{file} is the image: choose another name for the labels.")
        save_partial(partial, labels, request)
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    clipboard.setText(say(replace(call, labels=partial)))
    return _told(kind, partial, output, request)


def _stack(request: Request) -> StackCall | None:
    stack = request.stack
    if stack is None:
        return None
    labelled, asked = (
        tuple(part.number for part in parts if part.number is not None)
        for parts in (stack.labelled, request.slices)
    )
    return StackCall(stack.axis, labelled, asked if stack.part_of else None, stack.batch)


def _told(kind: str, partial: Path, output: Path, request: Request) -> str:
    count = len(request.slices) if request.stack is None else 1
    if kind == "python":
        text = f"Copied as Python. The script reads {partial.name} and writes {output.name}."
    else:
        commands = f"{count} commands" if count > 1 else "a command"
        text = f"Copied as {commands}, which {'read' if count > 1 else 'reads'} {partial.name}."
        if request.choices.into_partial:
            text += " A command writes a file of its own, not into the partial labels."
    if request.stack is not None:
        text += " All slices are computed in one go, also those that were mended."
    if any(part.locked.any() and part.earlier.runs for part in request.slices):
        text += " Locked columns are left out: they are computed anew."
    return text
