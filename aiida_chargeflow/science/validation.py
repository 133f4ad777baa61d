"""What pydantic finds wrong, as one message that names the key, the value and the remedy."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError, ValidationInfo, field_validator

from .errors import InputError, one_of


class Validated(BaseModel):
    """Base of what is read from YAML: a truth value is no number, although Python counts True as 1."""

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields[info.field_name or ""]
        if _holds_truth(value) and "bool" not in str(field.annotation) and field.annotation is not Any:
            raise ValueError("a truth value stands where a number or text belongs")
        return value


def _holds_truth(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_holds_truth(part) for part in value)
    return isinstance(value, bool)


def input_error(
    error: ValidationError, model: type[BaseModel], section: str = "", remedy: str = ""
) -> InputError:
    """Return the message for one of the errors: for an unknown key if there is one, since others follow from it.

    :param model: what was validated; its keys are named in the message for an unknown one.
    :param section: where in the file the validated part lies.
    :param remedy: for everything but an unknown key.
    """
    found = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    place = [str(part) for part in found["loc"]]
    field = ".".join([section, *place] if section else place)
    if found["type"] != "extra_forbidden":
        problem = found["msg"].removeprefix("Value error, ")
        return InputError(
            problem[:1].lower() + problem[1:], field=field or None, value=found.get("input"), remedy=remedy
        )
    remedy = one_of(place[-1], _keys(model, place[:-1]))
    return InputError("unknown key", field=field, value=found["input"], remedy=remedy)


def _keys(model: type[BaseModel], place: list[str]) -> list[str]:
    """Return the keys of the model at ``place`` within ``model``, or of the last model on the way."""
    for part in place:
        entry = model.model_fields.get(part)
        if entry is None or not (
            isinstance(entry.annotation, type) and issubclass(entry.annotation, BaseModel)
        ):
            break
        model = entry.annotation
    return list(model.model_fields)
