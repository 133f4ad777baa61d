"""Search interlayers before DFT: a space of edits, candidates that differ by symmetry, and their ranking."""
