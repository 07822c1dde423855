"""The sentences of refused corrections, by code."""

from django.utils.translation import gettext_noop

CORRECTIONS = {
    "type_of_nobody": gettext_noop(
        "No meter takes the type in %(field)s. Nothing was changed: a replacement that counts nowhere would"
        " take its event away."
    ),
    "name_or_key": gettext_noop("Name the event by source and id, or by %(field)s; not by both."),
    "not_a_key": gettext_noop("%(field)s is not an event key: 32 hexadecimal digits."),
    "void_with_event": gettext_noop(
        'A void brings no event. Leave %(field)s out, or send the action "replace".'
    ),
    "other_app": gettext_noop(
        "%(field)s names another app than %(limit)s. Void the event there, and report it under the right app."
    ),
    "same_id": gettext_noop(
        "%(field)s names the event that is corrected. The id stays taken, also when its event is void: give"
        " the replacement an id of its own."
    ),
    "replaces_two": gettext_noop(
        "%(field)s is void itself, or stands in place of another event already. Give each replacement an id"
        " of its own."
    ),
    "corrected_otherwise": gettext_noop(
        "The event named by %(field)s is corrected already, with another reason or replacement; that one"
        " stays. To change it further, correct the event that stands in its place."
    ),
    "unknown_event": gettext_noop(
        "No event of this app is known by %(field)s. Compare source and id with what was sent; an event in"
        " quarantine was never counted."
    ),
    "raw_dropped": gettext_noop(
        "Raw events of that day are no longer kept, so the day cannot be counted again. Agree on a credit"
        " instead."
    ),
}
