"""Maps of thickness or height as TIFF files of numbers, or as pictures with a color bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tifffile

from napari_layeredcnn.core.measure_segmentation import PIXELS, WORLD
from napari_layeredcnn.files.common import FileError, checked_ending, replacing
from napari_layeredcnn.files.resolution import fraction

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from napari_layeredcnn.core.measure_maps import Map

MAP_ENDINGS = (".tif", ".tiff", ".png")
_NO_LENGTH = (PIXELS, WORLD)
_MICROMETERS = ("um", "µm", "μm", "micrometer")
_SHARE = (1, 99)  # percentiles that the colors end at
_FLATTEST = 6  # a map with longer sides than so many short ones is stretched


def write_map(path: str | os.PathLike[str], map_: Map) -> None:
    """Write a map as numbers (``.tif``) or as a picture with axes and a color bar (``.png``).

    Parameters
    ----------
    path : path
        The file to write, ending in ``.tif``, ``.tiff`` or ``.png``; an existing file is replaced.
    map_ : Map
        The map. In a TIFF, its numbers are kept as they are, NaN for nothing, with the size of a
        pixel as ImageJ writes it, and its name and unit in ImageJ's notes.

    Raises
    ------
    FileError
        If the ending is another, or a picture of nothing is asked for.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from napari_layeredcnn.core.measure_maps import height_map
    >>> from napari_layeredcnn.core.measure_segmentation import Segmentation
    >>> found = height_map(Segmentation([[[2, 2.5]], [[3, 3.5]]], scale=(9, 3, 3), unit="mm"), 0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_map(Path(folder, "map.tif"), found)
    ...     with tifffile.TiffFile(Path(folder, "map.tif")) as file:
    ...         print(file.asarray().tolist(), file.imagej_metadata["Info"])
    [[6.0, 7.5], [9.0, 10.5]] height of Region 1 / Region 2 (mm), z by x, first slice 0
    """
    path = checked_ending(path, MAP_ENDINGS, "a map")
    if path.suffix.lower() == ".png":
        _write_picture(path, map_)
        return
    notes = {
        "unit": _imagej_unit(map_.unit),
        "Info": f"{map_.name} ({map_.unit}), {map_.axes[0]} by {map_.axes[1]}, first slice "
        f"{map_.first_slice}",
    }
    z, x = map_.scale
    with replacing(path) as temporary:
        tifffile.imwrite(
            temporary,
            map_.values,
            imagej=True,
            resolution=(fraction(1 / x), fraction(1 / z)),
            metadata=notes,
        )


def _imagej_unit(unit: str) -> str:
    if unit in _NO_LENGTH or not unit.isascii():
        return "micron" if unit in _MICROMETERS else "pixel"
    return "micron" if unit in _MICROMETERS else unit


def _write_picture(path: Path, map_: Map) -> None:
    from matplotlib.figure import Figure  # no pyplot: no global state

    known = map_.values[np.isfinite(map_.values)]
    if not known.size:
        raise FileError(f"{path} would be a picture of nothing: the {map_.name} is nowhere known.")
    low, high = np.percentile(known, _SHARE)
    beyond = (known.min() < low, known.max() > high)
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max"}
    rows, columns = map_.values.shape
    z, x = map_.scale
    wide, tall = columns * x, rows * z
    stretched = not 1 / _FLATTEST < tall / wide < _FLATTEST
    inches = 5.0 if stretched else min(max(6 * tall / wide + 1.2, 2.5), 9)
    figure = Figure(figsize=(8, inches), layout="constrained")
    axes = figure.subplots()
    axes.set_facecolor("0.85")  # where nothing is known
    image = axes.imshow(
        map_.values,
        extent=(0, wide, tall, 0),
        vmin=low,
        vmax=high,
        cmap="viridis",
        interpolation="nearest",
        aspect="auto" if stretched else "equal",
    )
    axes.set(xlabel=f"{map_.axes[1]} ({map_.unit})", ylabel=f"{map_.axes[0]} ({map_.unit})")
    figure.colorbar(image, label=f"{map_.name} ({map_.unit})", extend=extend.get(beyond, "both"))
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=150)
