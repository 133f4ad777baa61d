"""Take out of an archive what does not belong into the open: accounts, user names, private directories."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

HIDDEN = "HIDDEN"
SCRATCH = "/scratch"

#: The budget, and the last look at the queue: no result depends on them.
_DROPPED_KEYS = frozenset({"account", "job_owner", "last_job_info"})
#: What the table of costs reads in the scheduler's accounting; the other columns tell of the user.
_ACCOUNTING = (
    "JobID",
    "State",
    "Submit",
    "Start",
    "End",
    "Elapsed",
    "AllocCPUS",
    "NNodes",
    "MaxRSS",
    "ExitCode",
)
#: Names that tell nothing of a person.
_NOBODY = frozenset({"", "root", "user", "nobody", "none"})
_MAIL = re.compile(r"(--mail-user[= ]*)\S+")


@dataclass(frozen=True)
class Secrets:
    """What to take out.

    :param accounts: budgets that jobs were charged to.
    :param users: login names; taken out of paths and of the lines where programs print them.
    :param work_directories: scratch directories, replaced by ``/scratch``.
    :param words: anything else that the user wants hidden.
    """

    accounts: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    work_directories: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()

    def merged(self, other: Secrets) -> Secrets:
        """Return the secrets of both."""
        return Secrets(
            self.accounts | other.accounts,
            self.users | other.users,
            self.work_directories | other.work_directories,
            (*self.words, *other.words),
        )


def secrets_of(attributes: Mapping[str, Any]) -> Secrets:
    """Return the secrets that the attributes of one node tell."""
    accounts = {value for value in _values(attributes, "account") if isinstance(value, str)}
    last = attributes.get("last_job_info")
    last = json.loads(last) if isinstance(last, str) and last.startswith("{") else last
    users = {value for value in _values(last, "job_owner") if isinstance(value, str)}
    remote = attributes.get("remote_workdir")
    roots = (
        {str(PurePosixPath(remote).parents[2])} if remote and len(PurePosixPath(remote).parts) > 4 else set()
    )
    return Secrets(
        frozenset(account for account in accounts if account), frozenset(users - _NOBODY), frozenset(roots)
    )


def _values(data: Any, key: str) -> Iterator[Any]:
    if isinstance(data, Mapping):
        for name, value in data.items():
            if name == key:
                yield value
            yield from _values(value, key)
    elif isinstance(data, list):
        for value in data:
            yield from _values(value, key)


class Hider:
    """Replaces secrets in texts, files and nested values."""

    def __init__(self, secrets: Secrets) -> None:
        users = sorted(secrets.users - _NOBODY)
        rules = [(re.escape(path), SCRATCH) for path in _longest_first(secrets.work_directories)]
        rules += [(re.escape(word), HIDDEN) for word in _longest_first(filter(None, secrets.words))]
        rules += [(_word(account), HIDDEN) for account in _longest_first(secrets.accounts)]
        rules += [(rf"(?<=/){_word(user)}", HIDDEN) for user in users]
        rules += [(rf"((?:STARTED|RAN) BY +|[Uu]ser(?:Id)?=){_word(user)}", rf"\1{HIDDEN}") for user in users]
        self._rules = [(re.compile(pattern), replacement) for pattern, replacement in rules]
        rest = [
            *(_word(name) for name in [*secrets.accounts, *users]),
            *(re.escape(w) for w in secrets.words if w),
        ]
        self._secret = re.compile("|".join(rest)) if rest else None

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        for pattern, replacement in self._rules:
            text = pattern.sub(replacement, text)
        return _MAIL.sub(rf"\1{HIDDEN}", text)

    def content(self, content: bytes) -> bytes:
        """Return the content of a text file without secrets, whatever its encoding."""
        return self.text(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def value(self, value: Any) -> Any:
        """Return nested attributes without secrets and without the scheduler's records."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            kept = {key: self.value(item) for key, item in value.items() if key not in _DROPPED_KEYS}
            if "detailed_job_info" in kept:
                kept["detailed_job_info"] = _accounting(value["detailed_job_info"])
            return kept
        return [self.value(item) for item in value] if isinstance(value, list) else value

    def is_left_in(self, text: str) -> bool:
        """Return whether a secret is still in a text that was cleaned."""
        return self._secret is not None and self._secret.search(text) is not None


def _accounting(told: Any) -> dict[str, str] | None:
    """Return the answer of ``sacct`` with the columns that are about the job."""
    lines = [line.split("|") for line in str((told or {}).get("stdout") or "").splitlines() if "|" in line]
    if not lines or "JobID" not in lines[0]:
        return None
    columns = [k for k, name in enumerate(lines[0]) if name in _ACCOUNTING]
    rows = ["|".join(line[k] for k in columns if k < len(line)) for line in lines]
    return {"stdout": "\n".join(rows) + "\n"}


def _word(name: str) -> str:
    return rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])"


def _longest_first(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (-len(name), name))
