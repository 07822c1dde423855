"""The plans desk of the admin."""
