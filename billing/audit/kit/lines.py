"""The lines of the invoice: rated anew from terms and readings, and compared to the smallest unit."""

from collections.abc import Iterator
from fractions import Fraction
from zoneinfo import ZoneInfo

from billing.audit.kit.amounts import CannotRate, Tree, canonical, digest, minor, multiple
from billing.audit.kit.bills import Customer, Due, bill, figure, minor_units
from billing.audit.kit.files import Kit
from billing.audit.kit.grammar import Spent
from billing.audit.kit.pools import Pack
from billing.audit.kit.readings import seen_of
from billing.audit.kit.report import Report
from billing.audit.kit.timing import instant, pair

Rated = dict[str, tuple[Fraction, int]]  # line key -> exact amount, smallest units


def check_document(kit: Kit, report: Report) -> None:
    """Check the invoice against its own hash, and its sums."""
    invoice = kit.json("invoice.json")
    said = [invoice["head"], [_said(line) for line in invoice["lines"]]]
    fits = digest(canonical(said)) == invoice["content_hash"]
    report.check("invoice: content hash", fits, "head or lines are not those that were issued")
    total = sum(line["amount"] for line in invoice["lines"])
    same = total == invoice["total"] == invoice["head"][8]
    report.check("invoice: lines add up to the total", same, f"they come to {total}")


def _said(line: Tree) -> Tree:
    found = [line[name] for name in ("position", "key", "kind", "label", "description", "amount")]
    found += [line["terms_hash"], line["span"], line["derivation"], line["reading_ids"]]
    return found + ([line["inputs_hash"]] if line["inputs_hash"] else [])


def check_terms(kit: Kit, report: Report) -> None:
    """Check that each terms document has the hash it is called by."""
    for name in sorted(kit.files):
        if name.startswith("terms/"):
            wanted = name.removeprefix("terms/").removesuffix(".json")
            report.check(f"{name}: hash", digest(kit.files[name]) == wanted, "it is another document")


def check_inputs(kit: Kit, report: Report) -> None:
    """Check each line's hash of what it was made from, and that its tree ends in its amount."""
    for line in kit.json("invoice.json")["lines"]:
        name = f"line {line['position']} ({line['key']})"
        leads = Fraction(line["derivation"]["output"]) - Fraction(line["exact_amount"])
        report.check(f"{name}: derivation", abs(leads) * 2 <= Fraction("1e-12"), "it ends in another amount")
        if line["inputs_hash"]:
            used = {canonical(one): one for one in _used(line["derivation"])}
            said = [line["terms_hash"], line["key"], *line["span"], [used[one] for one in sorted(used)]]
            report.check(f"{name}: inputs hash", digest(canonical(said)) == line["inputs_hash"])


def _used(tree: Tree) -> Iterator[Tree]:
    word, argument = tree["word"], tree.get("argument", {})
    if word in ("reading", "fact", "option", "line"):
        yield [word, argument, tree["output"]]
    elif word in ("pick", "prorate", "draw", "price", "table"):
        yield [word, argument]
    for child in tree.get("children", []):
        yield from _used(child)


def check_lines(kit: Kit, report: Report) -> None:
    """Rate the invoice anew and compare every line."""
    invoice, inputs = kit.json("invoice.json"), kit.json("inputs.json")
    billed = {line["key"]: line for line in invoice["lines"]}
    kinds = {"charge": _own, "adjustment": _late, "sla_credit": _credits}
    for kind, rate in kinds.items():
        expected = {key: line["amount"] for key, line in billed.items() if line["kind"] == kind}
        try:
            found = rate(kit, inputs)
        except (CannotRate, ArithmeticError, LookupError, ValueError) as error:
            report.check(f"{kind} lines", False, f"they cannot be rated: {error!r}")
            continue
        for key in sorted({*expected, *found}):
            wrong = f"recomputed {found.get(key)}, billed {expected.get(key)}"
            report.check(f"{kind} {key}: amount", found.get(key) == expected.get(key), wrong)
    _check_exact(kit, inputs, billed, report)


def _check_exact(kit: Kit, inputs: Tree, billed: dict[str, Tree], report: Report) -> None:
    """The exact amounts, before they became cents, are the same as well (the invoice keeps twelve places)."""
    wrong = [
        f"{key}: {exact} against {billed[key]['exact_amount']}"
        for key, (exact, _units) in rated(kit, inputs).items()
        if key in billed and abs(exact - Fraction(billed[key]["exact_amount"])) * 2 > Fraction("1e-12")
    ]
    report.check("exact amounts", not wrong, "; ".join(wrong))


def _own(kit: Kit, inputs: Tree) -> dict[str, int]:
    return {key: units for key, (_exact, units) in rated(kit, inputs).items()}


def _late(kit: Kit, inputs: Tree) -> dict[str, int]:
    """Late usage: an earlier invoice rated with its newer readings, less what was billed for it."""
    found = {}
    present = {line["key"] for line in kit.json("invoice.json")["lines"]}
    for late in inputs.get("late", []):
        fresh = {key: units for key, (_exact, units) in rated(kit, late).items()}
        for key in {*fresh, *late["billed"]}:
            name = f"late/{late['invoice']}/{key}"
            difference = fresh.get(key, 0) - late["billed"].get(key, 0)
            if difference or name in present:
                found[name] = difference
    return found


def rated(kit: Kit, unit: Tree) -> Rated:
    """Rate one invoice's dues, part by part; each part sees the lines before it."""
    readings = {one["id"]: one for one in kit.json("readings.json")}
    zone = ZoneInfo(unit["zone"])
    seen = seen_of(unit, readings, zone)
    spent = [_spent(one) for one in unit["spent"]]
    found: Rated = {}
    left: dict[tuple[str, str], Fraction] = {}
    for part in unit["parts"]:
        dues = [_due(one) for one in part["dues"]]
        customer = _less(customer_of(part["context"]), left)
        made = bill(_terms(kit, part["terms"]), customer, seen, dues, spent)
        spent = [*spent, *made.spent]
        left |= {place: units for place, units in made.left.items() if place[1]}
        units = minor_units(list(made.lines.values()), made.total, made.currency)
        pairs = zip(made.lines.items(), units, strict=True)
        found |= {key: (exact, whole) for (key, exact), whole in pairs}
    return found


def _less(customer: Customer, left: dict[tuple[str, str], Fraction]) -> Customer:
    """Return the customer with what the parts before have left of each pack."""
    for pool, packs in customer.packs.items():
        customer.packs = {
            **customer.packs,
            pool: [one._replace(left=left.get((pool, one.holding), one.left)) for one in packs],
        }
    return customer


def _terms(kit: Kit, terms_hash: str) -> Tree:
    return kit.json(f"terms/{terms_hash}.json")


def _spent(given: Tree) -> Spent:
    return Spent(given["key"], given["charge"], given["tags"], given["scope"], Fraction(given["amount"]))


def _due(given: Tree) -> Due:
    spans = tuple(pair(span) for span in given.get("spans", []))
    at = instant(given["at"]) if given.get("at") else None
    return Due(given["charge"], pair(given["period"]), spans, at, given.get("part", ""))


def customer_of(context: Tree) -> Customer:
    """Return what the price may ask of the customer."""
    return Customer(
        ZoneInfo(context["zone"]),
        _numbers(context.get("facts", {})),
        context.get("labels", {}),
        _numbers(context.get("options", {})),
        {
            dimension: {value: _mixed(own) for value, own in values.items()}
            for dimension, values in context.get("split", {}).items()
        },
        {pool: [_pack(one) for one in rows] for pool, rows in context.get("packs", {}).items()},
        instant(context["anchor"]) if context.get("anchor") else None,
    )


def _numbers(given: Tree) -> dict[str, Fraction]:
    return {name: Fraction(text) for name, text in given.items()}


def _mixed(given: Tree) -> dict[str, Fraction | str]:
    return {
        name: Fraction(one["number"]) if "number" in one else str(one["label"]) for name, one in given.items()
    }


def _pack(given: Tree) -> Pack:
    expires, bought = (instant(given[name]) if given.get(name) else None for name in ("expires", "bought"))
    return Pack(given["holding"], Fraction(given["left"]), expires, bought)


def _credits(kit: Kit, inputs: Tree) -> dict[str, int]:
    """SLA credits: the tier's figure for every app and region, at most its fee; a line draws on one."""
    found = {}
    for credit in inputs.get("credits", []):
        earned = sum(_judged(kit, credit, part) for part in credit["parts"])
        if earned != credit["earned"]:
            raise CannotRate(f"the credit of {credit['line']} is {earned}, not {credit['earned']}")
        found[credit["line"]] = -min(credit["drawn"], earned)
    return found


def _judged(kit: Kit, credit: Tree, part: Tree) -> int:
    step = minor(credit["currency"])
    context = customer_of(credit["context"])
    facts = {**context.facts, **_numbers(part["facts"]), "fee": part["fee"] * step}
    context = Customer(context.zone, facts, {**context.labels, **part["labels"]}, context.options)
    due = Due(credit["figure"], pair(credit["window"]))
    amount = figure(_terms(kit, credit["terms"]), credit["figure"], context, {}, due)
    return int(min(max(multiple(amount, step, "half_up") / step, Fraction(0)), Fraction(part["fee"])))
