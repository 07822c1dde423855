"""What the options and the environment ask for, decided before anything is started."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.dev.errors import Refused
from config.dev.places import HOST, ROOT, free_port

LIVE = ("sk_live_", "rk_live_")
TEST = ("sk_test_", "rk_test_")


@dataclass(frozen=True)
class StripeChoice:
    """Whether the sandbox runs, and where the SDK talks to (`None`: to Stripe itself)."""

    sandbox: bool
    base: str | None


@dataclass(frozen=True)
class Options:
    """One `dev.py run`."""

    port: int
    sandbox_port: int
    data: Path
    demo: bool
    worker: bool
    beat: bool

    @property
    def portal(self) -> str:
        """The web server's address."""
        return f"http://{HOST}:{self.port}"

    @property
    def sandbox(self) -> str:
        """The sandbox's address."""
        return f"http://{HOST}:{self.sandbox_port}"


def choose_stripe(key: str, base: str, sandbox: str) -> StripeChoice:
    """Decide from the two variables; a debug server never gets a live key, whatever the address."""
    if key.startswith(LIVE):
        with_base = " together with STRIPE_API_BASE" if base else ""
        raise Refused(f"STRIPE_API_KEY is a live key{with_base}. A development server takes test keys only.")
    if key and not key.startswith(TEST):
        raise Refused("STRIPE_API_KEY is not a Stripe key. A test key begins with sk_test_ or rk_test_.")
    if key:
        return StripeChoice(sandbox=False, base=base.rstrip("/") or None)
    return StripeChoice(sandbox=True, base=base.rstrip("/") or sandbox)


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line of `run`."""
    parser = argparse.ArgumentParser(
        prog="dev.py run", description="Start Ratecard with everything it needs."
    )
    parser.add_argument("--port", type=int, default=8000, help="portal, admin and API (default 8000; 0: any)")
    parser.add_argument("--sandbox-port", type=int, help="the Stripe sandbox (default: port + 1)")
    parser.add_argument(
        "--data", type=Path, default=ROOT / "var", metavar="DIR", help="state folder (default var/)"
    )
    parser.add_argument("--no-demo", action="store_true", help="start empty, with one staff login")
    parser.add_argument("--without-worker", action="store_true", help="start no Celery worker")
    parser.add_argument("--without-beat", action="store_true", help="start no Celery beat")
    found = parser.parse_args(arguments)
    port = found.port or free_port()
    sandbox_port = found.sandbox_port
    if sandbox_port is None:
        sandbox_port = port + 1 if found.port else free_port()
    return Options(
        port=port,
        sandbox_port=sandbox_port or free_port(),
        data=found.data.expanduser().resolve(),
        demo=not found.no_demo,
        worker=not found.without_worker,
        beat=not found.without_beat,
    )


def child_environment(
    options: Options, stripe: StripeChoice, secrets: Mapping[str, str], addresses: Mapping[str, str]
) -> dict[str, str]:
    """Return what Ratecard's own processes read (config/settings.py), on top of the caller's environment."""
    ours = {
        **addresses,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "RATECARD_DEBUG": "1",
        "RATECARD_STAFF_MFA": "0",
        "RATECARD_STATE_DIR": str(options.data),
        "RATECARD_PUBLIC_URL": options.portal,
        "SECRET_KEY": secrets["secret_key"],
        "PYTHONUNBUFFERED": "1",
    }
    if stripe.base:
        ours["STRIPE_API_BASE"] = stripe.base
    if stripe.sandbox:
        ours["STRIPE_WEBHOOK_SECRET"] = secrets["webhook_secret"]
        ours["RATECARD_SANDBOX_URL"] = options.sandbox
    return ours


def whole(ours: Mapping[str, str]) -> dict[str, str]:
    """Return our variables over the caller's environment."""
    return {**os.environ, **ours}
