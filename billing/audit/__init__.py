"""The audit kit: everything with which a customer recomputes an invoice without trusting us."""
