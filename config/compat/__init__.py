"""Doors for the official clients of other metering products: they translate, the house decides."""
