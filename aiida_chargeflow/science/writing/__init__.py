"""Texts and tables for papers."""
