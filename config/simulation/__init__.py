"""Shaped traffic for one app, sent through the HTTP API as an IM backend sends it."""
