"""What an availability tier promises beside its formula: windows, exclusions, claims, form. PURE.

The tier's `figure` says how much is given (money, days or units, by its form); these structs say over which
window it is judged, what does not count, how it is asked for and how it is paid out. They are frozen with
the plan version that sells them (`PlanVersion.promises`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args

from plans.money import Mode
from plans.problems import Problem, join
from plans.shape import Strict
from plans.terms import Formula

WindowKind = Literal["calendar_month", "anniversary_month", "calendar_quarter", "anniversary_quarter"]
ExclusionKind = Literal["maintenance", "force_majeure", "third_party", "customer", "surge"]
WINDOWS: tuple[str, ...] = get_args(WindowKind)
EXCLUSIONS: tuple[str, ...] = get_args(ExclusionKind)
SLA_FACTS = {  # what a figure may ask for besides `fee` and `availability`
    "failed_minutes": "minutes",  # lost in the window: after exclusions, small outages and rounding
    "period_minutes": "minutes",  # of the window, without what is excluded
    "excluded_minutes": "minutes",
    "longest_outage": "minutes",  # 0 where no failed range is known
    "outages": "outages",  # how many count
    "period_days": "days",  # calendar days the window touches
}
WAIT_DAYS = 10


class SmallestOutage(Strict):
    """Outages under so many minutes do not count; the others are rounded to whole minutes, or exact."""

    minutes: str
    partial: Mode | None = None


class Exclusion(Strict):
    """A kind of time that leaves failed and total. `notice_hours`: announced so long before it began;
    `above`: percent of the trailing peak that a surge had to pass."""

    kind: ExclusionKind
    notice_hours: int = 0
    above: str | None = None


class SmallestPayable(Strict):
    """What a window's credit has to reach (`at_least`) or pass (`exceeds`) to be given at all."""

    at_least: "str | Formula | None" = None
    exceeds: "str | Formula | None" = None


class ClaimRule(Strict):
    """The customer has to ask for it within so many days of the window's end."""

    within_days: int


class Voucher(Strict):
    """Money for charges with one of these tags (all, if none is named), until it expires."""

    valid_days: int
    tags: list[str] = []


class ExtraDays(Strict):
    """The figure counts days, added to the end of the paid time."""


class PackForm(Strict):
    """The figure counts units of a pool, which expire after so many days, or never."""

    pool: str
    valid_days: int | None = None


class Form(Strict):
    """How it is given; one of them. `credit` alone is written as the word."""

    voucher: Voucher | None = None
    extra_days: ExtraDays | None = None
    pack: PackForm | None = None


class SlaPromise(Strict):
    """The promise as it is frozen with a version."""

    target: str  # percent
    window: WindowKind = "calendar_month"
    smallest_outage: SmallestOutage | None = None
    exclusions: list[Exclusion] = []
    smallest_payable: SmallestPayable | None = None
    claim: "Literal['automatic'] | ClaimRule" = "automatic"
    wait_days: int = WAIT_DAYS  # so long after a window its missing reports are waited for
    form: "Literal['credit'] | Form" = "credit"

    @property
    def form_word(self) -> str:
        """credit, voucher, extra_days or pack."""
        if isinstance(self.form, str):
            return "credit"
        return next((word for word in FORM_WORDS if getattr(self.form, word) is not None), "credit")

    @property
    def in_money(self) -> bool:
        """Whether the figure is money."""
        return self.form_word in ("credit", "voucher")

    @property
    def claim_days(self) -> int | None:
        """Days in which to claim; None where it is given without being asked for."""
        return self.claim.within_days if isinstance(self.claim, ClaimRule) else None

    @property
    def wait(self) -> timedelta:
        """So long after a window its missing reports are waited for."""
        return timedelta(days=self.wait_days)


FORM_WORDS = ("voucher", "extra_days", "pack")
PROMISE_FIELDS = tuple(SlaPromise.__struct_fields__)
OWN_FIELDS = tuple(name for name in PROMISE_FIELDS if name not in ("target", "window"))


@dataclass(frozen=True, slots=True)
class Excluded:
    """What was put forward for a span of time: why, when it was announced, and how large a surge was."""

    kind: str
    start: datetime
    notice_at: datetime | None = None
    peak_share: Decimal | None = None  # percent of the trailing peak


def is_excluded(rules: Sequence[Exclusion], given: Excluded) -> bool:
    """Return whether a promise lets this time out of the count."""
    return any(_fits(rule, given) for rule in rules if rule.kind == given.kind)


def _fits(rule: Exclusion, given: Excluded) -> bool:
    if rule.notice_hours:
        needed = timedelta(hours=rule.notice_hours)
        if given.notice_at is None or given.start - given.notice_at < needed:
            return False
    if rule.above is not None:
        return given.peak_share is not None and given.peak_share > Decimal(rule.above)
    return True


def is_payable(amount: Decimal, smallest: Decimal | None, *, exceeds: bool) -> bool:
    """Return whether an amount is large enough to be given; nothing never is."""
    if amount <= 0:
        return False
    if smallest is None:
        return True
    return amount > smallest if exceeds else amount >= smallest


def promise_problems(tier: Any, path: str) -> Iterator[Problem]:
    """Yield what is wrong with the promise of a tier (or of a frozen promise) beyond its shape."""
    yield from _range(tier.target, join(path, "target"), low=Decimal(0), high=Decimal(100), above=True)
    outage = tier.smallest_outage
    if outage is not None:
        yield from _range(outage.minutes, join(path, "smallest_outage.minutes"), low=Decimal(0))
    yield from _exclusions(tier.exclusions, join(path, "exclusions"))
    smallest = tier.smallest_payable
    if smallest is not None and (smallest.at_least is None) == (smallest.exceeds is None):
        yield Problem(join(path, "smallest_payable"), "one_word_only", {"words": "at_least, exceeds"})
    if isinstance(tier.claim, ClaimRule):
        yield from _days(tier.claim.within_days, join(path, "claim.within_days"))
        if tier.claim.within_days <= tier.wait_days:
            params = {"days": str(tier.claim.within_days), "wait": str(tier.wait_days)}
            yield Problem(join(path, "claim.within_days"), "claim_before_judgement", params)
    yield from _days(tier.wait_days, join(path, "wait_days"), low=0)
    yield from _form(tier.form, join(path, "form"))


def _exclusions(rules: Sequence[Exclusion], path: str) -> Iterator[Problem]:
    seen = set[str]()
    for index, rule in enumerate(rules):
        here = join(path, index)
        if rule.kind in seen:
            yield Problem(here, "duplicate_code", {"code": rule.kind})
        seen.add(rule.kind)
        if rule.above is not None:
            if rule.kind != "surge":
                yield Problem(join(here, "above"), "exclusion_word", {"word": "above", "kind": "surge"})
            yield from _range(rule.above, join(here, "above"), low=Decimal(0))


def _form(form: "str | Form", path: str) -> Iterator[Problem]:
    if isinstance(form, str):
        return
    given = [word for word in FORM_WORDS if getattr(form, word) is not None]
    if len(given) != 1:
        yield Problem(path, "one_word_only", {"words": ", ".join(FORM_WORDS)})
    if form.voucher is not None:
        yield from _days(form.voucher.valid_days, join(path, "voucher.valid_days"))
    if form.pack is not None and form.pack.valid_days is not None:
        yield from _days(form.pack.valid_days, join(path, "pack.valid_days"))


def _days(days: int, path: str, *, low: int = 1) -> Iterator[Problem]:
    if not low <= days <= 3660:
        yield Problem(path, "out_of_range", {"value": str(days), "low": str(low), "high": "3660"})


def _range(
    text: str, path: str, *, low: Decimal, high: Decimal | None = None, above: bool = False
) -> Iterator[Problem]:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    top = high if high is not None else Decimal(10**9)
    if not number.is_finite() or number < low or number > top or (above and number == low):
        params = {"value": text, "low": format(low, "f"), "high": format(top, "f")}
        yield Problem(path, "out_of_range", params)
