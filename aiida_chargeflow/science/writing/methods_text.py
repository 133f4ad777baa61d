"""The methods section: facts of what was really run → paragraphs with citation marks.

A *statement* is a function of one model's facts that returns a clause, or None where it does not apply. Models of
which a statement says the same share a sentence; where they differ, the most common clause comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import methods_dft, methods_model
from .methods_words import join

Facts = Mapping[str, Any]
Statement = Callable[[Facts], str | None]


def paragraphs(models: Sequence[Facts]) -> dict[str, str]:
    """Return heading → paragraph for the models, with ``[[key]]`` marks for citations.

    Ranges over all models are given where a number differs in every model (atoms, boxes, steps).
    """
    return {
        "Models": _text(
            models,
            [
                methods_model.origin,
                methods_model.core,
                methods_model.polyhedra,
                methods_model.shells,
                methods_model.interface,
                methods_model.surface,
                methods_model.passivation,
                methods_model.geometry,
            ],
            [methods_model.lattice_constants(models), methods_model.sizes(models)],
        ),
        "Electronic structure": _text(
            models,
            [
                methods_dft.code,
                methods_dft.functional,
                methods_dft.grids,
                methods_dft.basis,
                methods_dft.files,
                methods_dft.electrostatics,
                methods_dft.relaxation,
                methods_dft.stages,
                methods_dft.discarded,
                methods_dft.occupations,
                methods_dft.diagonalisation,
            ],
            [
                methods_dft.valence(models),
                methods_dft.boxes(models),
                methods_dft.steps(models),
                methods_dft.deviation(models),
            ],
        ),
        "Charges and charge flow": _text(
            models,
            [methods_dft.bader, methods_dft.bonds, methods_dft.flow, methods_dft.analysis],
            [methods_dft.balance(models)],
        ),
        "Software": _text(models, [methods_dft.software], []),
    }


def _text(models: Sequence[Facts], statements: Sequence[Statement], over_all: Sequence[str | None]) -> str:
    sentences = [sentence for statement in statements for sentence in sentences_of(models, statement)]
    sentences += [_capitalise(text) for text in over_all if text]
    return " ".join(f"{sentence}." for sentence in sentences)


def sentences_of(models: Sequence[Facts], statement: Statement) -> list[str]:
    """Return the sentences in which a statement holds for the models, the most common one first."""
    variants: dict[str, list[str]] = {}
    for facts in models:
        clause = statement(facts)
        if clause:
            variants.setdefault(clause, []).append(facts["label"])
    ordered = sorted(variants, key=lambda clause: -len(variants[clause]))
    return [_sentence(clause, variants[clause], [facts["label"] for facts in models]) for clause in ordered]


def _sentence(clause: str, labels: list[str], every: list[str]) -> str:
    others = [label for label in every if label not in labels]
    if not others:
        return _capitalise(clause)
    if len(others) < len(labels):
        return f"For all models except {join(others)}, {clause}"
    return f"For {join(labels)}, {clause}"


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]
