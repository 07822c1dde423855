"""What the provider owes a customer: what invoices draw, and what waits to be paid out."""

from dataclasses import dataclass

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from billing.models import Account, LedgerEntry
from billing.models.ledger import LedgerTransaction
from subscriptions.models import Customer


@dataclass(frozen=True, slots=True)
class Credit:
    """A customer's credit in one currency, in minor units."""

    currency: str
    owed: int
    given_back: int  # of it from years left early, which no invoice draws

    @property
    def drawn_next(self) -> int:
        """What the next invoices draw: SLA credits and vouchers."""
        return self.owed - self.given_back


def credits_of(customer: Customer) -> list[Credit]:
    """Return the currencies in which the customer has credit, by code; those at 0 are left out."""
    rows = LedgerEntry.objects.filter(customer=customer, account=Account.CUSTOMER_CREDIT)
    exits = Q(transaction__kind=LedgerTransaction.Kind.EARLY_EXIT)
    sums = rows.order_by("currency").values_list("currency").annotate(
        sum=Sum("amount"), exits=Coalesce(Sum("amount", filter=exits), 0)
    )  # fmt: skip
    return [Credit(currency, -int(owed), -int(left)) for currency, owed, left in sums if owed < 0]
