"""What travels in the two archives that people get: the wheel for users, the source archive for packagers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

import aiida_chargeflow

ROOT = Path(__file__).parents[2]

pytest.importorskip("hatchling", reason="hatchling builds the package; it is in the extra `tests`")


def build(kind: str, folder: Path) -> Path:
    """Return the wheel or sdist that the build backend makes of this checkout, without a network."""
    code = f"import hatchling.build as b; print(b.build_{kind}({str(folder)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.split()[-1]


def tracked(*folders: str) -> set[str]:
    """Return the files of some folders that belong to the project."""
    done = subprocess.run(
        ["git", "ls-files", "--", *folders], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    return {name for name in done.stdout.split("\n") if name and (ROOT / name).exists()}


def test_the_wheel_carries_every_file_of_the_package_and_the_examples(tmp_path: Path) -> None:
    names = set(zipfile.ZipFile(build("wheel", tmp_path)).namelist())
    package = tracked("aiida_chargeflow") - {"aiida_chargeflow/examples"}
    assert package <= names
    examples = {f"aiida_chargeflow/examples/{file.name}" for file in (ROOT / "workflows").glob("*.yaml")}
    assert examples <= names
    foreign = {name for name in names if not name.startswith(("aiida_chargeflow/", "aiida_chargeflow-"))}
    assert not foreign
    assert not {name for name in names if name.endswith((".pyc", "~"))}


def test_the_source_archive_carries_tests_docs_workflows_and_what_is_needed_to_cite(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    wanted = tracked("tests", "docs", "workflows", "setup", "recipe", "aiida_chargeflow")
    assert wanted - {"aiida_chargeflow/examples"} <= names
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff"} <= names


def test_the_conda_recipe_asks_for_what_the_wheel_asks_for() -> None:
    recipe = yaml.safe_load((ROOT / "recipe/recipe.yaml").read_text())
    tomllib = pytest.importorskip("tomllib", reason="part of Python since 3.11")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {"matplotlib-base": "matplotlib"}  # which conda installs without Qt
    run = [line.split(" ", 1) for line in recipe["requirements"]["run"]]
    asked = {names.get(name, name): bound for name, bound in run if name != "python"}
    wanted = {re.match(r"[\w-]+", line)[0]: line for line in project["dependencies"]}
    assert {name: name + bound for name, bound in asked.items()} == wanted
    assert f">={recipe['context']['python_min']}" == project["requires-python"]
    scripts = dict(line.split(" = ") for line in recipe["build"]["python"]["entry_points"])
    assert scripts == project["scripts"]
    assert recipe["context"]["version"] == aiida_chargeflow.__version__


def test_rattler_build_renders_the_recipe() -> None:
    rattler_build = pytest.importorskip(
        "rattler_build", reason="needs py-rattler-build, the linter of recipes"
    )
    recipe = rattler_build.Stage0Recipe.from_file(str(ROOT / "recipe/recipe.yaml"))
    rendered = recipe.render(rattler_build.VariantConfig())
    assert len(rendered) == 1
