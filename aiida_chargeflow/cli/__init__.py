"""The command tree, served both as ``aiida-chargeflow`` and as ``verdi data chargeflow``.

Commands convert, call and print. Nothing that needs AiiDA is imported before a command that uses it runs,
so that models and analyses work without a profile.
"""

from __future__ import annotations

import importlib
import json
import keyword
from typing import Any

import click

from ..science.errors import InputError, one_of

_COMMANDS = {
    "model": "model",
    "launch": "launch",
    "show": "show",
    "figure": "figure",
    "setup": "setup",
    "examples": "examples",
    "sweep": "sweep",
    "screen": "screen",
    "analyse": "analyse",
    "table": "table",
    "trace": "trace",
    "diff": "diff",
    "methods": "methods",
    "report": "report",
    "archive": "archive",
    "import": "import_",
}


class NearGroup(click.Group):
    """A group that names the command that was probably meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(
                f"{error.message} {one_of(args[0], self.list_commands(ctx))}", ctx
            ) from None


class LazyGroup(NearGroup):
    """A group that imports a command's module on first use and prints bad input as one message."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f".{_COMMANDS[cmd_name]}", __name__)
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(module, f"{name}_" if keyword.iskeyword(name) else name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InputError as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            raise  # the reader of a pipe has gone; click ends quietly
        except OSError as error:
            raise click.ClickException(
                f"{error.filename or 'input/output'}: {error.strerror or error}"
            ) from error


@click.group("chargeflow", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aiida-chargeflow")
def main() -> None:
    """Models, HLE17 jobs, Bader charges and charge flow of core@shell quantum dots."""


def json_option(function: Any) -> Any:
    """Add ``--json``: print the result as JSON on standard output and nothing else."""
    return click.option("as_json", "--json", is_flag=True, help="Print the result as JSON.")(function)


def print_json(data: Any) -> None:
    """Print ``data`` as JSON with sorted keys left as they are given."""
    click.echo(json.dumps(data, indent=2, default=float))
