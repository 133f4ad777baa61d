"""Plain text as LaTeX that any engine reads, pdflatex with no further packages included."""

from __future__ import annotations

import unicodedata

_SPECIAL = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "|": "$|$", "<": "$<$", ">": "$>$",
    # at the beginning of a row these would be arguments of the \\ before it
    "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip
_SYMBOLS = {
    "Å": r"\AA{}", "å": r"\aa{}", "ß": r"\ss{}", "ø": r"\o{}", "Ø": r"\O{}", "æ": r"\ae{}", "Æ": r"\AE{}",
    "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}", "µ": r"$\mu$",
    "–": "--", "—": "---", "−": "$-$", "·": r"$\cdot$", "×": r"$\times$", "±": r"$\pm$", "…": r"\ldots{}",
    "≤": r"$\le$", "≥": r"$\ge$", "≈": r"$\approx$", "→": r"$\to$", "°": r"$^\circ$", "′": r"$'$",
    "⟨": r"$\langle$", "⟩": r"$\rangle$", "‘": "`", "’": "'", "“": "``", "”": "''",
    "\u00a0": "~", "\u2009": r"\,", "\u202f": r"\,",
}  # fmt: skip
_GREEK = {
    "α": r"$\alpha$", "β": r"$\beta$", "γ": r"$\gamma$", "δ": r"$\delta$", "ε": r"$\varepsilon$", "θ": r"$\theta$",
    "λ": r"$\lambda$", "μ": r"$\mu$", "π": r"$\pi$", "ρ": r"$\rho$", "σ": r"$\sigma$", "φ": r"$\varphi$",
    "ψ": r"$\psi$", "ω": r"$\omega$", "Γ": r"$\Gamma$", "Δ": r"$\Delta$", "Σ": r"$\Sigma$", "Φ": r"$\Phi$",
    "Ψ": r"$\Psi$", "Ω": r"$\Omega$",
}  # fmt: skip
_RAISED = {"⁰": 0, "¹": 1, "²": 2, "³": 3, **{chr(0x2070 + n): n for n in range(4, 10)}, "⁻": "-", "⁺": "+"}
_LOWERED = {chr(0x2080 + n): n for n in range(10)}
_TABLE = {
    **_SPECIAL,
    **_SYMBOLS,
    **_GREEK,
    **{character: f"$^{{{text}}}$" for character, text in _RAISED.items()},
    **{character: f"$_{{{text}}}$" for character, text in _LOWERED.items()},
}
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c", "\u0328": "k",
}  # fmt: skip


def escape(text: str) -> str:
    """Return the text as LaTeX shows it, in ASCII but for letters of scripts other than Latin and Greek."""
    escaped = "".join(_TABLE.get(character, accented(character)) for character in text)
    return escaped.replace("}$$^{", "").replace("}$$_{", "")  # one script of several digits


def accented(text: str) -> str:
    r"""Return the text with accented Latin letters as commands, such as ``{\'e}``, and all else as it is.

    BibTeX takes the braces for one letter, so that initials and sorting come out right.
    """
    return "".join(map(_letter, text))


def _letter(character: str) -> str:
    parts = unicodedata.normalize("NFD", character)
    base, marks = parts[:1], parts[1:]
    if not base.isascii() or marks not in _ACCENTS:
        return character
    accent = _ACCENTS[marks]
    if base in "ij" and accent not in "ck":
        base = f"\\{base}"  # the accent replaces the dot
    gap = " " if accent.isalpha() and base[0] != "\\" else ""
    return f"{{\\{accent}{gap}{base}}}"
