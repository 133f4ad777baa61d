"""Read a YAML file that a person wrote: what looks like a number or a clock is what it looks like, no key twice."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from .errors import InputError
from .files import text_of

_MOST_BYTES = 4_000_000


class _Loader(yaml.SafeLoader):
    """YAML 1.1 without its traps: ``1:30`` is no number to the base 60, ``010`` none to the base 8, ``no`` no truth
    value; a key that stands twice, or that is no text, is refused.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        first: dict[str, int] = {}
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != "tag:yaml.org,2002:str":
                written = getattr(key_node, "value", "a list or mapping")
                raise InputError(
                    "a key must be text",
                    field=f"line {line}",
                    value=written,
                    remedy="Quote it if it is meant.",
                )
            key = str(key_node.value)
            if key in first:
                raise InputError(
                    f"the key stands twice, on lines {first[key]} and {line}",
                    field=key,
                    remedy="Remove one of them.",
                )
            first[key] = line
        return super().construct_mapping(node, deep)


_PLAIN = {
    "tag:yaml.org,2002:bool": (re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    "tag:yaml.org,2002:int": (re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), "-+0123456789"),
    "tag:yaml.org,2002:float": (
        re.compile(
            r"^(?:[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
        ),
        "-+0123456789.",
    ),
}
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag not in _PLAIN]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, (_pattern, _letters) in _PLAIN.items():
    _Loader.add_implicit_resolver(_tag, _pattern, list(_letters))


def parse_yaml(text: str) -> Any:
    """Return the one document of a YAML text.

    :raises InputError: not YAML, several documents, a key twice in one mapping, or one that is no text.
    """
    try:
        return yaml.load(text, _Loader)
    except InputError:
        raise
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise InputError(
            f"not valid YAML: {' '.join(str(error).split())}", remedy="Check the indentation."
        ) from None


def read_yaml(path: str | Path) -> Any:
    """Return the one document of a YAML file; errors as ``parse_yaml``, with the file named.

    :raises InputError: the file cannot be read, or is no YAML.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError("too large for settings", file=path, remedy="Give the YAML file itself.")
        text = text_of(path.read_bytes())
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", file=path, remedy="Check the path.") from None
    except UnicodeDecodeError:
        raise InputError("not valid YAML: this is no text file", file=path) from None
    try:
        return parse_yaml(text)
    except InputError as error:
        raise error.in_file(path) from None
