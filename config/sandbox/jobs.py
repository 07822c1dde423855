"""What time brings: drafts that finalise themselves, payments tried again, sessions that expire."""

import sys
import threading
import traceback

from config.sandbox import idempotency
from config.sandbox.resources import checkout_sessions, invoices
from config.sandbox.state import Store, Tx

EVERY = 1.0  # seconds of real time


def tick(tx: Tx) -> None:
    """Do everything that has fallen due by the virtual instant of `tx`."""
    invoices.advance_due(tx)
    checkout_sessions.expire_due(tx)
    idempotency.forget_old(tx)


class Ticker:
    """Ticks in the background."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.stopped = threading.Event()

    def run(self) -> None:
        """Tick until the process ends; one failure does not stop the clock."""
        while not self.stopped.wait(EVERY):
            try:
                with self.store.transaction() as tx:
                    tick(tx)
            except Exception:
                traceback.print_exc(file=sys.stderr)
