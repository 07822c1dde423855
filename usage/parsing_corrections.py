"""Corrections as they are sent: which event no longer counts, why, and what counts in its place. PURE."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from usage.parsing import Envelope, Refusal, envelope
from usage.parsing_json import read_items
from usage.parsing_values import Refused, text

Action = Literal["void", "replace"]
FIELDS = {"action", "subject", "source", "id", "key", "reason", "event"}
ACTIONS = ("void", "replace")
_KEY = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction. The event is named by source and id, or by its key, as the evidence pages show it."""

    index: int
    action: Action
    subject: str
    source: str
    id: str
    key: str  # 32 hex digits
    reason: str
    event: Envelope | None  # in place of it


def parse_corrections(body: bytes) -> tuple[list[Correction], list[Refusal]]:
    """Read an array of corrections: the good ones, and why the others are refused.

    Raises UnreadableBody or BodyTooLarge for the body as a whole.
    """
    found: list[Correction] = []
    refused: list[Refusal] = []
    for index, item in enumerate(read_items(body)):
        try:
            found.append(_correction(index, item))
        except Refused as no:
            refused.append(Refusal(index, _id_of(item), no.code, no.field, no.limit))
    return found, refused


def _correction(index: int, item: Any) -> Correction:
    if isinstance(item, Refused):
        raise item
    if not isinstance(item, dict):
        raise Refused("wrong_type", "", "object")
    for name in item:
        if name not in FIELDS:
            raise Refused("unknown_field", name[:64] if name.isprintable() else "?")
    action = item.get("action")
    if action not in ACTIONS:
        raise Refused("required" if action is None else "unknown_kind", "action", ", ".join(ACTIONS))
    subject = text(item.get("subject"), "subject", longest=64)
    source, name, key = _named(item)
    reason = text(item.get("reason"), "reason", longest=200)
    if not reason.strip():
        raise Refused("required", "reason")
    event = _event(index, item, subject, key) if action == "replace" else None
    if action == "void" and item.get("event") is not None:
        raise Refused("void_with_event", "event")
    return Correction(index, action, subject, source, name, key, reason, event)


def _named(item: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return source, id and key of the event; a key alone will do."""
    by_name = item.get("source") is not None or item.get("id") is not None
    if item.get("key") is not None:
        if by_name:
            raise Refused("name_or_key", "key")
        given = text(item["key"], "key", longest=36)
        if not is_key(given):
            raise Refused("not_a_key", "key")
        return "", "", UUID(given).hex
    source = text(item.get("source"), "source", longest=200)
    name = text(item.get("id"), "id", longest=200)
    return source, name, identity(source, name)


def is_key(given: str) -> bool:
    """Return whether a text is spelled like an event key."""
    return _KEY.fullmatch(given) is not None


def identity(source: str, name: str) -> str:
    """Return the key of the event that a sender calls so."""
    return Envelope(0, name, source, "", "", None, {}).identity()  # type: ignore[arg-type]


def _event(index: int, item: Mapping[str, Any], subject: str, key: str) -> Envelope:
    """Read the event that counts instead: a new id, the same app."""
    if item.get("event") is None:
        raise Refused("required", "event")
    try:
        found = envelope(index, item["event"], set())
    except Refused as no:
        raise Refused(no.code, f"event.{no.field}" if no.field else "event", no.limit) from None
    if found.subject != subject:
        raise Refused("other_app", "event.subject", subject)
    if found.identity() == key:
        raise Refused("same_id", "event.id")
    return found


def _id_of(item: object) -> str:
    """Return the id of a refused item for the answer, if it has a usable one."""
    found = item.get("id") or item.get("key") if isinstance(item, dict) else None
    try:
        return text(found, "id", longest=200)
    except Refused:
        return ""
