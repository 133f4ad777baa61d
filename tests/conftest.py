"""Fixtures of AiiDA: a temporary profile for every session."""

pytest_plugins = ["aiida.tools.pytest_fixtures"]
