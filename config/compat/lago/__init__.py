"""Lago's API as lago-python-client 1.55.0 speaks it."""
