"""Named patterns of interfaces and surfaces."""
