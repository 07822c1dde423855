"""Release a parked customer: what stood still is due again, and what Stripe refused is looked at afresh."""

from datetime import datetime

from billing.locks import lock_customers
from billing.models import BillingJob, ParkedCustomer, StripeOperation
from billing.models.stripe import OperationState
from billing.outbox import PARKING
from plans.actor import Actor
from plans.doorbell import ring_after_commit
from plans.history import changes


def release(parked: ParkedCustomer, *, at: datetime, by: Actor) -> ParkedCustomer:
    """Let billing of the customer go on; releasing twice changes nothing."""
    with changes(by):
        lock_customers([parked.customer_id])
        row = ParkedCustomer.objects.select_for_update().get(pk=parked.pk)
        if row.released_at is None:
            row.released_at, row.released_by = at, by.id
            row.save(update_fields=["released_at", "released_by"])
            _resume(row.customer_id)
            ring_after_commit("billing.run_jobs")
            ring_after_commit("billing.deliver_operations")
    return row


def _resume(customer_id: int) -> None:
    """Jobs wait again; refused operations are read back first and then sent under a new key."""
    jobs = BillingJob.objects.filter(customer=customer_id, state=BillingJob.State.PARKED)
    jobs.update(state=BillingJob.State.WAITING, attempts=0, retry_at=None, parked_reason="")
    refused = StripeOperation.objects.filter(customer=customer_id, state=OperationState.REFUSED)
    refused.filter(kind__in=PARKING).update(
        state=OperationState.UNKNOWN, renew_key=True, retry_at=None, attempts=0
    )
