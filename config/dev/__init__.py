"""Ratecard on one machine: embedded servers, one process tree, the gate. Never imported by an app."""
