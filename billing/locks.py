"""The only locks of billing: customers first, in key order, then what hangs on them.

An advisory lock also covers rows that do not exist yet, which no row lock can. It is taken as
the first statement of the transaction, so everything read afterwards is what the last holder left.
The customers' rows are held too: they are what every write on an agreement locks.
"""

from collections.abc import Iterable

from django.db import connection

from billing.models import Invoice, NumberSeries, Quote
from subscriptions.models import Customer

_CUSTOMER = 0x52434231  # "RCB1": our space among two-part advisory locks


def lock_customers(customer_ids: Iterable[int]) -> None:
    """Hold the customers until the transaction ends. Everyone locks in key order, so none waits in a ring."""
    ordered = sorted(set(customer_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, id) FROM unnest(%s::int[]) AS id", [_CUSTOMER, ordered]
        )
    rows = Customer.objects.filter(pk__in=ordered).order_by("pk").select_for_update(no_key=True)
    list(rows.values_list("pk"))


def lock_invoice(invoice_id: int) -> Invoice:
    """Return a fresh invoice, locked; its customer is locked first."""
    lock_customers([Invoice.objects.values_list("customer_id", flat=True).get(pk=invoice_id)])
    return Invoice.objects.select_for_update(no_key=True).get(pk=invoice_id)


def lock_quote(quote_id: int) -> Quote:
    """Return a fresh quote, locked; its customer is locked first, if it has one."""
    lock_customers(
        [pk for pk in Quote.objects.filter(pk=quote_id).values_list("customer_id", flat=True) if pk]
    )
    return Quote.objects.select_for_update(no_key=True, of=("self",)).get(pk=quote_id)


def take_numbers(series: str, count: int) -> range:
    """Return the next `count` numbers of a series; the counter's row is held until the commit."""
    NumberSeries.objects.get_or_create(code=series)
    counter = NumberSeries.objects.select_for_update().get(code=series)
    first = counter.last + 1
    counter.last += count
    counter.save(update_fields=["last"])
    return range(first, counter.last + 1)
