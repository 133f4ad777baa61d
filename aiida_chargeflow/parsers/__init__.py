"""Parsers: files to nodes or exit codes, through the readers of the science package."""
