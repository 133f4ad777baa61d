"""WorkChains, which read like the methods section of a paper."""
