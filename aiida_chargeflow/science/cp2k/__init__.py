"""CP2K: input, output and what goes wrong."""
