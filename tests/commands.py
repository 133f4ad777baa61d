"""Run commands in this process, and change the recorded archive, shared by several test modules."""

import zipfile
from pathlib import Path

from click.testing import CliRunner

from aiida_chargeflow.cli import main

FIXTURE = Path(__file__).parent / "fixtures" / "paper.aiida"


def run(*arguments):
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def ok(*arguments):
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments):
    result = run(*arguments)
    assert result.exit_code == 1
    assert len(result.output.strip().splitlines()) == 1
    return result.output


def rewritten(target, change):
    """The recorded archive with its entries passed through ``change``."""
    with zipfile.ZipFile(FIXTURE) as source, zipfile.ZipFile(target, "w") as copy:
        for name, content in change({name: source.read(name) for name in source.namelist()}):
            copy.writestr(name, content)
    return target
