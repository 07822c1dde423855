"""SLA credits: earned into the ledger, drawn by the next invoices, oldest first, one line each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from billing.derivation import Node, to_tree
from billing.models import CreditDraw, LineKind, SlaCredit
from billing.rating import ENGINE
from billing.services.drafting import TAX, Draft, DraftLine, rated_lines
from billing.values import Line
from billing.wording import credit_described, credit_label, voucher_label
from plans.money import from_minor, to_multiple
from plans.ratio import plain
from plans.timespan import Period
from subscriptions.selectors import zone_of

CREDIT_TAGS = ("sla_credit",)
SHOWN = Decimal("0.0001")  # percent; rounded down, so a missed promise never reads as a kept one


@dataclass(slots=True)
class Lot:
    """What is left of one credit while a batch of invoices draws on it."""

    credit: SlaCredit
    left: int


class CreditPool:
    """The open credits of some customers: what expires first is drawn first, then the oldest."""

    def __init__(self, customer_ids: Iterable[int], *, at: datetime) -> None:
        self._lots: dict[tuple[int, str], list[Lot]] = {}
        valid = Q(expires_at__isnull=True) | Q(expires_at__gt=at)
        rows = open_credits().filter(valid, customer__in=set(customer_ids)).select_related("assessment")
        for credit in rows.order_by(F("expires_at").asc(nulls_last=True), "earned_at", "pk"):
            key = (credit.customer_id, credit.currency)
            left = credit.amount - credit.drawn  # type: ignore[attr-defined]  # the annotation
            self._lots.setdefault(key, []).append(Lot(credit, left))

    def draw(self, draft: Draft) -> list[tuple[SlaCredit, int]]:
        """Take what the draft may draw, before tax; the amounts leave the pool."""
        subscription, most, bound = draft.slot.subscription, draft.before_tax, 0
        found: list[tuple[SlaCredit, int]] = []
        for lot in self._lots.get((subscription.customer_id, subscription.currency), []):
            tags = set(lot.credit.tags)
            taken = min(lot.left, most, _charged(draft, tags) - bound) if tags else min(lot.left, most)
            if taken > 0:
                found.append((lot.credit, taken))
                lot.left -= taken
                most -= taken
                bound += taken if tags else 0  # what two vouchers may both be used for counts once
        return found


def _charged(draft: Draft, tags: set[str]) -> int:
    """Return what the draft charges under some tags, in minor units, taxes left out."""
    return sum(line.amount for line in draft.lines if tags.intersection(line.tags) and TAX not in line.tags)


def open_credits() -> QuerySet[SlaCredit]:
    """Return credits of which something is left, with `drawn` minor units."""
    rows = SlaCredit.objects.annotate(drawn=Coalesce(Sum("draws__amount"), 0))
    return rows.filter(amount__gt=0).exclude(drawn__gte=F("amount"))


def draw_credits(draft: Draft, pool: CreditPool) -> None:
    """Put the customer's open credits on the draft, up to what it charges before tax."""
    drawn = pool.draw(draft)
    if not drawn:
        return
    lines = [_line(draft, credit, taken) for credit, taken in drawn]
    if any(TAX in line.tags for line in draft.lines):  # a tax is due on what the credits leave
        draft.lines = rated_lines(draft, spent=[_as_spent(line) for line in lines])
    first_tax = next((n for n, line in enumerate(draft.lines) if TAX in line.tags), len(draft.lines))
    draft.lines[first_tax:first_tax] = lines


def _line(draft: Draft, credit: SlaCredit, taken: int) -> DraftLine:
    subscription = draft.slot.subscription
    window = Period(credit.window.lower, credit.window.upper)
    exact = -from_minor(taken, credit.currency)
    words = credit_described(
        window,
        zone_of(subscription.customer),
        availability=plain(to_multiple(credit.assessment.availability, SHOWN, "floor")),
        target=plain(credit.assessment.target),
        whole_month=credit.assessment.promised.window == "calendar_month",
    )
    leaf = Node("line", -exact, argument={"key": f"sla_credit/{credit.pk}", "sla": credit.sla_code})
    return DraftLine(
        key=f"sla_credit/{credit.pk}",
        charge="sla_credit",
        label=voucher_label() if credit.is_voucher else credit_label(),
        description=words,
        tags=CREDIT_TAGS,
        credit=True,
        app="",
        region="",
        period=window,
        quantity=None,
        unit="",
        exact=exact,
        amount=-taken,
        terms_hash=credit.assessment.terms_hash,
        engine=ENGINE,
        derivation=to_tree(Node("negative", exact, children=(leaf,))),
        kind=LineKind.SLA_CREDIT,
        credit_id=credit.pk,
    )


def _as_spent(line: DraftLine) -> Line:
    """Return a drawn credit as a line that `spend` of a tax can see."""
    leaf = Node("line", line.exact, argument={"key": line.key})
    return Line(
        line.key, line.charge, line.label, line.tags, line.credit, "", "", line.period,
        None, "", line.exact, leaf,
    )  # fmt: skip


def post_draws(pairs: Iterable[tuple[int, int, int]]) -> None:
    """Store (credit, line, minor units) of issued invoices."""
    CreditDraw.objects.bulk_create(
        CreditDraw(credit_id=credit, line_id=line, amount=amount) for credit, line, amount in pairs
    )


def remaining(credit: SlaCredit) -> int:
    """Return what is left of one credit, in minor units."""
    drawn = credit.draws.aggregate(sum=Coalesce(Sum("amount"), 0))["sum"]
    return credit.amount - int(drawn)
