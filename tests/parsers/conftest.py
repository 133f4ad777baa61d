"""Finished jobs made of recorded files, for parsers to read."""

import io

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.plugins import ParserFactory


@pytest.fixture
def parse(aiida_localhost):
    """Return a function that parses ``files`` as the outcome of a job of ``entry_point``.

    ``temporary``: folder of the files that a job retrieves only for its parser.
    """

    def run(entry_point, inputs, files, temporary=None, **options):
        node = orm.CalcJobNode(computer=aiida_localhost, process_type=f"aiida.calculations:{entry_point}")
        for name, value in {"resources": {"num_machines": 1}, **options}.items():
            node.set_option(name, value)
        for label, value in inputs.items():
            node.base.links.add_incoming(value.store(), LinkType.INPUT_CALC, label)
        node.store()
        retrieved = orm.FolderData()
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            retrieved.base.repository.put_object_from_filelike(io.BytesIO(data), name)
        retrieved.base.links.add_incoming(node, LinkType.CREATE, "retrieved")
        retrieved.store()
        results, called = ParserFactory(entry_point).parse_from_node(
            node, store_provenance=False, retrieved_temporary_folder=temporary
        )
        return results, called

    return run
