"""The usage desk of the admin."""
