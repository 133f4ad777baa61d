"""The recorded runs as folders of files, as somebody without AiiDA has them."""

import re
import shutil

import pytest


@pytest.fixture(scope="module")
def chain(paper):
    return {node.label: node for node in paper.nodes}


@pytest.fixture(scope="module")
def raw(chain, tmp_path_factory):
    """The files of every recorded run, in a folder of its own."""
    root = tmp_path_factory.mktemp("raw")
    for label, node in chain.items():
        (root / label).mkdir()
        job = node.outputs.scf.retrieved.creator
        sources = (
            (node.outputs.scf.retrieved, r"aiida\.out|.*\.pdos"),
            (job, r"aiida\.inp|aiida\.coords\.xyz"),
            (node.outputs.bader.retrieved, r"ACF\.dat|bader\.out"),
            (node.outputs.scf.orbital_cubes, r".*\.cube\.gz"),
        )
        for source, wanted in sources:
            for name in source.base.repository.list_object_names():
                if re.fullmatch(wanted, name):
                    content = source.base.repository.get_object_content(name, mode="rb")
                    (root / label / name).write_bytes(content)
    return root


@pytest.fixture
def folder(raw, tmp_path):
    """A copy of the files of the pure dot, to be spoilt."""
    shutil.copytree(raw / "demo-pure", tmp_path / "dot")
    return tmp_path / "dot"
