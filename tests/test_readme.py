"""What the README says can be typed, typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from napari_layeredcnn.cli import app

README = (Path(__file__).parents[1] / "README.md").read_text()


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


def test_every_picture_and_page_is_there():
    links = re.findall(r"\]\((?!http|#)([^)]+)\)", README)
    assert links
    for link in links:
        assert (Path(__file__).parents[1] / link).is_file(), link
