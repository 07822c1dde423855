"""The subscriptions desk of the admin."""
