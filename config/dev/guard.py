"""Ends what a killed supervisor left: it outlives a `kill -9` of `dev.py run` by a few seconds.

A script of its own, standard library only. Its standard input is a pipe from the
supervisor, one process id a line ("-id" = ended already); "bye" means all is well.
End of input without "bye" means the supervisor died: every group left is asked, then
killed. It holds the state folder's lock meanwhile, so that the next start waits for it.
"""

import contextlib
import os
import signal
import sys
import time

GRACE_SECONDS = 6.0
LAST_SECONDS = 8.0  # the database ends last, and by itself


def lives(group: int) -> bool:
    """Tell whether any process of this group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def send(group: int, number: int) -> None:
    """Signal a group that may be gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def listen() -> "list[tuple[int, int]] | None":
    """Read until the end; return (group, stop signal) of those left, or None after a farewell."""
    known: dict[int, int] = {}
    for line in sys.stdin:
        words = line.split()
        if words == ["bye"]:
            return None
        if words[0].startswith("-"):
            known.pop(int(words[0][1:]), None)
        else:
            known[int(words[0])] = int(words[1])
    return list(known.items())


def end(groups: "list[tuple[int, int]]") -> None:
    """Ask all, servers that others need last; kill those that do not go."""
    asked_first = [group for group, number in groups if number != signal.SIGINT]
    last = [group for group, number in groups if number == signal.SIGINT]
    for wave, number, patience in (
        (asked_first, signal.SIGTERM, GRACE_SECONDS),
        (last, signal.SIGINT, LAST_SECONDS),
    ):
        deadline = time.monotonic() + patience
        for group in wave:
            send(group, number)
        while any(lives(group) for group in wave) and time.monotonic() < deadline:
            time.sleep(0.05)
        for group in wave:
            send(group, signal.SIGKILL)


if __name__ == "__main__":
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    left = listen()
    if left:
        end(left)
