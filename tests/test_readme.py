"""What the README says can be typed, typed; links and pictures of the pages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from napari_layeredcnn.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "docs" / "using.md", ROOT / "docs" / "experiments.md"]


def test_the_python_example_runs():
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)
    assert names["completion"].labels().shape == (128, 256)


@pytest.mark.parametrize("line", re.findall(r"^layeredcnn .*$", README, re.MULTILINE))
def test_every_command_and_option_exists(line):
    words = shlex.split(line, comments=True)[1:]
    shown = CliRunner().invoke(app, [words[0], "--help"], terminal_width=200)
    assert shown.exit_code == 0
    for option in [word for word in words if word.startswith("-")]:
        assert option in shown.output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_picture_and_page_is_there(page):
    links = re.findall(r"\]\((?!http|#)([^)#]+)[^)]*\)", page.read_text())
    assert links
    for link in links:
        assert (page.parent / link).is_file(), link
