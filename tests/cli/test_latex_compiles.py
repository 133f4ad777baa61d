"""What the commands write as LaTeX goes through a real TeX."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from commands import ok

pytestmark = pytest.mark.skipif(
    not shutil.which("pdflatex"), reason="pdflatex (texlive-latex-base) is not installed"
)
TABLES = ("stoichiometry", "gaps", "charges", "charge-flow", "ligand-density", "orbitals", "cost")


def typeset(folder: Path, source: str) -> str:
    """Return what pdflatex says of a document, which it must read without an error."""
    (folder / "paper.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "paper.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
    log = done.stdout.decode(errors="replace")
    assert done.returncode == 0, log[-3000:]
    return log


def rules() -> str:
    """Return the preamble that tables need: booktabs, or plain rules where texlive-latex-base is all there is."""
    found = subprocess.run(["kpsewhich", "booktabs.sty"], capture_output=True, check=False).returncode == 0
    return (
        r"\usepackage{booktabs}" if found else r"\let\toprule\hline \let\midrule\hline \let\bottomrule\hline"
    )


def test_every_table(paper: Any, tmp_path: Path) -> None:
    tables = [ok("table", name, paper.label, "--format", "latex") for name in TABLES]
    assert all(r"\begin{tabular}" in table for table in tables)
    body = "\n\n".join(rf"\noindent\tiny {table}" for table in tables)
    log = typeset(tmp_path, rf"\documentclass{{article}}{rules()}\begin{{document}}{body}\end{{document}}")
    assert "Missing character" not in log


def test_the_methods_section(paper: Any, tmp_path: Path) -> None:
    text = ok("methods", paper.label, "--format", "latex", "--bibtex", tmp_path / "refs.bib")
    log = typeset(tmp_path, rf"\documentclass{{article}}{rules()}\begin{{document}}{text}\end{{document}}")
    assert "Missing character" not in log
