"""``launch`` before anything is submitted: what would run, what it would cost, and what is refused."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from aiida_chargeflow.cli import main
from aiida_chargeflow.science.cp2k.cost import ACCURACY


@pytest.fixture
def launch(tmp_path):
    """Return a function that launches a small core with options; ``files`` are written beside it."""
    model = tmp_path / "small.yaml"
    model.write_text("core: {material: InAs, centre: anion, planes: [5, 4, 3]}\n")

    def run(*arguments, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text)
            arguments = (*arguments, f"--{name}", str(tmp_path / f"{name}.yaml"))
        return CliRunner().invoke(main, ["launch", str(model), *arguments])

    return run


def test_a_dry_run_shows_every_step_in_order(launch):
    levels = "relax: {levels: [{name: cheap, scf: {functional: pbe}}, {name: wanted}]}"
    result = launch("--dry-run", "--protocol", "fast", overrides=levels)
    assert result.exit_code == 0, result.output
    assert "In16As13Cl9, 38 atoms" in result.output
    assert "relax cheap → relax wanted → direct → hot → cold → bader → charge flow" in result.output


@pytest.fixture
def with_protocol(tmp_path):
    """A model file that says how it is to be computed."""
    file = tmp_path / "own.yaml"
    file.write_text(
        "core: {material: InAs, centre: anion, planes: [5, 4, 3]}\nprotocol: survey\n"
        "overrides: {scf: {stages: [{name: only, final: true, electronic_temperature_k: 900}], padding_ang: 5}}\n"
    )
    return file


def estimate(*arguments):
    result = CliRunner().invoke(main, ["launch", *map(str, arguments), "--estimate", "--json"])
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.output)
    return row


def test_a_model_file_says_how_it_is_computed(with_protocol, tmp_path):
    result = CliRunner().invoke(main, ["launch", str(with_protocol), "--dry-run"])
    assert "protocol survey: only → bader" in result.output
    own = estimate(with_protocol)
    more = tmp_path / "more.yaml"
    more.write_text("scf: {padding_ang: 2}")
    assert own["protocol"] == "survey"
    assert estimate(with_protocol, "--overrides", more)["n_grid_points"] < own["n_grid_points"]


def test_the_command_line_has_the_last_word(with_protocol):
    assert estimate(with_protocol, "--protocol", "fast")["protocol"] == "fast"


def test_a_scalar_cannot_be_laid_over_a_section_of_the_model_file(with_protocol, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("scf: 3")
    result = CliRunner().invoke(main, ["launch", str(with_protocol), "--dry-run", "--overrides", str(wrong)])
    assert result.exit_code == 1
    assert result.output.startswith("Error: --overrides.scf: expected a section of keys (got 3)")


def test_a_wrong_override_is_found_in_the_model_file(with_protocol):
    with_protocol.write_text(with_protocol.read_text().replace("padding_ang", "paddin_ang"))
    result = CliRunner().invoke(main, ["launch", str(with_protocol), "--dry-run"])
    assert result.output.startswith(f"Error: {with_protocol}: scf.paddin_ang")
    assert "padding_ang" in result.output.partition("paddin_ang")[2]


def test_an_estimate_counts_what_the_protocol_changes(launch):
    """Finer grid and wider box cost more; the basis is the same."""
    rows = {}
    for protocol in ("fast", "balanced", "stringent"):
        result = launch("--estimate", "--json", "--protocol", protocol, "--cluster", "leonardo")
        (rows[protocol],) = json.loads(result.output)
    assert {row["n_basis_functions"] for row in rows.values()} == {686}
    for name in ("n_grid_points", "memory_gb", "core_hours"):
        assert rows["fast"][name] < rows["balanced"][name] < rows["stringent"][name]
    assert all(row["nodes"] == 1 for row in rows.values()), "a dot of 38 atoms fits on one node"


def test_an_estimate_says_how_well_it_is_known(launch):
    result = launch("--estimate")
    assert " ".join(ACCURACY.split()) in " ".join(result.output.split())
    assert "give --cluster" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "files", "told"),
    [
        (["--protocol", "balancd"], {}, "unknown protocol"),
        (["--cluster", "nowhere"], {}, "nowhere"),
        ([], {"overrides": "scf: [1"}, "not valid YAML"),
        ([], {"overrides": "- scf"}, "expected keys and values"),
        ([], {"overrides": "scf: {cutof_ry: 1}"}, "scf.cutof_ry"),
        (["--overrides", "gone.yaml"], {}, "gone.yaml"),
    ],
)
def test_what_is_wrong_is_one_message(launch, arguments, files, told):
    result = launch("--estimate", *arguments, **files)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.output.startswith("Error: ")
    assert told in result.output


def test_help_waits_for_nothing_heavy() -> None:
    """All commands are listed without numpy, AiiDA and the like: the time of `--help` is that of these imports."""
    code = (
        "import sys; from click.testing import CliRunner; from aiida_chargeflow.cli import main; "
        "assert 'sweep' in CliRunner().invoke(main, ['--help']).output; "
        "print(*{name.split('.')[0] for name in sys.modules} & set(sys.argv[1:]))"
    )
    heavy = ["numpy", "scipy", "ase", "aiida", "pydantic", "matplotlib", "numba", "sphinx"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
