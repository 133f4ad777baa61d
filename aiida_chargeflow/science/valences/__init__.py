"""What a model says before any DFT: bond valences, charges, flows, excess electrons, potential."""
