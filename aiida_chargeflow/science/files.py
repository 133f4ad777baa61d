"""Text in whatever encoding its mark names, and files that appear whole or not at all."""

from __future__ import annotations

import codecs
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import InputError

# Editors and shells of Windows write a mark first: `>` of PowerShell makes UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def text_of(data: bytes, errors: str = "strict") -> str:
    r"""Return the text of a file: UTF-8, or the encoding of its byte order mark; every line end becomes ``\n``.

    :param errors: what becomes of bytes that are no text, as for ``bytes.decode``.
    :raises UnicodeDecodeError: such bytes, unless ``errors`` says otherwise.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    return data.decode(encoding, errors).replace("\r\n", "\n").replace("\r", "\n")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary file beside ``path`` that takes its place when the block ends, and is removed if it fails.

    The temporary name ends as that of ``path`` does, for libraries that go by it.

    :raises InputError: the folder does not exist or cannot be written to, or the disk is full.
    """
    temporary = None
    try:
        handle, name = tempfile.mkstemp(path.suffix, f".{path.name}.", path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}", file=path, remedy="Choose another place for it."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file, text as UTF-8.

    :raises InputError: as `whole_file`.
    """
    with whole_file(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
