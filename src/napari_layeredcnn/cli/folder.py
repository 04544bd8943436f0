"""Images of a folder, the seed of each, and what its results are called."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from napari_layeredcnn.cli.begun import CURVES

_OURS = (".layers", ".curves", ".ome")  # what may stand before an ending
# Labels and results of ours are no images.
_NO_IMAGES = (".layers.tif", ".layers.tiff", ".layers.zarr", ".overlay.png", ".partial")


class Kind(StrEnum):
    """What may be written for each image."""

    TIF = "tif"
    CSV = "csv"
    NPZ = "npz"
    PNG = "png"
    ZARR = "zarr"

    def path(self, folder: Path, name: str) -> Path:
        """Return the file for an image of this name."""
        endings = {
            Kind.TIF: ".layers.tif",
            Kind.CSV: ".curves.csv",
            Kind.NPZ: ".curves.npz",
            Kind.PNG: ".overlay.png",
            Kind.ZARR: ".layers.zarr",
        }
        return folder / f"{name}{endings[self]}"


@dataclass(frozen=True)
class Begun:
    """An image of a folder and the files that may be its seed: one, if all is well."""

    image: Path
    name: str
    seeds: tuple[Path, ...]

    def seed(self, where: Path) -> Path:
        """Return the only seed.

        Raises
        ------
        ValueError
            If there is none, or more than one.
        """
        if not self.seeds:
            raise ValueError(
                f"{where} has no seed for it: partial labels {self.name}.tif or "
                f"{self.name}.layers.tif, or curves {self.name}.curves.csv."
            )
        if len(self.seeds) > 1:
            listed = ", ".join(path.name for path in self.seeds)
            raise ValueError(f"{where} has several seeds for it, {listed}: keep one.")
        return self.seeds[0]


def images_and_seeds(folder: Path, seeds: Path) -> list[Begun]:
    """List the images of a folder with their seeds.

    Parameters
    ----------
    folder : Path
        Images and stacks: TIFF, PNG, NPY and zarr. Hidden files, and labels and results of ours
        (``.layers.tif`` and others), are no images.
    seeds : Path
        A folder with a seed of the same name for each, which may be the same one; or one file
        for all.

    Returns
    -------
    list of Begun
        Sorted by name.

    Raises
    ------
    ValueError
        If there are no such folder or file, no images, or two images of one name.
    """
    from napari_layeredcnn.files import READABLE, is_zarr

    def readable(path: Path) -> bool:
        if path.name.startswith("."):
            return False
        return is_zarr(path) or (path.is_file() and path.suffix.lower() in READABLE)

    if not folder.is_dir() or is_zarr(folder):
        raise ValueError(f"{folder} is no folder of images: name one.")
    if not seeds.exists():
        raise ValueError(f"{seeds} does not exist.")
    images = sorted(
        path
        for path in folder.iterdir()
        if readable(path) and not path.name.lower().endswith(_NO_IMAGES)
    )
    if not images:
        raise ValueError(f"{folder} has no images: {', '.join(READABLE)} or zarr.")
    names: dict[str, Path] = {}
    for image in images:
        other = names.setdefault(_name(image), image)
        if other is not image:
            raise ValueError(
                f"{folder} has {other.name} and {image.name}, whose results would have one name: "
                "rename one of them."
            )
    if seeds.is_file() or is_zarr(seeds):
        return [Begun(image, name, (seeds,)) for name, image in names.items()]
    found: dict[str, list[Path]] = {}
    for path in sorted(seeds.iterdir()):
        if readable(path) or (path.is_file() and path.suffix.lower() in CURVES):
            found.setdefault(_name(path), []).append(path)
    return [
        Begun(image, name, tuple(p for p in found.get(name, ()) if not p.samefile(image)))
        for name, image in names.items()
    ]


def _name(path: Path) -> str:
    """Return what an image and its seed have in common.

    Examples
    --------
    >>> [_name(Path(f"mouse 3{e}")) for e in (".tif", ".ome.tif", ".layers.tif", ".curves.csv")]
    ['mouse 3', 'mouse 3', 'mouse 3', 'mouse 3']
    """
    stem = Path(path.stem)
    return stem.stem if stem.suffix.lower() in _OURS else stem.name
