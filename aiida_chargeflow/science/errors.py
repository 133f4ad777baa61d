"""The one exception of bad input: it names the file, the field, the value and the remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path


class InputError(ValueError):
    """Bad input that a user can mend.

    The message reads ``file: field: problem (got value). remedy``, with the parts that are known.

    :param problem: what is wrong, one clause, no full stop.
    :param remedy: what the user should do, one sentence.
    :param file: the file that holds the error.
    :param field: the key, column, line or option at fault.
    :param value: the offending value as the user wrote it.
    """

    def __init__(
        self,
        problem: str,
        *,
        remedy: str = "",
        file: str | Path | None = None,
        field: str | None = None,
        value: object = None,
    ) -> None:
        self.problem, self.remedy, self.file, self.field, self.value = problem, remedy, file, field, value
        super().__init__(str(self))

    def __str__(self) -> str:
        where = "".join(f"{part}: " for part in (self.file, self.field) if part is not None)
        got = "" if self.value is None else f" (got {self.value!r})"
        return f"{where}{self.problem}{got}. {self.remedy}".rstrip()

    def in_file(self, file: str | Path) -> InputError:
        """Return the same error with the file named, for callers that know where the input came from."""
        return InputError(self.problem, remedy=self.remedy, file=file, field=self.field, value=self.value)


@contextmanager
def naming_file(file: str | Path) -> Iterator[None]:
    """Name the file in bad input that is found in the block, unless the error names one itself."""
    try:
        yield
    except InputError as error:
        if error.file is not None:
            raise
        raise error.in_file(file) from None


def one_of(value: object, known: Iterable[str], word: str = "Known") -> str:
    """Return the remedy for a name that is not among the known ones: the nearest, if one is near, and all of them."""
    names = list(known)
    by_case = {name.lower(): name for name in names}
    near = get_close_matches(str(value).lower(), by_case, 1)
    hint = f"Did you mean {by_case[near[0]]}? " if near else ""
    return f"{hint}{word}: {', '.join(filter(None, names)) or 'none'}."
