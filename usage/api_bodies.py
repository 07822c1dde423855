"""Request bodies before any rule: media type, size, gzip; and the sentences of refused items."""

from collections.abc import Mapping
from typing import Any

from django.http.request import HttpRequest
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from usage.errors import BodyTooLarge, UnreadableBody, UnsupportedMedia
from usage.parsing import Refusal
from usage.parsing_json import MAX_BYTES, MAX_EVENTS, inflate
from usage.sentences_corrections import CORRECTIONS
from usage.services import Outcome

JSON, EVENT, BATCH = "application/json", "application/cloudevents+json", "application/cloudevents-batch+json"
EVENT_TYPES: dict[str, bool | None] = {JSON: None, EVENT: False, BATCH: True}

SENTENCES = {
    "required": gettext_noop("%(field)s is missing."),
    "wrong_type": gettext_noop("%(field)s has the wrong JSON type; expected: %(limit)s."),
    "too_long": gettext_noop("%(field)s may have at most %(limit)s characters."),
    "invalid_text": gettext_noop("%(field)s holds a control, direction or broken character."),
    "specversion": gettext_noop('specversion must be the text "1.0".'),
    "unsupported": gettext_noop("%(field)s is not supported; send data as JSON."),
    "invalid_time": gettext_noop("%(field)s is not an RFC 3339 instant such as 2026-11-20T03:14:15Z."),
    "offset_required": gettext_noop("%(field)s needs an offset (Z or +08:00); it is not guessed."),
    "too_old": gettext_noop(
        "%(field)s lies before %(limit)s, the oldest instant this key may report. Older usage needs the"
        " scope usage:backfill."
    ),
    "day_dropped": gettext_noop(
        "%(field)s lies on %(limit)s (UTC), a day whose raw events are no longer kept: a copy could not be"
        " told from a new event. Settle such usage with the provider."
    ),
    "in_future": gettext_noop("%(field)s lies after %(limit)s. Check the sender's clock."),
    "unknown_app": gettext_noop("No app has this code. The event is kept for 35 days for replay."),
    "unknown_type": gettext_noop("No meter takes this type. The event is kept for 35 days for replay."),
    "unknown_property": gettext_noop("%(field)s is not declared for this type; declared: %(limit)s."),
    "not_a_number": gettext_noop("%(field)s is not a plain decimal number in ASCII digits."),
    "negative": gettext_noop("%(field)s is negative; this meter counts upwards only."),
    "out_of_range": gettext_noop("%(field)s is not below 10^18."),
    "too_precise": gettext_noop("%(field)s has more than %(limit)s decimal places."),
    "duplicate_key": gettext_noop("The item names a key twice."),
    "too_deep": gettext_noop("The item is nested more than %(limit)s levels deep."),
    "no_such_app": gettext_noop("No app has this code."),
    "no_such_customer": gettext_noop("No customer has this id."),
    "one_scope": gettext_noop("Name an app or a customer, not both; neither means everybody."),
    "unknown_field": gettext_noop("%(field)s is not a field of this report."),
    "unknown_kind": gettext_noop("%(field)s must be one of: %(limit)s."),
    "unknown_unit": gettext_noop("%(field)s must be one of: %(limit)s."),
    "not_positive": gettext_noop("%(field)s must be above 0."),
    "above_total": gettext_noop("%(field)s cannot be above total."),
    "not_a_span": gettext_noop("%(field)s must lie after its start."),
    "outside_window": gettext_noop("%(field)s must lie within the report's window."),
    "fed_otherwise": gettext_noop(
        "The meter named by %(field)s is fed otherwise (source: %(limit)s). A meter takes events or one kind"
        " of report, never two."
    ),
    "no_such_meter": gettext_noop("No meter has this code."),
    "days_of_users": gettext_noop(
        "Distinct users of single days cannot be added to those of a period. Report the period, or count the"
        " days with a peak meter."
    ),
    "not_whole": gettext_noop("%(field)s is not a whole number; this meter counts things."),
    "day_or_period": gettext_noop("Name either a day or a period."),
    "invalid_day": gettext_noop("%(field)s is not a day of the billing zone such as 2026-10-03."),
    "invalid_report_period": gettext_noop(
        "%(field)s is neither a part of the calendar (2026-10, 2026-Q4, 2026-H2, 2026) nor the first"
        " day of a billing period such as 2026-10-10, with its length unless it is a month:"
        " 2026-10-10P3M, P6M or P1Y."
    ),
    "not_counted_so": gettext_noop(
        "No charge of this app's agreement counts periods as long as %(field)s (every: %(limit)s), so it"
        " would stand on no bill."
    ),
    "no_region_here": gettext_noop("A report of a period is about all regions: leave %(field)s out."),
    "not_a_hash": gettext_noop("%(field)s is not a SHA-256: 64 hexadecimal digits, or sha256: before them."),
    "across_an_edge": gettext_noop(
        "%(field)s is no billing period of this app. It would reach over an edge, and is not shared out."
        " Periods of about then begin on: %(limit)s."
    ),
    "report_conflict": gettext_noop(
        "This revision is stored with another body; the first is kept (hashes kept / sent: %(limit)s). Send"
        " the next revision."
    ),
    "report_overlaps": gettext_noop(
        "%(field)s shares time with another one that is already reported; that time would count twice."
    ),
    "several_apps": gettext_noop("%(field)s covers several apps; send the code of the app that is meant."),
    "conflict": gettext_noop(
        "This source and id were already accepted with another body; the first is kept (hashes kept / sent:"
        " %(limit)s)."
    ),
}

SENTENCES |= CORRECTIONS


def media_type(request: HttpRequest, known: Mapping[str, bool | None]) -> bool | None:
    """Return what the media type says of the body's shape. Parameters pass; a charset must be UTF-8."""
    given = request.headers.get("Content-Type", "")
    name, parameters = parse_header_parameters(given)
    charset = parameters.get("charset", "utf-8").lower()
    if name.lower() not in known or charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMedia(given=given or _("a body without a media type"), wanted=", ".join(known))
    return known[name.lower()]


def read_body(request: HttpRequest, known: Mapping[str, bool | None]) -> bytes:
    """Return the plain body; an announced size past the limit is refused unread."""
    coding = request.headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity", "gzip"):
        raise UnsupportedMedia(given=coding, wanted=", ".join(known))
    if "Transfer-Encoding" in request.headers and "Content-Length" not in request.headers:
        raise UnreadableBody(reason=_("a Content-Length is needed, chunked bodies are not read"))
    length = request.headers.get("Content-Length", "0")
    if length.isdecimal() and int(length) > MAX_BYTES:
        raise BodyTooLarge(events=MAX_EVENTS, bytes=MAX_BYTES)
    return inflate(request.body) if coding == "gzip" else request.body


def answer(outcome: Outcome) -> dict[str, Any]:
    """Return the body of a 200."""
    return {
        "accepted": outcome.accepted,
        "duplicates": outcome.duplicates,
        "rejected": [item(refusal) for refusal in outcome.rejected],
    }


def item(refusal: Refusal) -> dict[str, Any]:
    """Return one refused item as the API tells it."""
    return {
        "index": refusal.index,
        "id": refusal.id,
        "code": refusal.code,
        "field": refusal.field,
        "detail": sentence(refusal),
    }


def sentence(refusal: Refusal) -> str:
    """Return what is wrong with an item, in the reader's language."""
    field = refusal.field or _("the item")
    return _(SENTENCES[refusal.code]) % {"field": field, "limit": refusal.limit}
