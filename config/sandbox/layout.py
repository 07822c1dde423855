"""How the sandbox's pages look: one document, one style sheet, nothing from outside."""

from datetime import UTC, datetime
from html import escape
from pathlib import Path

from config.sandbox.cards import CARDS
from config.sandbox.errors import Json
from config.sandbox.labels import Words

CSS = Path(__file__).with_name("page.css").read_text("utf-8")


USUAL_CARDS = 4  # pays, declines, asks once, asks always


def document(words: Words, title: str, body: str, *, narrow: bool = False) -> str:
    """Return a whole page; `body` is HTML, `title` is text."""
    notice = words("A stand-in for Stripe on your own machine. No money moves.")
    return (
        f'<!doctype html><html lang="{words.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · {escape(words('Stripe sandbox'))}</title><style>{CSS}</style></head><body>"
        f'<header><a href="/">{escape(words("Stripe sandbox"))}</a><span>{escape(notice)}</span></header>'
        f"<main{' class=narrow' if narrow else ''}>{body}</main></body></html>"
    )


def table(
    head: list[str], rows: list[list[str]], *, numbers: set[int], foot: list[list[str]] | None = None
) -> str:
    """Return a table; cells are HTML, `numbers` are the columns aligned right."""

    def cells(row: list[str], tag: str) -> str:
        marked = [(cell, ' class="n"' if place in numbers else "") for place, cell in enumerate(row)]
        scope = ' scope="col"' if tag == "th" else ""
        return "".join(f"<{tag}{scope}{mark}>{cell}</{tag}>" for cell, mark in marked)

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    end = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in foot or [])
    return (
        f'<div class="scroll"><table><thead><tr>{cells([escape(h) for h in head], "th")}</tr></thead>'
        f"<tbody>{body}</tbody>{f'<tfoot>{end}</tfoot>' if end else ''}</table></div>"
    )


def facts(pairs: list[tuple[str, str]]) -> str:
    """Return a list of named values (text)."""
    return (
        "<dl>" + "".join(f"<div><dt>{escape(n)}</dt><dd>{escape(v)}</dd></div>" for n, v in pairs) + "</dl>"
    )


def status(words: Words, value: str) -> str:
    """Return an invoice status as a badge: the word says it, colour only helps."""
    return f'<span class="status {escape(value)}">{escape(words(value))}</span>'


def note(text: str, kind: str = "") -> str:
    """Return a message to the person."""
    return f'<p class="note {kind}" role="status">{escape(text)}</p>' if text else ""


def instant(seconds: int | None) -> str:
    """Return an instant in UTC; the time of day only where it is not midnight."""
    if seconds is None:
        return "–"
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    if (moment.hour, moment.minute) == (0, 0):
        return moment.strftime("%Y-%m-%d")
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def grouped(number: str) -> str:
    """Return a card number as it is printed."""
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))


def card_name(method: Json) -> str:
    """Return `Visa •••• 4242`."""
    return f"{method['card']['brand'].capitalize()} •••• {method['card']['last4']}"


def card_choice(words: Words, saved: list[Json]) -> str:
    """Return the choice among saved cards, test cards and any other number."""
    options = [(m["id"], card_name(m), words("saved")) for m in saved]
    options += [(card.number, grouped(card.number), words(card.label)) for card in CARDS]
    picks = [
        f'<label class="pick"><input type="radio" name="card" value="{escape(value)}"'
        f"{' checked' if place == 0 else ''}><b>{escape(name)}</b><span>{escape(hint)}</span></label>"
        for place, (value, name, hint) in enumerate(options)
    ]
    first, more = picks[: len(saved) + USUAL_CARDS], picks[len(saved) + USUAL_CARDS :]
    return (
        f"<fieldset><legend>{escape(words('Test card'))}</legend>{''.join(first)}"
        f"<details><summary>{escape(words('More test cards'))}</summary>{''.join(more)}</details></fieldset>"
        f"<p><label>{escape(words('Another number'))}"
        '<input type="text" name="number" inputmode="numeric" autocomplete="off"></label></p>'
    )
