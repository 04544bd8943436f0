"""What importing the package costs and offers, and what the manifest promises."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import npe2
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import napari_layeredcnn

_TIMED = """
import json, sys, time
start = time.perf_counter()
import napari_layeredcnn
seconds = time.perf_counter() - start
heavy = {"torch", "qtpy", "napari", "PyQt6", "PySide6", "scipy", "skimage", "magicgui"}
print(json.dumps([seconds, sorted(heavy & set(sys.modules)), dir(napari_layeredcnn)]))
"""


def test_import_is_light_and_quick():
    # -I -S would hide the editable install; PYTHONPATH is the test run's own.
    output = subprocess.run(
        [sys.executable, "-c", _TIMED], check=True, capture_output=True, text=True
    ).stdout
    seconds, heavy, names = json.loads(output)
    assert heavy == []
    assert seconds < 0.3
    assert set(napari_layeredcnn.__all__) <= set(names)


@pytest.mark.parametrize("name", napari_layeredcnn.__all__)
def test_public_names_are_there(name):
    value = getattr(napari_layeredcnn, name)
    if name != "__version__":
        assert value.__name__ == name
        assert value.__module__.startswith("napari_layeredcnn.core.")


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'segment'"):
        napari_layeredcnn.segment  # noqa: B018


def test_version_is_that_of_the_distribution():
    assert napari_layeredcnn.__version__ == importlib.metadata.version("napari-layeredcnn")


def test_manifest_is_found_and_all_it_names_can_be_imported():
    manifest = npe2.PluginManifest.from_distribution("napari-layeredcnn")
    manifest.validate_imports()
    assert [w.display_name for w in manifest.contributions.widgets] == [
        "Segment Layers",
        "Find Layers",
        "Measure Layers",
    ]
    samples = [s.key for s in manifest.contributions.sample_data]
    assert samples == ["layered_stack", "tilted_stack", "tree_rings"]


def test_the_oldest_versions_that_are_tested_are_those_that_are_declared():
    root = Path(__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    declared = [Requirement(text) for text in project["dependencies"]]
    extras = project["optional-dependencies"]
    declared += [Requirement(extras[name][-1]) for name in ("pyqt6", "cluster", "excel")]
    bounds = {}
    for requirement in declared:
        (specifier,) = requirement.specifier  # lower bounds only
        assert specifier.operator == ">="
        bounds[canonicalize_name(requirement.name)] = Version(specifier.version)
    lines = (root / "constraints-oldest.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    tested = {canonicalize_name(p.name): Version(str(p.specifier)[2:]) for p in pins}
    assert tested == bounds
