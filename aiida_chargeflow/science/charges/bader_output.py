"""What a Bader program prints about itself."""

from __future__ import annotations

import re


def engine_of(output: str) -> dict[str, str]:
    """Return name and version of the program that wrote ``output``, and what it found the regions with if it
    says so: the density, another cube, or the density with atomic cores.
    """
    patterns = {
        "chargeflow-bader": r"chargeflow-bader\s+(\S+)",
        "bader (Henkelman group)": r"GRID BASED BADER ANALYSIS\s+\(Version\s+([^\s)]+)",
    }
    for name, pattern in patterns.items():
        if match := re.search(pattern, output):
            told = {"engine": name, "engine_version": match.group(1)}
            reference = re.search(r"^REFERENCE:\s+(\S.*?)\s*$", output, re.MULTILINE)
            return told | ({"reference": reference.group(1)} if reference else {})
    return {"engine": "unknown", "engine_version": "unknown"}
