"""Façades with the real clients of the other products, against a live server."""
