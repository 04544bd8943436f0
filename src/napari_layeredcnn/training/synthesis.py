"""Synthetic layered images: curves, a look for every region, boundaries, disturbances.

`synthesize` draws more curves than it labels, so that not everything that looks like a boundary
is one to follow ([1]_, section 3.2), and labels those that can be seen. All arrays are float32.

.. [1] Christensen et al., "LayeredCNN: Segmenting Layers with Autoregressive Models", 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.core.scaling import scale_intensities
from napari_layeredcnn.training.augment import n_dropped
from napari_layeredcnn.training.composition import LOOK_SHARES, LOOKS, compose
from napari_layeredcnn.training.curve_synthesis import evenly_spaced_curves, random_curves
from napari_layeredcnn.training.disturbances import disturb, expose
from napari_layeredcnn.training.visibility import VISIBLE, visibility
from napari_layeredcnn.training.walks import stacked_walks

#: Share of the images whose boundaries may be as faint as they happen to be, beside all of those
#: with a texture for every region.
_AS_IT_COMES = 0.15
#: Share of the images with a texture for every region that have noise, shadows and the like.
_DISTURBED_TEXTURES = 0.45
#: Images are drawn until enough of their boundaries are visible, so many times at most.
_ATTEMPTS = 5

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_layeredcnn.training.textures import TextureBank


@dataclass(frozen=True)
class SyntheticImage:
    """An image and the curves to find in it.

    Attributes
    ----------
    image : array, shape (H, W), float32
        Intensities from 0 to 1.
    curves : array, shape (K, W), float32
        Labelled curves in edge coordinates, ordered, within 0 and H.
    """

    image: NDArray[np.float32]
    curves: NDArray[np.float32]


def synthesize(
    rng: np.random.Generator,
    *,
    height: int,
    width: int,
    n_curves: int,
    bank: TextureBank,
    look: str | None = None,
) -> SyntheticImage:
    """Make one synthetic image.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness: the same state and the same bank's folder give the same image.
    height, width : int
        Size in pixels, at least 16 each.
    n_curves : int
        Labelled curves; the image holds these and the dropped ones.
    bank : TextureBank
        Where textures come from.
    look : str, optional
        One of `composition.LOOKS`; "textures" is what the paper makes. Default: drawn.

    Returns
    -------
    SyntheticImage
        Image and labelled curves.

    Raises
    ------
    ValueError
        If the size or the number of curves is too small, or there is no such look.

    Examples
    --------
    >>> from napari_layeredcnn.training.textures import TextureBank
    >>> made = synthesize(
    ...     np.random.default_rng(0), height=32, width=64, n_curves=2, bank=TextureBank()
    ... )
    >>> made.image.shape, made.curves.shape
    ((32, 64), (2, 64))
    """
    if n_curves < 1 or height < 16 or width < 16:
        raise ValueError(
            "n_curves must be at least 1, height and width at least 16; "
            f"found {n_curves}, {height} and {width}."
        )
    if look is not None and look not in LOOKS:
        raise ValueError(f"look must be one of {', '.join(LOOKS)}; found {look!r}.")
    drawn = str(rng.choice(LOOKS, p=LOOK_SHARES))
    look = drawn if look is None else look
    # Some images are taken as they come: a boundary that is hard to see is not to be skipped.
    attempts = 1 if look == "textures" or rng.random() < _AS_IT_COMES else _ATTEMPTS
    for attempt in range(attempts):
        image, curves = _draw(rng, height, width, n_curves, bank, look)
        seen = visibility(scale_intensities(image), curves) >= VISIBLE
        if attempts == 1 or attempt == attempts - 1:
            seen[:] = True
        if seen.sum() >= n_curves:
            break
    labelled = np.sort(rng.permutation(np.flatnonzero(seen))[:n_curves])
    return SyntheticImage(image, curves[labelled])


def _draw(
    rng: np.random.Generator, height: int, width: int, n_curves: int, bank: TextureBank, look: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw an image with these curves and some more."""
    # Not more curves than there is room for; a boundary every 4 px is the limit.
    spare = max(0, height // 4 - n_curves)
    total = n_curves + min(n_dropped(rng, n_curves), spare)
    draw = random_curves
    if look == "textures":
        draw = stacked_walks
    elif look == "rows" and rng.random() < 0.8:
        draw = evenly_spaced_curves  # rows of marks look right only on lines as in a text
    curves = draw(rng, total, height, width)
    image = compose(rng, curves, height, bank, look)
    if look != "textures" or rng.random() < _DISTURBED_TEXTURES:
        image = disturb(rng, image, curves, bank)
    return expose(rng, image), curves


def synthesize_batch(
    rng: np.random.Generator,
    size: int,
    *,
    height: int,
    width: int,
    n_curves: int,
    bank: TextureBank,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Make a batch of synthetic images with one number of curves.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    size : int
        Images in the batch.
    height, width, n_curves, bank
        As for `synthesize`.

    Returns
    -------
    images : array, shape (B, H, W), float32
        Intensities from 0 to 1.
    curves : array, shape (B, K, W), float32
        Labelled curves in edge coordinates.

    Examples
    --------
    >>> from napari_layeredcnn.training.textures import TextureBank
    >>> images, curves = synthesize_batch(
    ...     np.random.default_rng(0), 2, height=32, width=64, n_curves=1, bank=TextureBank()
    ... )
    >>> images.shape, curves.shape
    ((2, 32, 64), (2, 1, 64))
    """
    images = np.empty((size, height, width), np.float32)
    curves = np.empty((size, n_curves, width), np.float32)
    for index in range(size):
        made = synthesize(rng, height=height, width=width, n_curves=n_curves, bank=bank)
        images[index] = made.image
        curves[index] = made.curves
    return images, curves
