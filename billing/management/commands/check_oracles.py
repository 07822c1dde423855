"""check_oracles [FILE]: worked bills against what the rater gives, exactly. Needs no database."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from billing.oracle import Expected, meets, read_case, run_case
from plans.catalogue import CatalogueInvalid
from plans.errors import DomainError
from plans.management.reading import NotUtf8, TooLarge, Unreadable, text_of
from plans.ratio import decimal_text

CASES = Path("tests/oracles")  # where the product keeps its own worked bills


@dataclass(frozen=True, slots=True)
class Verdict:
    """One worked bill: what had to come out, what did, and what kept it from being rated."""

    id: str
    expected: str
    unit: str
    got: str | None = None
    got_unit: str | None = None
    passed: bool = False
    error: str | None = None


class Command(BaseCommand):
    """Rates every worked bill and compares amount and unit to the last digit."""

    help = "Check worked bills; exits 1 when one is missing, cannot be read, or comes out differently."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to check, where the bills of a list stand, and the form of the answer."""
        parser.add_argument(
            "file",
            type=Path,
            nargs="?",
            help="a list of expected amounts (JSON with “oracles”), one worked bill (YAML), or a folder of "
            "them; without it the product's own bills are checked against what they expect themselves",
        )
        parser.add_argument("--cases", type=Path, help="the folder in which a list's bills stand, by id")
        parser.add_argument("--json", action="store_true", help="the verdicts for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the verdicts; fail when one of them is no pass."""
        own = Path(settings.BASE_DIR) / CASES
        found = list(verdicts(options["file"] or own, options["cases"] or own))
        failed = [one for one in found if not one.passed]
        if options["json"]:
            self.stdout.write(json.dumps(_tree(found), ensure_ascii=False, indent=2))
        else:
            self.stdout.writelines(f"{_line(one)}\n" for one in found)
            self.stdout.write(f"{len(found) - len(failed)} of {len(found)} pass.")
        if failed or not found:
            self.stderr.write(f"{len(failed)} of {len(found)} worked bills are missing or differ.")
            raise SystemExit(1)


def verdicts(source: Path, cases: Path) -> Iterator[Verdict]:
    """Yield a verdict for every bill of a folder, a file, or a list."""
    if source.is_dir():
        for path in sorted(source.glob("*.y*ml")):
            yield _of_case(path, None)
    elif source.suffix == ".json":
        for wanted in _listed(source):
            path = cases / f"{wanted.id}.yaml"
            if path.exists():
                yield _of_case(path, wanted)
            else:
                yield replace(wanted, error=f"{path} is missing")
    else:
        yield _of_case(source, None)


def _list_text(source: Path) -> str:
    try:
        return text_of(source)
    except DomainError as error:
        raise CommandError(str(error)) from error


def _listed(source: Path) -> Iterator[Verdict]:
    """Yield the bills that a list names, with what it expects; nothing is rated yet."""
    try:
        rows = json.loads(_list_text(source))["oracles"]
        for row in rows:
            yield Verdict(row["id"], row["expected_amount"], row["currency"])
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(
            f"{source}: not a list of oracles, each with id, expected_amount and currency: {error}"
        ) from error


def _of_case(path: Path, wanted: Verdict | None) -> Verdict:
    """Return the verdict of one bill: against the list where there is one, else against itself."""
    verdict = wanted or Verdict(path.stem, "", "")
    try:
        case = read_case(text_of(path))
        expected = case.expected if wanted is None else Expected(amount=wanted.expected, unit=wanted.unit)
        verdict = replace(verdict, id=case.id, expected=expected.amount, unit=expected.unit)
        got = run_case(case).got
        passed = meets(expected, got) and (wanted is None or case.id == wanted.id)
    except CatalogueInvalid as error:
        lines = (f"{path}:{one.line}:{one.column}: {one.path}: {one.sentence()}" for one in error.problems)
        return replace(verdict, error="\n".join(lines))
    except (Unreadable, NotUtf8, TooLarge) as error:
        return replace(verdict, error=str(error))
    except (DomainError, InvalidOperation) as error:
        return replace(verdict, error=f"{path}: {error}")
    return replace(verdict, got=decimal_text(got.amount), got_unit=got.unit, passed=passed)


def _line(one: Verdict) -> str:
    if one.error:
        return f"FAIL  {one.id}: {one.error}"
    if not one.passed and one.got == _short(one.expected) and one.unit != one.got_unit:
        unit = one.got_unit or "none"
        return (
            f"FAIL  {one.id}: the amount is right, its unit is {unit}, not {one.unit}: "
            "the currency of the terms, or “unit” of the situation"
        )
    sides = f"expected {_short(one.expected)} {one.unit}, got {one.got} {one.got_unit}"
    return f"{'pass' if one.passed else 'FAIL'}  {one.id}: {sides}"


def _short(amount: str) -> str:
    try:
        return decimal_text(Decimal(amount))
    except InvalidOperation:
        return amount


def _tree(found: list[Verdict]) -> dict[str, Any]:
    rows = [{**asdict(one), "pass": one.passed} for one in found]
    for row in rows:
        del row["passed"]
    passed = sum(one.passed for one in found)
    return {"total": len(found), "passed": passed, "failed": len(found) - passed, "oracles": rows}
