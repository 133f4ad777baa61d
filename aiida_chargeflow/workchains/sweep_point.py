"""One point of a sweep: its model, its protocol, and the digest that it is known by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

#: What the work chain of a sweep cannot do without.
REQUIRED = ("label", "protocol", "digest", "spec")


@dataclass(frozen=True)
class SweepPoint:
    """A point as the group of its sweep and the work chain keep it.

    :param protocol: name of the protocol.
    :param overrides: differences from the protocol, nested as it is.
    :param spec: normalised content of the model file.
    :param digest: hash of model and resolved protocol.
    """

    label: str
    protocol: str
    spec: Mapping[str, Any]
    digest: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    formula: str = ""
    n_atoms: int = 0

    @classmethod
    def from_stored(cls, data: Mapping[str, Any]) -> SweepPoint:
        """Return a point as it was stored.

        The first versions kept the name of the inputs under ``protocol`` and that of the protocol beside it.
        """
        protocol = data.get("protocol_name", data["protocol"])
        known = {name: data[name] for name in ("overrides", "formula", "n_atoms") if name in data}
        return cls(data["label"], protocol, data["spec"], data["digest"], **known)

    def to_mapping(self) -> dict[str, Any]:
        """Return the point as plain data, to be stored."""
        return asdict(self)

    @property
    def inputs_key(self) -> str:
        """Return a name for the inputs that points of the same protocol and overrides share."""
        if not self.overrides:
            return self.protocol
        text = json.dumps(self.overrides, sort_keys=True)
        return f"{self.protocol}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"
