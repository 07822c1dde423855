"""OpenMeter's API as the client openmeter 1.0.0b236 speaks it."""
