"""The billing desk of the admin."""
