"""Words of Python that scripts are put together from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from napari_layeredcnn.plugin.planes import Plane
    from napari_layeredcnn.plugin.repeat_call import Call

WIDTH = 99


def settings_in(call: Call) -> list[str]:
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
        f"{name}={quoted(value) if isinstance(value, str) else repr(value)}"
        for name, value in given.items()
    ]


def seed_function(call: Call) -> str:
    """Return the name of the function that reads the strokes."""
    return f"seed_from_{call.choices.strokes}"


def index_of(plane: Plane) -> str:
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


def call_over_lines(
    start: str, arguments: list[str], brackets: str = "()", after: str = ""
) -> list[str]:
    """Write a call on one line if it fits there, else each argument on a line of its own."""
    line = f"{start}{brackets[0]}{', '.join(arguments)}{brackets[1]}{after}"
    if len(line) <= WIDTH - 4:
        return [line]
    return [f"{start}{brackets[0]}", *(f"    {a}," for a in arguments), f"{brackets[1]}{after}"]


def quoted(text: Path | str) -> str:
    """Write text as Python does, in double quotes."""
    return json.dumps(str(text), ensure_ascii=False)
