"""The shipped charge transfer is what the computed dots of the repository give: `docs/validation/prediction.sh`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import run

from aiida_chargeflow.archive.restore import restore
from aiida_chargeflow.science.valences.parameters import TransferParameters, default_parameters

ROOT = Path(__file__).parents[2]


def test_the_shipped_charge_transfer_is_the_fit_to_all_archives(paper, tmp_path: Path) -> None:
    groups = [paper.label]
    for archive in sorted((ROOT / "docs/validation/archives").glob("*.aiida")):
        groups += restore(archive).groups
    written = tmp_path / "charge_transfer.yaml"
    shown = run(
        "screen", "learn", *groups, "-o", str(written), "--report", str(tmp_path / "report"), "--json"
    )
    shipped = default_parameters()
    found = TransferParameters.from_mapping(json.loads(shown.stdout)["parameters"])
    assert found.transfer_e == pytest.approx(shipped.transfer_e, abs=1e-5)
    assert found.lone_pair_e == pytest.approx(shipped.lone_pair_e, abs=1e-5)
    assert found.charge_error_e == pytest.approx(shipped.charge_error_e, abs=2e-4)
    assert (found.dots, found.n_dots, found.source) == (shipped.dots, shipped.n_dots, shipped.source)
    documented = (ROOT / "docs/validation/prediction/prediction-tables.md").read_text()
    assert (tmp_path / "report/prediction-tables.md").read_text() == documented
    assert (tmp_path / "report/prediction.png").read_bytes().startswith(b"\x89PNG")
