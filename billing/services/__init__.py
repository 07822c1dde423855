"""Writes of billing, one verb each."""
