"""The price in a headline: 12 × €3.00; 2 started blocks of 10,000 × €3.00; 100 free + 400 × €0.20."""

from decimal import Decimal

from django.utils.translation import gettext as _

from billing.derivation import Node
from billing.explain_pieces import Piece
from billing.explain_tariffs import blocks_of, blocks_text, price_each, said_of
from billing.explain_words import ONE, ZERO, Reader, number_text

INLINE = 4  # bands written out; more are counted, and told one by one below
Priced = tuple[str, list[Piece], bool]  # text, pieces, whether the text goes on from what stands before


def price_pieces(node: Node, reader: Reader, *, is_money: bool, so_far: bool) -> Priced:
    """Return a tariff in words; `so_far` says whether the number that goes in is money."""
    bands = node.children
    if not bands:
        return _("nothing left to price"), [Piece("becomes", ZERO, "0")], False
    if len(bands) == 1:
        return _single(bands[0], node, reader, is_money=is_money)
    parts = [_part(band, node, reader, is_money=is_money, so_far=so_far) for band in bands]
    whole = Piece("sum", ZERO, "", tuple(tuple(pieces) for _text, pieces in parts))
    if len(bands) > INLINE:
        return _("priced in %(count)s bands") % {"count": len(bands)}, [whole], False
    return " + ".join(text for text, _pieces in parts), [whole], False


def _single(band: Node, node: Node, reader: Reader, *, is_money: bool, part: bool = False) -> Priced:
    said = said_of(band)
    price, per, flat = price_each(said), said.get("per", ONE), said.get("flat", ZERO)
    written = reader.written(price, is_money=is_money and node.word == "price")
    if not price and not (flat and is_money):
        return _("%(before)s at no charge"), [Piece("times", ZERO, "0")], True
    if not price:
        return _fixed(flat, reader, is_money), [Piece("becomes", flat, "")], False
    fixed = [Piece("plus", flat, "")] if flat else []
    more = f" + {_fixed(flat, reader, is_money)}" if flat else ""
    if "partial" in band.argument:
        blocks = blocks_of(band, said)
        words = {"blocks": blocks_text(band, blocks, per), "price": written}
        text = _("%(blocks)s × %(price)s") % words
        return text + more, [Piece("becomes", blocks, ""), Piece("times", price, ""), *fixed], False
    pieces = [Piece("times", price, "")]
    factor = written
    if per != ONE:
        factor = _("%(price)s per %(per)s") % {"price": written, "per": number_text(per)}
        pieces.append(Piece("over", per, ""))
    if band.input != node.input and not part:  # an open top step prices only what lies above its edge
        text = f"{number_text(band.input or ZERO)} × {factor}"
        return text + more, [Piece("becomes", band.input or ZERO, ""), *pieces, *fixed], False
    return f"%(before)s × {_escaped(factor + more)}", [*pieces, *fixed], True


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _fixed(flat: Decimal, reader: Reader, is_money: bool) -> str:
    return fixed_price(reader.written(flat, is_money=is_money))


def fixed_price(written: str) -> str:
    """Return a price that asks for no quantity, in words."""
    return _("%(price)s fixed") % {"price": written}


def _part(band: Node, node: Node, reader: Reader, *, is_money: bool, so_far: bool) -> tuple[str, list[Piece]]:
    """Return one band of several, and its pieces: it begins with the part of the quantity inside it."""
    number = band.input or ZERO
    said = said_of(band)
    written = reader.written(number, is_money=so_far)
    if not band.output:
        return _("%(number)s free") % {"number": written}, [Piece("start", ZERO, "")]
    text, pieces, goes_on = _single(band, node, reader, is_money=is_money, part=True)
    start = Piece("start", number, written)
    if goes_on:
        return text % {"before": written}, [start, *pieces]
    if not price_each(said):
        return text, pieces
    return text, [start, *pieces]
