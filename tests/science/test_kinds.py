"""Kind names and tags carry the same region and coordination, whatever they are."""

import itertools

import numpy as np
import pytest

from aiida_chargeflow.science.kinds import (
    REGIONS,
    decode,
    encode,
    kind_names,
    tag,
    tag_coordinations,
    tag_regions,
)


@pytest.mark.parametrize(("region", "coordination"), list(itertools.product(REGIONS, range(1, 10))))
def test_names_and_tags_agree(region: int, coordination: int) -> None:
    tags = np.array([tag(region, coordination)])
    assert tag_regions(tags).tolist() == [region]
    assert tag_coordinations(tags).tolist() == [coordination]
    (name,) = kind_names(["As"], tags)
    assert name == encode("As", region, coordination)
    assert decode(name) == ("As", region, coordination)
