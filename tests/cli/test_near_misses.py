"""A near miss of a command, a key or a name is answered with the one that was probably meant; completion works."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from commands import refused, run

from aiida_chargeflow.cli import main
from aiida_chargeflow.science.errors import one_of

MODEL = "core: {material: InAs, centre: anion, planes: [9, 16, 7]}\n"


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [(["lanch"], "launch"), (["sweep", "statsu"], "status"), (["figure", "flowmap", "7"], "flow-map")],
)
def test_a_command(arguments: list[str], meant: str) -> None:
    told = run(*arguments)
    assert told.exit_code == 2
    assert f"Did you mean {meant}?" in told.output


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (MODEL.replace("core", "coer"), "core"),
        (MODEL + "pasivation: {ligand: Br}\n", "passivation"),
        (MODEL + "passivation: {ligands: Br}\n", "ligand"),
        (MODEL + "surface: exchnage\n", "exchange"),
        (MODEL.replace("InAs", "InAS"), "InAs"),
    ],
)
def test_a_key_or_name_of_a_model(tmp_path: Path, text: str, meant: str) -> None:
    file = tmp_path / "dot.yaml"
    file.write_text(text)
    assert f"Did you mean {meant}?" in refused("model", "build", file)


def test_a_key_of_a_campaign(tmp_path: Path) -> None:
    file = tmp_path / "many.yaml"
    file.write_text("name: many\naxis: {surface: [pure]}\n" + MODEL)
    assert "Did you mean axes?" in refused("sweep", "submit", file, "--dry-run")


def test_what_is_near_nothing_gets_no_guess() -> None:
    assert one_of("qqq", ["core", "shells"]) == "Known: core, shells."
    assert one_of("x", []) == "Known: none."


def test_the_shell_completes_commands_and_options() -> None:
    shell = ShellComplete(main, {}, "aiida-chargeflow", "_AIIDA_CHARGEFLOW_COMPLETE")
    assert [item.value for item in shell.get_completions(["sweep"], "st")] == ["status"]
    assert "--protocol" in [item.value for item in shell.get_completions(["launch"], "--pro")]
