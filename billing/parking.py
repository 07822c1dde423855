"""Set a customer aside: billing of it waits for a person, the others go on."""

from django.db.models.functions import Now

from billing.models import ParkedCustomer


def park(customer_id: int, *, reason: str, detail: str) -> None:
    """Note that a customer waits; one note is enough until a person has released it."""
    ParkedCustomer.objects.get_or_create(
        customer_id=customer_id,
        released_at=None,
        defaults={"reason": reason[:64], "detail": detail[:2000], "parked_at": Now()},
    )
