"""`python -m config.sandbox --port N --state FILE.sqlite3 [--webhook-url URL --webhook-secret whsec_…]`."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from config.sandbox.resources.webhook_endpoints import ensure
from config.sandbox.server import Sandbox


def arguments() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog="config.sandbox", description="A stand-in for Stripe.")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="SQLite file, made if it does not exist")
    parser.add_argument("--webhook-url", help="registers this address for all events")
    parser.add_argument("--webhook-secret", help="its signing secret, whsec_…")
    options = parser.parse_args()
    if bool(options.webhook_url) != bool(options.webhook_secret):
        parser.error("--webhook-url and --webhook-secret belong together")
    return options


def main() -> int:
    """Serve until SIGTERM or Ctrl-C."""
    options = arguments()
    try:
        sandbox = Sandbox(options.port, options.state)
    except OSError as failure:
        sys.stderr.write(f"The Stripe sandbox cannot listen on port {options.port}: {failure.strerror}.\n")
        return 1
    if options.webhook_url:
        with sandbox.store.transaction() as tx:
            ensure(tx, options.webhook_url, options.webhook_secret)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=sandbox.shutdown).start())
    sandbox.start_beside()
    sys.stdout.write(f"Stripe sandbox on {sandbox.store.base_url}\n")
    sys.stdout.flush()
    sandbox.serve_forever(poll_interval=0.1)
    sandbox.deliverer.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
