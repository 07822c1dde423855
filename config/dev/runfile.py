"""DIR/run.json: what a program needs to use the running copy, and the words a person reads at the end."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from config.dev.choices import Options

ROLES = ("staff", "owner", "billing", "developer", "viewer")
PIDS = ("supervisor", "web", "worker", "beat", "sandbox", "postgres", "valkey")
LOGIN_FORM = {"email": "login", "password": "password"}


def sample(event: Mapping[str, Any] | None, *, at: datetime) -> dict[str, Any] | None:
    """Return the seed's sample event under a new id and the present instant, so that it counts once."""
    if event is None:
        return None
    return {
        **event,
        "id": f"sample-{uuid4().hex[:12]}",
        "time": at.astimezone(UTC).isoformat(timespec="milliseconds"),
    }


def run_file(
    options: Options,
    addresses: Mapping[str, str],
    pids: Mapping[str, int],
    demo: Mapping[str, Any],
    *,
    sandbox: bool,
    at: datetime,
) -> dict[str, Any]:
    """Return the run file's content; what does not exist in this run is null, never missing."""
    logins = demo.get("logins") or {}
    keys = demo.get("api_keys") or {}
    return {
        "ready": True,
        "portal": options.portal,
        "admin": f"{options.portal}/admin",
        "api": f"{options.portal}/api/v1",
        "api_docs": f"{options.portal}/api/docs",
        "stripe_sandbox": options.sandbox if sandbox else None,
        "database_url": addresses["DATABASE_URL"],
        "redis_url": addresses["REDIS_URL"],
        "logins": {**logins, **{role: logins.get(role) for role in ROLES}},
        "login_url": f"{options.portal}/accounts/login/",
        "login_form": demo.get("login_form") or LOGIN_FORM,
        "api_keys": {**keys, "ingest": keys.get("ingest"), "read": keys.get("read")},
        "sample_event": sample(demo.get("sample_event"), at=at),
        "pids": {name: pids.get(name) for name in PIDS},
    }


def curl(api: str, key: str, event: Mapping[str, Any]) -> str:
    """Return the first request to paste; single quotes in JSON text cannot end the shell's string."""
    body = json.dumps([event], ensure_ascii=True).replace("'", "\\u0027")
    return (
        f"curl -sS {api}/usage/events \\\n"
        f"  -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\\n"
        f"  -d '{body}'"
    )


def summary(found: Mapping[str, Any]) -> str:
    """Return the closing lines of a start: where, as whom."""
    rows = [
        ("Portal", found["portal"]),
        ("Admin", found["admin"] + "/"),
        ("API docs", found["api_docs"] + "/"),
    ]
    if found["stripe_sandbox"]:
        rows.append(("Stripe sandbox", found["stripe_sandbox"] + "/"))
    lines = [f"  {name:<16}{address}" for name, address in rows]
    logins = [(role, login) for role, login in found["logins"].items() if login]
    lines += ["", *(f"  {role:<16}{login['email']}  {login['password']}" for role, login in logins)]
    if found["api_keys"]["ingest"]:
        lines += ["", f"  {'API key':<16}{found['api_keys']['ingest']}"]
    return "\n".join(lines)
