"""Training on synthetic images: textures, curves, composition, augmentation, the loop.

Everything here is made on the fly from an explicit `numpy.random.Generator`. It needs NumPy,
SciPy and scikit-image; only the loop needs torch, and nothing needs napari or Qt.
"""
