"""A stand-in for Stripe, for development and tests: its own process, its own port, no Django."""
