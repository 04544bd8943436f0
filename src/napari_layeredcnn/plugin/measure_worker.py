"""Measuring in a worker thread; it always ends with an outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_layeredcnn.core.measure import measure
from napari_layeredcnn.core.measure_compare import compare
from napari_layeredcnn.files.tables import write_table
from napari_layeredcnn.plugin.measure_curves import CurveSource
from napari_layeredcnn.plugin.measure_profiles import measure_profiles
from napari_layeredcnn.plugin.measure_source import read_source
from napari_layeredcnn.plugin.reports import EXPECTED, count, told, turned
from napari_layeredcnn.plugin.stack_view import Stopped

if TYPE_CHECKING:
    from threading import Event

    from napari_layeredcnn.core.measure_rows import Measured
    from napari_layeredcnn.core.measure_segmentation import Segmentation
    from napari_layeredcnn.plugin.measure_profiles import MeasureProfiles
    from napari_layeredcnn.plugin.measure_request import MeasureRequest

#: What the library says of its argument, and what the dock calls it.
_WORDS = (
    (
        "complete the labels first, or say with `transposed` that regions follow each other "
        "sideways",
        "complete the labels first, or choose the other way that the layers run",
    ),
    ("correct the labels, or complete them first", "correct the labels; rings are not measured"),
    (
        "measure a label image, or do without the border regions",
        'measure labels, or untick "first and last, too" under Advanced',
    ),
    (
        'save the curves layer of a run "Around a center"',
        "delete it, and draw a path from one side to the other",
    ),
)


class HowFar:
    """What a worker is doing, as a sentence; the dock looks at it now and then."""

    def __init__(self) -> None:
        self.text = "Starting"

    def tell(self, text: str) -> None:
        """Say something else."""
        self.text = text


@dataclass(frozen=True, eq=False)
class MeasureResult:
    """What was measured.

    `rows` are of the layer itself, `compared` of its differences from the other one.
    """

    request: MeasureRequest
    segmentation: Segmentation
    rows: tuple[Measured, ...]
    compared: tuple[Measured, ...]
    profiles: MeasureProfiles

    def named_rows(self) -> list[tuple[str, Measured]]:
        """Return all rows for `write_table`, in the order of the command line."""
        name = self.request.source.name
        return [(name, row) for row in (*self.rows, *self.compared)]


@dataclass(frozen=True, eq=False)
class MeasureOutcome:
    """How measuring number `run` ended: with a sentence, and a result if there is one."""

    run: int
    message: str = ""
    result: MeasureResult | None = None
    canceled: bool = False


def measure_layers(
    request: MeasureRequest, run: int, cancel: Event, how_far: HowFar
) -> MeasureOutcome:
    """Read labels or curves and measure them.

    Parameters
    ----------
    request : MeasureRequest
        What, and how.
    run : int
        Number that the outcome carries.
    cancel : Event
        Set to stop before the next slice or step.
    how_far : HowFar
        Told what is done.

    Returns
    -------
    MeasureOutcome
        How it ended.
    """
    try:
        result = _measure(request, cancel, how_far)
        return MeasureOutcome(run, _summary(result), result)
    except Stopped:
        return MeasureOutcome(run, canceled=True)
    except EXPECTED as error:
        return MeasureOutcome(run, _told(error, request))


def save_table(path: str, result: MeasureResult) -> str:
    """Write a table as the command line does, and say how that went."""
    try:
        write_table(path, result.named_rows())
    except EXPECTED as error:
        return told(error)
    return f"Wrote {path}"


def _measure(request: MeasureRequest, cancel: Event, how_far: HowFar) -> MeasureResult:
    choices, rois = request.choices, request.regions_of_interest
    one = read_source(request.source, request, cancel, how_far.tell)
    other = None
    if request.other is not None:
        other = read_source(request.other, request, cancel, how_far.tell)
    _next("Measuring", cancel, how_far)
    options: dict[str, Any] = {
        "perpendicular": choices.perpendicular,
        "to_border": choices.to_border,
        # Labels that turn out to be painted all over are exact.
        "max_uncertainty": None if one.uncertainty is None else choices.max_uncertainty,
        "correlation_length": choices.correlation_length,
    }
    rows = measure(one, regions_of_interest=rois, detrend=choices.detrend, **options)
    compared: list[Measured] = []
    if other is not None:
        _next("Comparing", cancel, how_far)
        compared = compare(one, other, regions_of_interest=rois)
    _next("Plotting", cancel, how_far)
    profiles = measure_profiles(one, request.layer, request.plane, request.axis, **options)
    if cancel.is_set():
        raise Stopped
    return MeasureResult(
        request, one, _numbered(rows, request), _numbered(compared, request), profiles
    )


def _next(text: str, cancel: Event, how_far: HowFar) -> None:
    if cancel.is_set():
        raise Stopped
    how_far.tell(text)


def _numbered(rows: list[Measured], request: MeasureRequest) -> tuple[Measured, ...]:
    """Let the rows of a single slice say which one it is."""
    if request.number is None:
        return tuple(rows)
    return tuple(row._replace(slice=request.number) for row in rows)


def _summary(result: MeasureResult) -> str:
    one, request = result.segmentation, result.request
    n = len(one.curve_names)
    regions = n + (one.height is not None)  # else nothing is known of the last one
    text = f"Measured {count(regions, 'region')} and {n} {'boundaries' if n > 1 else 'boundary'}"
    if request.axis is not None:
        text += f" in {count(len(one.stack), 'slice')}"
    if isinstance(request.source, CurveSource):
        text += ", from curves"
    elif one.uncertainty is None:
        text += ", from the pixels of the labels"
    else:
        text += ", from the curves of the run"
    if request.regions_of_interest:
        text += f", in {count(len(request.regions_of_interest), 'region')} of interest"
    if one.uncertainty is None and request.choices.max_uncertainty is not None:
        text += "; no column was left out, as their uncertainty is not known"
    return f"{text}."


def _told(error: Exception, request: MeasureRequest) -> str:
    """Say what went wrong in the words of the dock."""
    text = told(error)
    if request.choices.transposed and type(error) is ValueError:
        text = turned(text)
    for words, ours in _WORDS:
        text = text.replace(words, ours)
    return text
