"""What is to be searched for layers: choices and arrays, checked before anything starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari_layeredcnn.plugin.planes import RequestError, shape_of, shown_plane, slider_axis

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_layeredcnn.plugin.planes import Plane

FindIn = Literal["shown", "clearest", "every"]


@dataclass(frozen=True)
class FindChoices:
    """Everything in the "Find Layers" dock that is not a viewer layer.

    Parameters
    ----------
    slices : {"shown", "clearest", "every"}
        The slice that the viewer shows; the clearest one of the stack; every so many slices.
    every : int
        How many.
    direction : {"horizontal", "vertical"}
        Which way the layers run.
    n_boundaries : int or None
        How many boundaries there are; None leaves it to what they cost.
    region_thickness, model, device
        See `Choices`.
    """

    slices: FindIn = "shown"
    every: int = 10
    direction: Literal["horizontal", "vertical"] = "horizontal"
    n_boundaries: int | None = None
    region_thickness: float | None = None
    model: str | None = None
    device: str = "auto"


@dataclass(frozen=True, eq=False)
class FindRequest:
    """An image to search, and how.

    Parameters
    ----------
    image : array
        The image layer's whole data, read by the worker only.
    plane : Plane
        The slice that the viewer shows.
    axis : int or None
        The axis of the slices, if more than the one that is shown are looked at.
    choices : FindChoices
        How.
    """

    image: Any
    plane: Plane
    axis: int | None
    choices: FindChoices


def find_request(viewer: ViewerModel, image: Image | None, choices: FindChoices) -> FindRequest:
    """Check what is chosen and gather what a search needs.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    image : napari.layers.Image or None
        The image; None if there is none.
    choices : FindChoices
        The rest.

    Returns
    -------
    FindRequest
        Ready for a worker.

    Raises
    ------
    RequestError
        If there is no image, or the viewer does not show the rows and columns of one slice.
    """
    if image is None:
        raise RequestError("There is no image layer: open an image first.")
    plane = shown_plane(viewer, image)
    axis = None if choices.slices == "shown" else slider_axis(viewer, plane)
    if axis is not None and shape_of(image)[axis] < 2:
        axis = None
    return FindRequest(image.data[0] if image.multiscale else image.data, plane, axis, choices)
