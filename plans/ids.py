"""Public ids: a prefix that says what it is, then 80 random bits without look-alike letters."""

import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford: no i, l, o, u


def new_id(prefix: str) -> str:
    """Return e.g. `inv_7k2m9…` with 16 characters of 5 bits each."""
    return f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(16))
