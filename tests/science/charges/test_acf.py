"""The total of an ACF.dat is that of its rows."""

import pytest

from aiida_chargeflow.science.charges.acf import parse_acf
from aiida_chargeflow.science.errors import InputError

VACUUM = """    1     0.0 0.0 0.0   7.5   1.0  10.0
    2     0.0 0.0 5.0   6.0   1.0  10.0
    VACUUM CHARGE:  {vacuum}
    VACUUM VOLUME:  9.0
    NUMBER OF ELECTRONS: {total}
"""


@pytest.mark.parametrize(("vacuum", "total"), [(0.5, 14.0), (0.5, 13.5), (0.0, 13.51)])
def test_the_total_may_count_the_vacuum_or_not(vacuum: float, total: float) -> None:
    """The reference program counts it; others do not. Rounding of the rows is allowed for."""
    found = parse_acf(VACUUM.format(vacuum=vacuum, total=total))
    assert found.vacuum_charge_e == vacuum
    assert found.n_electrons == total


@pytest.mark.parametrize(("vacuum", "total"), [(0.5, 14.02), (0.5, 13.0), (0.0, 13.52)])
def test_a_total_that_the_rows_miss_is_refused(vacuum: float, total: float) -> None:
    """By the rounding of two rows, and of the total, one hundredth may be missing."""
    with pytest.raises(InputError, match="the rows add up"):
        parse_acf(VACUUM.format(vacuum=vacuum, total=total))
