"""The methods section says what the facts say, groups models, and cites only what it says."""

import copy
import re

import pytest

from aiida_chargeflow.science.models.materials import MATERIALS
from aiida_chargeflow.science.writing.citations import citations, keys_of, reference, to_bibtex, with_numbers
from aiida_chargeflow.science.writing.methods_dft import relaxation
from aiida_chargeflow.science.writing.methods_format import to_latex, to_markdown
from aiida_chargeflow.science.writing.methods_model import geometry
from aiida_chargeflow.science.writing.methods_text import paragraphs, sentences_of
from aiida_chargeflow.science.writing.methods_words import number

SCF = {
    "EPS_SCF": 1e-5,
    "MAX_SCF": 45,
    "ADDED_MOS": 20,
    "MIXING": {"ALPHA": 0.2},
    "SMEAR": {"ELECTRONIC_TEMPERATURE": "[K] 300.0"},
}
FACTS = {
    "label": "a",
    "uuid": "0",
    "formula": "InAs",
    "n_atoms": 2,
    "n_electrons": 18,
    "resolution": "kind",
    "spec": None,
    "aiida": ["2.9.4"],
    "plugin": ["0.1.0"],
    "lattice": None,
    "max_occupation_deviation_e": 0.02,
    "cp2k": {"cp2k_version": "2023.1", "source_revision": "git:b888bd8", "unoccupied_solver": "diagonalisation"},
    "dft": {
        "DFT": {
            "QS": {"METHOD": "GPW", "EPS_DEFAULT": 1e-10},
            "MGRID": {"CUTOFF": 200.0, "REL_CUTOFF": 40.0, "NGRIDS": 4},
            "POISSON": {"PERIODIC": "NONE", "POISSON_SOLVER": "MULTIPOLE"},
            "XC": {
                "XC_FUNCTIONAL": {"TPSS": {"SCALE_X": 1.25, "SCALE_C": 0.5}},
                "XC_GRID": {"XC_DERIV": "PW", "XC_SMOOTH_RHO": "NONE"},
            },
        },
        "SUBSYS": {
            "CELL": {"PERIODIC": "NONE"},
            "KIND": [{"ELEMENT": "In", "BASIS_SET": "DZVP-MOLOPT-GGA-GTH-q13", "POTENTIAL": "GTH-GGA-q13"}],
        },
    },
    "stages": [{"name": "cold", "scf": SCF, "converged": True, "n_steps": 12, "gap_ev": 0.4}],
    "discarded": [],
    "files": {"BASIS": "ab" * 32},
    "box_ang": [16.0, 16.0, 16.0],
    "padding_ang": 2.0,
    "relaxation": [],
    "bader": {
        "engine": "chargeflow-bader", "engine_version": "0.1.0", "method": "weight", "vacuum_e_bohr3": 1e-6,
    },
    "charge_flow": {"bond_scale": 1.2, "exclude_like_charges": False, "regularisation": 0.0},
    "quality": {"imbalance_e": [0.001]},
}  # fmt: skip


def model(label="a", **changes):
    return {**copy.deepcopy(FACTS), "label": label, **changes}


def whole(*models):
    return " ".join(paragraphs(models).values())


def test_hle17_by_tpss_and_by_libxc():
    text = whole(model())
    assert "HLE17" in text
    assert {"verma2017", "tao2003"} <= set(keys_of(text))
    assert "lehtola2018" not in keys_of(text)
    other = model()
    other["dft"]["DFT"]["XC"]["XC_FUNCTIONAL"] = {"MGGA_XC_HLE17": {}}
    assert {"verma2017", "lehtola2018"} <= set(keys_of(whole(other)))
    assert "tao2003" not in keys_of(whole(other))


def test_a_foreign_functional_is_not_called_hle17():
    other = model()
    other["dft"]["DFT"]["XC"]["XC_FUNCTIONAL"] = {"TPSS": {"SCALE_X": 1.0, "SCALE_C": 1.0}}
    assert "HLE17" not in whole(other)


def test_atomic_cores_are_told_where_the_engine_has_added_them():
    told = {**FACTS["bader"], "reference": "density + atomic cores (auto)"}
    assert "atomic cores" in whole(model(bader=told))
    assert "atomic cores" not in whole(model(bader={**told, "reference": "density (cores auto)"}))


@pytest.mark.parametrize(
    ("engine", "method", "cited", "not_cited"),
    [
        ("chargeflow-bader", "weight", {"yu2011"}, {"tang2009", "henkelman2006"}),
        ("chargeflow-bader", "neargrid", {"tang2009"}, {"yu2011", "henkelman2006"}),
        ("bader (Henkelman group)", "neargrid", {"tang2009", "henkelman2006", "sanville2007"}, {"yu2011"}),
    ],
)
def test_bader_papers_of_the_method_that_ran(engine, method, cited, not_cited):
    keys = set(keys_of(whole(model(bader={**FACTS["bader"], "engine": engine, "method": method}))))
    assert cited <= keys
    assert not not_cited & keys


def test_models_that_differ_are_named():
    models = [model(label) for label in "abcd"]
    models[3]["dft"]["DFT"]["MGRID"]["CUTOFF"] = 140.0
    text = whole(*models)
    assert "For all models except d, the density was expanded on 4 grids up to 200 Ry" in text
    assert "For d, the density was expanded on 4 grids up to 140 Ry" in text
    assert text.count("HLE17 [[verma2017]]") == 1


def test_a_statement_that_holds_for_some_names_them():
    clauses = {"a": None, "b": "it was so", "c": None}
    assert sentences_of([model(x) for x in clauses], lambda facts: clauses[facts["label"]]) == [
        "For b, it was so"
    ]


def test_stages_as_they_ended():
    hot = {**SCF, "SMEAR": {"ELECTRONIC_TEMPERATURE": "[K] 2500.0"}}
    stages = [
        {"name": "hot", "scf": hot, "converged": False, "n_steps": 45, "gap_ev": None},
        FACTS["stages"][0],
    ]
    text = whole(model(stages=stages))
    assert "at 2500 K to EPS_SCF = 10^{-5}, which it did not meet in 45 steps" in text
    assert "converged by the same with Fermi-Dirac occupations [[mermin1965]] at 300 K" in text
    integer = {key: value for key, value in SCF.items() if key != "SMEAR"}
    text = whole(model(stages=[{**FACTS["stages"][0], "scf": integer}]))
    assert "ccupations are integers" in text
    assert "mermin1965" not in keys_of(text)


def test_lattice_constants_are_cited():
    known = {name: MATERIALS[name] for name in ("InAs", "CdSe", "ZnSe")}
    used = {name: [material.lattice_constant_ang, material.source] for name, material in known.items()}
    text = whole(model(lattice=used))
    assert "6.058 Å for InAs [[adachi2005]]; 6.077 Å for CdSe [[adachi2005]]; " in text


def test_what_the_provenance_lacks_is_not_said():
    bare = {key: FACTS[key] for key in ("label", "uuid", "formula", "n_atoms", "n_electrons", "spec")}
    text = paragraphs([{**bare, "aiida": [], "plugin": []}])
    assert set(filter(None, text.values())) == {
        "The structure was given as coordinates instead of being built from a pattern. "
        "The model has 2 atoms and 18 valence electrons."
    }


def test_numbers_follow_the_order_of_citation():
    assert with_numbers("A [[yu2011]] b [[cordero2008,yu2011]].") == "A [1] b [1, 2]."
    with pytest.raises(KeyError):
        keys_of("[[nobody1999]]")


def test_every_entry_makes_bibtex_and_a_reference():
    for key, entry in citations().items():
        assert re.fullmatch(r"10\.\d{4,5}/\S+", entry["doi"])
        assert entry["doi"] in reference(key)
        assert f"{{{key}," in to_bibtex([key])
        assert to_bibtex([key]).isascii()
    assert len({entry["doi"] for entry in citations().values()}) == len(citations())


def test_formats(tmp_path):
    models = [model()]
    text = paragraphs(models)
    markdown = to_markdown(text, models)
    assert "[[" not in markdown
    assert "10⁻⁵" in markdown
    assert "ab" * 32 in markdown
    latex = to_latex(text, models, tmp_path / "refs.bib")
    assert latex.isascii()
    assert r"\cite{verma2017}" in latex
    assert r"\bibliography{refs}" in latex
    assert r"EPS\_SCF = \(10^{-5}\)" in latex
    assert not re.search(
        r"(?<!\\)[&%#_]", latex.split("\n", 1)[1].replace("tabular}{llrl}", "").replace(" & ", " ")
    )


def test_number_words():
    assert [number(x) for x in (200.0, 1e-10, 5e-4, 0.02, 0, 2500)] == [
        "200", "10^{-10}", "5·10^{-4}", "0.02", "0", "2500",
    ]  # fmt: skip


def test_an_optimisation_says_where_it_began_and_whether_it_arrived():
    def told(converged, **optimisation):
        keys = {"MAX_FORCE": 4.5e-4, **optimisation}
        level = {"name": "wanted", "optimisation": keys, "cutoff_ry": 240, "converged": converged}
        return relaxation({"relaxation": [level]})

    bonds = {"OPTIMIZER": "BFGS", "BFGS": {"RESTART_HESSIAN": True}}
    assert "BFGS from the Hessian of a valence force field [[martin1970]]" in told(True, **bonds)
    assert "Hessian" not in told(True, OPTIMIZER="BFGS")  # as it ran before
    assert "LBFGS [[byrd1995]]" in told(True, OPTIMIZER="LBFGS")
    assert told(False, **bonds).endswith("which was not reached")
    assert "not reached" not in told(True, **bonds)


@pytest.mark.parametrize(("start", "told"), [({}, False), ({"start": "v2"}, True), ({"start": "v3"}, True)])
def test_the_version_of_the_start_geometry_is_described(start, told):
    spec = {"start_geometry": "force-field", **start}
    text = geometry({"spec": spec, "relaxation": None})
    assert "valence force field" in text
    assert ("bond-strength sums" in text) is told
