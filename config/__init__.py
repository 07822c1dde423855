"""Wires the four apps together; no app imports it, save the admin seam (config.admin_base)."""
