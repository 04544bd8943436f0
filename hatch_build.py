"""Put the root's `napari.yaml` where npe2 looks for it: inside the package.

A wheel gets a copy. An editable install gets a link beside `__init__.py` (a copy where
links are refused, as on Windows), which git ignores.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MANIFEST = "napari.yaml"


class ManifestHook(BuildHookInterface):  # type: ignore[type-arg]
    """Build hook that hatchling finds by being the only one in this file."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the manifest to what is built; `version` is "standard" or "editable"."""
        manifest = Path(self.root) / MANIFEST
        if version != "editable":
            build_data["force_include"][str(manifest)] = f"napari_layeredcnn/{MANIFEST}"
            return
        link = Path(self.root) / "src" / "napari_layeredcnn" / MANIFEST
        link.unlink(missing_ok=True)
        try:
            link.symlink_to(Path("..") / ".." / MANIFEST)
        except OSError:
            shutil.copyfile(manifest, link)
