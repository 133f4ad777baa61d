"""One number for each thing that a good interlayer should have little of, from a prediction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..charges.region_flow import outward_share
from ..charges.surface_frame import depth_below_surface_ang
from ..kinds import CORE, INTERLAYER, LIGAND, SHELL
from .dot import Dot
from .excess import Excess, excess
from .potential import region_weights, site_potential_v

Array = NDArray[np.float64]

#: A bond is strained if its valence misses Pauling's strength by more than this, in e.
STRAINED_E = 0.25

_ROUNDING_E = 1e-6  # symmetry puts valences exactly on the limits


@dataclass(frozen=True)
class Predicted:
    """The arrays that descriptors are made of; :class:`~.prediction.Prediction` holds the same ones.

    :param valence: of each bond, shape (n_bonds,), in e.
    :param charge: of each atom, shape (n_atoms,), in e.
    :param flow_vector: shape (n_atoms, 3), in e.
    :param site_potential_v: of each atom, where it is known already.
    """

    dot: Dot
    valence: Array
    charge: Array
    flow_vector: Array
    given_potential_v: Array | None = None

    @cached_property
    def depth_ang(self) -> Array:
        """Return the depth of each atom below the surface, shape (n_atoms,)."""
        return depth_below_surface_ang(self.dot.positions_ang, self.dot.is_ligand)

    @cached_property
    def excess(self) -> Excess:
        """Return where electrons are in excess."""
        return excess(self.dot, self.depth_ang)

    @cached_property
    def potential_v(self) -> Array:
        """Return the potential at each atom, shape (n_atoms,), in V."""
        if self.given_potential_v is not None:
            return self.given_potential_v
        return site_potential_v(self.dot.positions_ang, self.charge)

    @cached_property
    def strain_e(self) -> Array:
        """Return by how much the valence of each bond misses Pauling's strength, shape (n_bonds,), in e."""
        return self.valence - self.dot.shares()

    @property
    def is_bad(self) -> NDArray[np.bool_]:
        """Return which bonds have a negative valence or a strained one, shape (n_bonds,)."""
        result: NDArray[np.bool_] = (self.valence < -_ROUNDING_E) | (
            np.abs(self.strain_e) > STRAINED_E + _ROUNDING_E
        )
        return result

    @cached_property
    def radial(self) -> Array:
        """Return the unit vector from the centre of the framework to each atom, shape (n_atoms, 3)."""
        framework = ~self.dot.is_ligand
        away = self.dot.positions_ang - self.dot.positions_ang[framework].mean(axis=0)
        length = np.linalg.norm(away, axis=1)
        unit: Array = away / np.maximum(length, 1e-9)[:, None]
        return unit

    def mean_flow_e(self, members: NDArray[np.bool_]) -> float:
        """Return the mean flow magnitude of a set of atoms, 0 for none."""
        return float(np.linalg.norm(self.flow_vector[members], axis=1).mean()) if members.any() else 0.0

    def coherence(self, members: NDArray[np.bool_]) -> float:
        """Return ``Σ v·r̂ / Σ |v|`` of a set of atoms: 1 if their flow leaves the dot radially."""
        return outward_share(self.flow_vector[members], self.radial[members])

    def potential_step_v(self) -> float:
        """Return the mean potential of the core less that of the shell, in V.

        One monolayer on a tiny core is all interlayer, which then takes the shell's place; 0 without core or either.
        """
        regions, formal = self.dot.regions, self.dot.formal_charge
        outside = SHELL if (regions == SHELL).any() else INTERLAYER
        if not ((regions == CORE).any() and (regions == outside).any()):
            return 0.0
        weights = region_weights(regions, formal, CORE) - region_weights(regions, formal, outside)
        return float(weights @ self.potential_v)


@dataclass(frozen=True)
class Objective:
    """A descriptor that can be screened for; less of it is better.

    :param meaning: one line.
    :param unit: empty for a number without one.
    :param value: of a prediction.
    """

    meaning: str
    unit: str
    value: Callable[[Predicted], float]


OBJECTIVES: dict[str, Objective] = {
    "excess": Objective("|N(III) - N(V)| of the dot", "e", lambda p: abs(float(p.excess.total_e))),
    "buried_excess": Objective(
        "largest |excess| below any depth, which must be carried outwards",
        "e",
        lambda p: p.excess.worst_below_e,
    ),
    "interlayer_charge": Objective(
        "|predicted charge of the interlayer|",
        "e",
        lambda p: abs(float(p.charge[p.dot.regions == INTERLAYER].sum())),
    ),
    "interface_flow": Objective(
        "mean predicted flow magnitude in the interlayer",
        "e",
        lambda p: p.mean_flow_e(p.dot.regions == INTERLAYER),
    ),
    "surface_flow": Objective(
        "mean predicted flow magnitude of ligands and of framework atoms that bind one",
        "e",
        lambda p: p.mean_flow_e(_surface(p.dot)),
    ),
    "coherence": Objective(
        "|Σ v·r̂| / Σ |v| of the predicted flow in the interlayer",
        "",
        lambda p: abs(p.coherence(p.dot.regions == INTERLAYER)),
    ),
    "potential_step": Objective(
        "|mean potential of the core less that of the shell (without one: the interlayer)|",
        "V",
        lambda p: abs(p.potential_step_v()),
    ),
    "dipole": Objective(
        "dipole of the predicted charges",
        "e·Å",
        lambda p: float(np.linalg.norm(p.charge @ p.dot.positions_ang)),
    ),
    "strain": Objective(
        "root mean square of valence less Pauling's strength over all bonds",
        "e",
        lambda p: float(np.sqrt((p.strain_e**2).mean())),
    ),
    "bad_bonds": Objective(
        f"bonds of negative valence, or of one that misses Pauling's strength by more than {STRAINED_E} e",
        "",
        lambda p: float(p.is_bad.sum()),
    ),
    "ligands": Objective("number of ligands", "", lambda p: float((p.dot.regions == LIGAND).sum())),
}


def _surface(dot: Dot) -> NDArray[np.bool_]:
    """Return the ligands and all atoms bonded to one."""
    chosen = dot.is_ligand.copy()
    touching = dot.bonds[dot.is_ligand[dot.bonds].any(axis=1)]
    chosen[touching.ravel()] = True
    return chosen
