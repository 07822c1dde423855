"""The one sentence of a line, read as arithmetic: 71,000 messages − 50,000 included = 21,000; 3 started
blocks of 10,000 × €3.00.

It is built piece by piece. Each piece also says what it does to the number so far, so that a headline can be
worked out again from what it shows; a test does that for every line it can get hold of.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.derivation import Node
from billing.explain_headline_price import price_pieces
from billing.explain_pieces import Piece
from billing.explain_steps import covered, months
from billing.explain_words import ONE, ZERO, Names, Reader, fact_name, number_text, quoted
from plans.templatetags.figures import unit, unit_one
from plans.terms_check import BUILTIN_FACTS

NAMED = 3  # lines that a sum names; the rest is counted
SCALING = frozenset({"times", "over"})
ADDING = frozenset({"plus", "minus", "included", "sum", "at_least", "at_most"})


@dataclass(frozen=True, slots=True)
class Headline:
    """What a line comes to, in one sentence; `value` is the amount the pieces lead to."""

    text: str
    value: Decimal
    pieces: tuple[Piece, ...] = ()


@dataclass(slots=True)
class _Text:
    """A headline while it is put together."""

    reader: Reader
    text: str = ""
    value: Decimal = ZERO
    is_money: bool = False
    added: bool = False  # the open part holds a sum, which a factor must not follow directly
    steps: int = 0  # pieces of the open part
    pieces: list[Piece] = field(default_factory=list)

    def write(self, value: Decimal) -> str:
        return self.reader.written(value, is_money=self.is_money)

    def start(self, piece: Piece, *, is_money: bool) -> None:
        self.text, self.value, self.is_money = piece.text, piece.after(ZERO), is_money
        self.pieces.append(piece)
        self.added, self.steps = piece.op == "sum", 1

    def add(self, op: str, number: Decimal, text: str, *, scales: bool = False, **words: str) -> None:
        """Go on with a piece; `text` has a place for what stands before."""
        if (scales or op in SCALING) and self.added:
            self.close()
        piece = Piece(op, number, text)
        self.text = text % {"before": self.text, **words}
        self.value = piece.after(self.value)
        self.added = self.added or op in ADDING
        self.steps += 1
        self.pieces.append(piece)

    def close(self, *, again: bool = True) -> None:
        """End the open part with what it comes to, and begin the next one there."""
        written = self.write(self.value)
        if self.steps > 1:
            self.text = f"{self.text} = {written}"
        if again and self.steps > 1:
            self.text = _("%(first)s; %(second)s") % {"first": self.text, "second": written}
        self.added, self.steps = False, 1


def headline(node: Node, currency: str, names: Names) -> Headline:
    """Return the sentence of one line's tree; asks no database."""
    made = _Text(Reader(currency, names))
    _say(node, made)
    return Headline(made.text, made.value, tuple(made.pieces))


def _say(node: Node, made: _Text) -> None:
    if node.word == "chain":
        _chain(node, made)
    elif node.word == "negative":
        _say(node.children[0], made)
        made.add("negate", ZERO, _("%(before)s, subtracted"))
    elif node.word in ("number", "pick", "group") or _is_first(node):
        _say(node.children[0], made)
    elif node.word == "added":
        _parts(node, made)
    elif node.word in ("since", "adjusted"):
        _difference(node, made)
    else:
        made.start(
            Piece("start", node.output, _start(node, made.reader)), is_money=made.reader.is_money(node)
        )


def _parts(node: Node, made: _Text) -> None:
    """A bill that reaches over the edge of a month or year: what each of them adds."""
    first, *others = node.children
    written = made.reader.written(first.output, is_money=True)
    made.start(Piece("start", first.output, written), is_money=True)
    for one in others:
        made.add("plus", one.output, _("%(before)s + %(other)s"), other=made.write(one.output))


def _is_first(node: Node) -> bool:
    """Return whether nothing came before the period that is looked at."""
    return node.word == "since" and node.children[1].word == "literal"


def _difference(node: Node, made: _Text) -> None:
    """Two amounts: what it comes to now, and what it came to before."""
    now, before = node.children
    written = made.reader.written(now.output, is_money=True)
    if node.word == "since":
        text, other = _("%(amount)s so far"), _("%(before)s − %(other)s before this period")
    else:
        text, other = _("%(amount)s with the late usage"), _("%(before)s − %(other)s billed before")
    made.start(Piece("start", now.output, text % {"amount": written}), is_money=True)
    made.add("minus", before.output, other, other=made.write(before.output))


def _start(node: Node, reader: Reader) -> str:
    """Return the number a headline begins with, and what it is."""
    written = reader.written(node.output, is_money=reader.is_money(node))
    argument = node.argument
    if node.word == "meter":
        name = _unit(argument.get("unit", ""), node.output) or reader.named(argument["code"])
        return f"{written} {name}"
    if node.word == "fact":
        return _fact(argument["name"], written, node.output)
    if node.word == "option":
        return _("%(number)s × %(name)s held") % {"number": written, "name": quoted(argument["name"])}
    if node.word == "spend":
        return _("%(amount)s (%(lines)s)") % {"amount": written, "lines": _lines(node, reader)}
    if node.word == "line":
        return _("%(amount)s (%(lines)s)") % {"amount": written, "lines": reader.named(argument["key"])}
    return written


def _fact(name: str, written: str, value: Decimal) -> str:
    if name == "seats":
        return f"{written} {_unit('seats', value)}"
    known = fact_name(name) if name in BUILTIN_FACTS else quoted(name)
    return _("%(number)s (%(name)s)") % {"number": written, "name": known}


def _unit(code: str, value: Decimal) -> str:
    return unit_one(code) if value == ONE else unit(code)


def _lines(node: Node, reader: Reader) -> str:
    """Return the names of the lines of a sum; those of nothing are left out."""
    names = list(dict.fromkeys(reader.named(leaf.argument["key"]) for leaf in node.children if leaf.output))
    if not names:
        return _("no line above")
    if len(names) <= NAMED:
        return " + ".join(names)
    words = {"names": " + ".join(names[:NAMED]), "count": len(names) - NAMED}
    return _("%(names)s and %(count)s more") % words


def _chain(node: Node, made: _Text) -> None:
    first, *steps = node.children
    if not _share_of(first, steps, made):
        _say(first, made)
        made.is_money = made.reader.money_before(node, 1)
        if made.is_money and first.word == "literal":
            made.text = made.write(first.output)
    else:
        steps = steps[1:]
    for step in steps:
        _step(step, made)


def _share_of(first: Node, steps: list[Node], made: _Text) -> bool:
    """Begin with “5 % of €138.00 (…)” where a sum of lines is multiplied by a share of one."""
    if first.word != "spend" or not steps or steps[0].word != "times":
        return False
    share = steps[0].children[0].output
    if not ZERO <= share < ONE:
        return False
    percent = number_text(share * 100)
    text = _("%(percent)s %% of %(sum)s") % {"percent": percent, "sum": _start(first, made.reader)}
    made.start(Piece("start", first.output, text), is_money=True)
    made.pieces.append(Piece("times", share, percent))
    made.value = made.pieces[-1].after(made.value)
    return True


def _step(node: Node, made: _Text) -> None:
    if node.word in ("price", "table"):
        _priced(node, made)
    elif node.word in ("round", "share"):
        if node.output != node.input:
            made.add("becomes", node.output, _ROUNDED[node.word](), to=made.write(node.output))
    elif node.word in _PERIODS:
        _PERIODS[node.word](node, made)
    elif node.word == "draw":
        _drawn(node, made)
    else:
        _arithmetic(node, made)


def _arithmetic(node: Node, made: _Text) -> None:
    other = node.children[0]
    is_money = made.reader.is_money(other)
    if node.word in ("times", "over"):
        written = made.reader.written(other.output, is_money=is_money)
    else:
        written = made.reader.written(other.output, is_money=is_money or made.is_money)
    made.add(node.word, other.output, _ARITHMETIC[node.word](), other=written)
    if node.word == "times" and is_money:
        made.is_money = True
    elif node.word == "over" and is_money:
        made.is_money = False


def _drawn(node: Node, made: _Text) -> None:
    """What a pool covered, in the unit of the number: weights stand in the sentences below."""
    for pool, taken in made.reader.drawn_from(node):
        text = _("%(before)s − %(taken)s from %(pool)s")
        made.add("minus", taken, text, taken=made.write(taken), pool=pool)


def _every(node: Node, made: _Text) -> None:
    times = node.argument["times"]
    made.add("times", Decimal(times), _("%(before)s × %(periods)s"), periods=months(times))


def _prorated(node: Node, made: _Text) -> None:
    if node.output == node.input:
        return
    made.add("becomes", node.output, _("%(before)s for %(part)s"), scales=True, part=covered(node))
    fractions = node.argument["fractions"].split(" + ")
    if len(fractions) == 1 and "to" not in node.argument:  # it can be worked out: × covered ÷ whole
        part, whole = map(Decimal, fractions[0].split("/"))
        made.pieces[-1:] = [Piece("times", part, ""), Piece("over", whole, "")]


def _priced(node: Node, made: _Text) -> None:
    """A price: from the quantity itself where it is one factor, else after what the quantity comes to."""
    if node.word == "table" and len(node.children) == 1 and node.input == node.output:
        return  # × 1 says nothing
    is_result = node.word == "price" or made.is_money
    text, pieces, goes_on = price_pieces(node, made.reader, is_money=is_result, so_far=made.is_money)
    if goes_on:
        if made.steps > 1:
            made.close()
        made.text = text % {"before": made.text}
    elif len(made.pieces) == 1 and made.pieces[0].text in ("1", ""):
        made.pieces.clear()
        made.text = text
    else:
        made.close(again=False)
        made.text = _("%(first)s; %(second)s") % {"first": made.text, "second": text}
    made.pieces += pieces
    for piece in pieces:
        made.value = piece.after(made.value)
    made.is_money, made.added = is_result, any(piece.op in ADDING for piece in pieces)
    made.steps = len(pieces)


_PERIODS: dict[str, Callable[[Node, _Text], None]] = {"every": _every, "prorate": _prorated}
_ROUNDED: dict[str, Callable[[], str]] = {
    "round": lambda: _("%(before)s, rounded to %(to)s"),
    "share": lambda: _("%(before)s, %(to)s with the rounding of the total"),
}
_ARITHMETIC: dict[str, Callable[[], str]] = {
    "included": lambda: _("%(before)s − %(other)s included"),
    "plus": lambda: _("%(before)s + %(other)s"),
    "minus": lambda: _("%(before)s − %(other)s"),
    "times": lambda: _("%(before)s × %(other)s"),
    "over": lambda: _("%(before)s ÷ %(other)s"),
    "at_least": lambda: _("%(before)s, at least %(other)s"),
    "at_most": lambda: _("%(before)s, at most %(other)s"),
}
