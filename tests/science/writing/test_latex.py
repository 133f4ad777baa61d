"""Text in LaTeX: nothing is a command that should be a character, and plain pdflatex knows every letter."""

import pytest

from aiida_chargeflow.science.writing.citations import to_bibtex
from aiida_chargeflow.science.writing.latex import accented, escape
from aiida_chargeflow.science.writing.table_format import to_latex


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50% & $3 #1_a", r"50\% \& \$3 \#1\_a"),
        (r"a\b{c}", r"a\textbackslash{}b\{c\}"),
        ("~x^2", r"\textasciitilde{}x\textasciicircum{}2"),
        ("a<b>c|d", "a$<$b$>$c$|$d"),
        ("2 Å² – 5·10⁻³", r"2 \AA{}$^{2}$ -- 5$\cdot$10$^{-3}$"),
        ("In₁₆As₉ at ⟨111⟩", r"In$_{16}$As$_{9}$ at $\langle$111$\rangle$"),
        ("α ≤ −0.3 µeV", r"$\alpha$ $\le$ $-$0.3 $\mu$eV"),
        ("Gómez, Jürg, Čech, Šíma", r"G{\'o}mez, J{\"u}rg, {\v C}ech, {\v S}{\'\i}ma"),
    ],
)
def test_characters(text, expected):
    assert escape(text) == expected
    assert escape(text).isascii()


def test_accents_leave_commands_alone():
    assert accented(r"{Löwdin} \cite{x}") == r"{L{\"o}wdin} \cite{x}"


def test_rows_of_odd_labels_stay_rows():
    rows = [{"label": "[a]"}, {"label": "*b & c\nd"}, {"label": None}]
    lines = to_latex(rows).splitlines()
    assert lines[4:7] == [r"{[}a{]} \\", r"{*}b \& c d \\", r" \\"]
    assert lines[0] == r"\begin{tabular}{l}"


def test_numbers_are_flush_right_with_a_minus():
    text = to_latex([{"label": "-", "gap_ev": -0.5, "is_trap": True}])
    assert text.startswith(r"\begin{tabular}{lrl}")
    assert r"- & $-$0.5000 & True \\" in text


def test_bibtex_sees_one_letter():
    assert r"Bl{\"o}chl, P. E." in to_bibtex(["bloechl1995"])
