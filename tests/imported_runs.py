"""Import a folder as a user does, shared by the tests of ``import``."""

import json
import re

from aiida import orm
from commands import ok


def imported(*arguments):
    return orm.load_node(json.loads(ok("import", *arguments, "--json"))["pk"])


def plain(path):
    """Take region and coordination out of the kind names of an XYZ."""
    path.write_text(re.sub(r"^([A-Z][a-z]?)[1-4][0-9] ", r"\1 ", path.read_text(), flags=re.M))
