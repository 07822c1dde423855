"""The night under its short name, for the seed and the command."""

from billing.services.nightly import NightReport, run_night

__all__ = ["NightReport", "run_night"]
