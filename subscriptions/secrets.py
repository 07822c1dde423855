"""The text of an API key: `rc_live_<prefix>_<secret>`. Only the secret's SHA-512 is stored.

A fast digest is right here: the secret carries 160 random bits, so guessing is hopeless, and a slow
password hash would cost every request.
"""

import hashlib
import secrets
from dataclasses import dataclass

START = "rc_live_"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made; `text` is shown once and never stored."""

    prefix: str
    text: str
    digest: str


def make_key() -> NewKey:
    """Make a key with an 8-character prefix and a 40-character secret."""
    prefix, secret = secrets.token_hex(4), secrets.token_hex(20)
    return NewKey(prefix, f"{START}{prefix}_{secret}", digest_of(secret))


def digest_of(secret: str) -> str:
    """Return the digest that the table keeps."""
    return hashlib.sha512(secret.encode()).hexdigest()


def split_key(text: str) -> tuple[str, str] | None:
    """Return (prefix, secret) of a key's text, None if it does not look like one."""
    prefix, mark, secret = text.removeprefix(START).partition("_")
    whole = text.startswith(START) and mark and len(prefix) == 8 and len(secret) == 40
    return (prefix, secret) if whole and text.isascii() else None
