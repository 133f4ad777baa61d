"""Statements of the methods section on the electronic structure, the charges and the charge flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .methods_words import join, number, spread

Facts = Mapping[str, Any]

_POISSON = {"MULTIPOLE": "[[bloechl1995]]", "MT": "[[martyna1999]]", "WAVELET": "[[genovese2006]]"}
_METHODS = {
    "GPW": "the Gaussian and plane waves method (GPW) [[lippert1997]]",
    "GAPW": "the Gaussian and augmented plane waves method (GAPW) [[lippert1999,krack2000]]",
}


def code(facts: Facts) -> str | None:
    """Name the program, as its output did, and the method."""
    if "dft" not in facts:
        return None
    method = facts["dft"]["DFT"]["QS"]["METHOD"]
    soft = sorted({kind["ELEMENT"] for kind in facts["dft"]["SUBSYS"]["KIND"] if kind.get("GPW_TYPE")})
    treated = f", with {join(soft)} treated as in GPW" if soft else ""
    told = facts["cp2k"]
    return (
        f"density functional theory calculations were carried out with CP2K {told['cp2k_version']} "
        f"(revision {told['source_revision']}) [[kuhne2020]], module Quickstep [[vandevondele2005]], in "
        f"{_METHODS.get(method, method)}{treated}"
    )


def functional(facts: Facts) -> str | None:
    """Name the functional and how it was evaluated."""
    if "dft" not in facts:
        return None
    xc = facts["dft"]["DFT"]["XC"]
    grid = xc["XC_GRID"]
    smoothing = "no smoothing" if grid["XC_SMOOTH_RHO"] == "NONE" else f"smoothing {grid['XC_SMOOTH_RHO']}"
    return (
        f"{name_functional(xc['XC_FUNCTIONAL'])}, with derivatives of the density by {grid['XC_DERIV']} and "
        f"{smoothing} of the density on the grid"
    )


def name_functional(section: Mapping[str, Any]) -> str:
    """Return the clause on a functional section of CP2K."""
    if dict(section) == {"TPSS": {"SCALE_X": 1.25, "SCALE_C": 0.5}}:
        return (
            "the exchange-correlation functional is HLE17 [[verma2017]], evaluated as 1.25 times the exchange plus "
            "0.5 times the correlation of TPSS [[tao2003]] as implemented in CP2K"
        )
    if list(section) == ["MGGA_XC_HLE17"]:
        return (
            "the exchange-correlation functional is HLE17 [[verma2017]], evaluated by libxc [[lehtola2018]]"
        )
    if list(section) == ["PBE"]:
        return "the exchange-correlation functional is PBE [[perdew1996]]"
    return f"the exchange-correlation functional is CP2K's section {dict(section)}"


def grids(facts: Facts) -> str | None:
    """Name the grids."""
    if "dft" not in facts:
        return None
    grid, qs = facts["dft"]["DFT"]["MGRID"], facts["dft"]["DFT"]["QS"]
    return (
        f"the density was expanded on {grid['NGRIDS']} grids up to {number(grid['CUTOFF'])} Ry, with a relative "
        f"cutoff of {number(grid['REL_CUTOFF'])} Ry and EPS_DEFAULT = {number(qs['EPS_DEFAULT'])}"
    )


def basis(facts: Facts) -> str | None:
    """Name the families of basis sets and potentials."""
    if "dft" not in facts:
        return None
    kinds = facts["dft"]["SUBSYS"]["KIND"]
    sets = sorted({kind["BASIS_SET"].rsplit("-q", 1)[0] for kind in kinds})
    potentials = sorted({kind["POTENTIAL"].rsplit("-q", 1)[0] for kind in kinds})
    return (
        f"the orbitals were expanded in the MOLOPT basis sets {join(sets)} [[vandevondele2007]], with the "
        f"Goedecker-Teter-Hutter pseudopotentials {join(potentials)} [[goedecker1996,hartwigsen1998,krack2005]]"
    )


def valence(models: Sequence[Facts]) -> str | None:
    """Name the valence electrons of every element."""
    used = {
        (kind["ELEMENT"], kind["POTENTIAL"].rsplit("-q", 1)[1])
        for facts in models
        if "dft" in facts
        for kind in facts["dft"]["SUBSYS"]["KIND"]
    }
    words = [f"{electrons} for {symbol}" for symbol, electrons in sorted(used)]
    return f"the pseudopotentials leave {join(words)} valence electrons" if words else None


def files(facts: Facts) -> str | None:
    """Name the files of basis sets and potentials with their content hash."""
    if not facts.get("files"):
        return None
    words = [f"{name} (SHA-256 {digest[:16]}…)" for name, digest in facts["files"].items()]
    return f"basis sets and potentials were read from {join(words)}"


def electrostatics(facts: Facts) -> str | None:
    """Name boundary conditions and Poisson solver."""
    if "dft" not in facts:
        return None
    poisson, cell = facts["dft"]["DFT"]["POISSON"], facts["dft"]["SUBSYS"]["CELL"]
    solver = poisson["POISSON_SOLVER"]
    periodic = (
        "isolated" if cell["PERIODIC"] == poisson["PERIODIC"] == "NONE" else f"periodic in {cell['PERIODIC']}"
    )
    return f"the dots were {periodic}, with the Poisson solver {solver} {_POISSON.get(solver, '')}".rstrip()


def boxes(models: Sequence[Facts]) -> str | None:
    """Name the edges of the boxes."""
    edges = [edge for facts in models for edge in facts.get("box_ang", [])]
    if not edges:
        return None
    padding = [facts["padding_ang"] for facts in models if "padding_ang" in facts]
    return (
        f"the edges of the boxes measure {spread(edges, decimals=1)} Å and leave at least "
        f"{spread(padding, decimals=1)} Å between an atom and a face"
    )


def relaxation(facts: Facts) -> str | None:
    """Name the optimisations that ran."""
    if not facts.get("relaxation"):
        return None
    steps = []
    for level in facts["relaxation"]:
        optimiser = level["optimisation"]["OPTIMIZER"]
        mark = " [[byrd1995]]" if optimiser == "LBFGS" else ""
        if level["optimisation"].get("BFGS", {}).get("RESTART_HESSIAN"):
            mark = " from the Hessian of a valence force field [[martin1970]]"
        outcome = "" if level["converged"] else ", continued by the next"
        if not level["converged"] and level is facts["relaxation"][-1]:
            outcome = ", which was not reached"
        steps.append(
            f"{optimiser}{mark} at {number(level['cutoff_ry'])} Ry until no force exceeded "
            f"{number(level['optimisation']['MAX_FORCE'])} Hartree/bohr{outcome}"
        )
    return f"the geometry was relaxed by {join(steps)}"


def stages(facts: Facts) -> str | None:
    """Name the SCF runs that lead to the result."""
    if not facts.get("stages"):
        return None
    hows = [_solver(stage["scf"]) for stage in facts["stages"]]
    runs = [
        f"{'the same' if n and hows[n - 1] == how else how} {_target(stage)}"
        for n, (how, stage) in enumerate(zip(hows, facts["stages"], strict=True))
    ]
    prepared = f"the wavefunction was prepared by {join(runs[:-1])}, and " if runs[:-1] else ""
    return f"{prepared}the ground state was converged by {runs[-1]}"


def _solver(scf: Mapping[str, Any]) -> str:
    if "OT" in scf:
        return (
            f"orbital transformation [[vandevondele2003]] ({scf['OT']['MINIMIZER']}, preconditioner "
            f"{scf['OT']['PRECONDITIONER']})"
        )
    return f"diagonalisation with Broyden mixing (α = {number(scf['MIXING']['ALPHA'])})"


def _target(stage: Mapping[str, Any]) -> str:
    scf = stage["scf"]
    temperature = scf.get("SMEAR", {}).get("ELECTRONIC_TEMPERATURE", "").split()
    occupied = (
        f"with Fermi-Dirac occupations [[mermin1965]] at {number(float(temperature[-1]))} K"
        if temperature
        else "with integer occupations"
    )
    ended = "" if stage["converged"] else f", which it did not meet in {scf['MAX_SCF']} steps"
    return f"{occupied} to EPS_SCF = {number(scf['EPS_SCF'])}{ended}"


def discarded(facts: Facts) -> str | None:
    """Name the SCF runs that were left for another one."""
    if not facts.get("discarded"):
        return None
    words = []
    for stage in facts["discarded"]:
        gap_ev = stage["gap_ev"] if stage["converged"] else None
        found = f" (gap {number(gap_ev)} eV)" if gap_ev is not None else ""
        words.append(f"{_solver(stage['scf'])} {_target(stage)}{found}")
    return f"{join(words)} was tried and left for another start"


def steps(models: Sequence[Facts]) -> str | None:
    """Name the numbers of SCF steps."""
    taken = [stage["n_steps"] for facts in models for stage in facts.get("stages", []) if stage["n_steps"]]
    return f"an SCF run took {spread(taken)} steps" if taken else None


def occupations(facts: Facts) -> str | None:
    """Say what the occupations of the result are, and so its energy."""
    if not facts.get("stages"):
        return None
    smeared = "SMEAR" in facts["stages"][-1]["scf"]
    return (
        "the energies are free energies of the smeared occupations" if smeared else "occupations are integers"
    )


def deviation(models: Sequence[Facts]) -> str | None:
    """Say how far smearing took the occupations from integers."""
    found = {
        facts["label"]: facts["max_occupation_deviation_e"]
        for facts in models
        if facts.get("stages") and "SMEAR" in facts["stages"][-1]["scf"]
    }
    known = {label: value for label, value in found.items() if value is not None}
    if not known:
        return None
    worst = max(known, key=lambda label: known[label])
    where = f", in {worst}" if len(models) > 1 else ""
    return f"smearing took no orbital's occupation further than {number(known[worst])} from an integer{where}"


def diagonalisation(facts: Facts) -> str | None:
    """Name how unoccupied orbitals were obtained."""
    if not facts.get("stages"):
        return None
    n_virtual = facts["stages"][-1]["scf"].get("ADDED_MOS")
    solver = facts["cp2k"].get("unoccupied_solver")
    if not n_virtual or not solver:
        return None
    mark = " [[marek2014]]" if "ELPA" in solver else ""
    return f"{n_virtual} unoccupied orbitals come from the same {solver}{mark}"


def bader(facts: Facts) -> str | None:
    """Name engine, method and cut of the partition."""
    if "bader" not in facts:
        return None
    entry = facts["bader"]
    marks = ["yu2011"] if entry["method"] == "weight" else ["tang2009"]
    if entry["engine"].startswith("bader"):
        marks = ["henkelman2006", "sanville2007", *marks]
    with_cores = entry.get("core") == "on" or "atomic cores" in (entry.get("reference") or "")
    core = ", regions found with the densities of atomic cores added" if with_cores else ""
    cube = (facts.get("dft", {}).get("DFT", {}).get("PRINT", {})).get("E_DENSITY_CUBE", {})
    full = ", written at every grid point," if cube.get("STRIDE") == "1 1 1" else ""
    return (
        f"the valence electron density{full} was partitioned into Bader regions with {entry['engine']} "
        f"{entry['engine_version']} by the {entry['method']} method [[{','.join(marks)}]], with densities below "
        f"{number(entry['vacuum_e_bohr3'])} e/bohr³ counted as vacuum{core}; the Bader charge of an atom is the "
        "valence charge of its pseudopotential minus its Bader population"
    )


def bonds(facts: Facts) -> str | None:
    """Name the rule for bonds."""
    if "charge_flow" not in facts:
        return None
    entry = facts["charge_flow"]
    rule = ", except between atoms of like formal charge" if entry["exclude_like_charges"] else ""
    return (
        f"atoms closer than {number(entry['bond_scale'])} times the sum of their covalent radii [[cordero2008]] are "
        f"bonded{rule}"
    )


def flow(facts: Facts) -> str | None:
    """Name the solution of the charge flow."""
    if "charge_flow" not in facts:
        return None
    weight = facts["charge_flow"]["regularisation"]
    solution = (
        "the solution of smallest norm"
        if weight == 0
        else f"the least-squares solution with the regularisation λ = {number(weight)}"
    )
    return (
        f"the electrons handed along each bond are {solution} of the equations that make the flows at every atom sum "
        "to its Bader charge; the charge-flow vector of an atom is the sum over its bonds of the flow's size times "
        "the unit vector from donor to acceptor"
    )


def balance(models: Sequence[Facts]) -> str | None:
    """Name what the charges leave over."""
    left = [abs(e) for facts in models if "quality" in facts for e in facts["quality"]["imbalance_e"]]
    if not left:
        return None
    return f"the Bader charges of a model sum to at most {number(max(left))} e, which was spread evenly over its atoms"


def analysis(facts: Facts) -> str | None:
    """Name how orbitals were analysed."""
    if not facts.get("resolution") or len(facts["plugin"]) != 1:
        return None
    return (
        f"delocalised band edges were told from traps by the orbitals' shares on each {facts['resolution']}, with "
        f"the rule of aiida-chargeflow {facts['plugin'][0]}"
    )


def software(facts: Facts) -> str | None:
    """Name the workflow software."""
    if not facts["aiida"] or not facts["plugin"]:
        return None
    steps_run = "the analysis was" if facts.get("imported") else "all steps were"
    return (
        f"{steps_run} run by AiiDA {join(facts['aiida'])} [[huber2020,uhrin2021]], which keeps the provenance, "
        f"through aiida-chargeflow {join(facts['plugin'])}, which handles atoms with ASE [[larsen2017]]"
    )
