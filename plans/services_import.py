"""A catalogue file in two steps: what it would do, then exactly that."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from plans.actor import Actor
from plans.catalogue import read_catalogue
from plans.diff_words import Naming, Said, told
from plans.errors import DomainError, _
from plans.history import changes
from plans.services_catalogue import Change, apply_catalogue
from plans.terms import canonical_json


class CatalogueMoved(DomainError):  # noqa: N818
    """The stored catalogue changed since the file was reviewed, so it would do something else now."""

    code = "catalogue_moved"
    http_status = 409
    text = _("The catalogue changed since this file was reviewed. Look again at what it does.")


def effect_of(text: str, made: Sequence[Change]) -> str:
    """Return what a reviewer signs: a digest of the file and of what it does."""
    done = [
        [
            one.kind,
            one.section,
            one.code,
            one.keeps_terms,
            one.effective_at.isoformat() if one.effective_at else "",
            [[each.path, each.kind, each.old, each.new] for each in one.differences],
        ]
        for one in made
    ]
    return hashlib.sha256(canonical_json([text, done])).hexdigest()


def told_of(change: Change, names: Naming) -> list[Said]:
    """Return what a change says in words; of a new version, what differs from the one before it."""
    if change.sides is None:
        return []
    return told(*change.sides, names, None if change.against else change.differences)


def try_catalogue(text: str, *, at: datetime, by: Actor) -> list[Change]:
    """Return what a file would do; nothing is saved. Raises TermsInvalid with every problem."""
    return apply_catalogue(read_catalogue(text), dry_run=True, at=at, by=by)


def apply_reviewed(text: str, *, expected_effect: str, reason: str, at: datetime, by: Actor) -> list[Change]:
    """Load the file if it still does what was reviewed; CatalogueMoved and nothing saved otherwise."""
    with changes(by, reason=reason):
        made = apply_catalogue(read_catalogue(text), reason=reason, at=at, by=by)
        if effect_of(text, made) != expected_effect:
            raise CatalogueMoved
    return made
