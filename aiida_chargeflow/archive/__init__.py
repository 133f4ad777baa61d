"""One file of what a paper used: selected, freed of what is private, described, and read back with care."""
