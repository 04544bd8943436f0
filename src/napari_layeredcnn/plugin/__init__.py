"""The napari plugin: widgets and sample data, and nothing that works without a viewer.

The manifest names the modules in here; this file stays empty so that napari starts fast.
"""
