"""Who acts, as an opaque id: `user:12`, `key:key_9fk…`, `system:nightly`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a change, for history and documents."""

    id: str

    def __str__(self) -> str:
        return self.id


NIGHT = Actor("system:nightly")
SEED = Actor("system:seed")
STRIPE = Actor("system:stripe")
