"""The rate limit of a key: a token bucket in Valkey, one atomic script per request.

It protects the house from a flood; it never decides what is stored. When Valkey is away requests pass.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError
from redis.retry import Retry
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

log = logging.getLogger(__name__)

PAUSE_SECONDS = 5  # after a failure Valkey is not asked again for so long
TIMEOUT_SECONDS = 0.25
_asked_again_at = 0.0

_TAKE = """
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local seen = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(seen[1]) or burst
local passed = math.max(0, now - (tonumber(seen[2]) or now))
tokens = math.min(burst, tokens + passed * rate)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = math.ceil((1 - tokens) / rate * 1000) end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], math.ceil(burst / rate) + 1)
return {math.floor(tokens), wait}
"""
_TAKE_DIGEST = hashlib.sha1(_TAKE.encode(), usedforsecurity=False).hexdigest()  # what Valkey names scripts by


@cache
def _client() -> Any:
    """Return the client; redis-py's annotations mix its two flavours, hence Any."""
    return redis.Redis.from_url(
        settings.CACHE_URL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


class Flooding(Throttled):
    """A key's bucket is empty."""

    def __init__(self, *, wait: int, headers: Mapping[str, str]) -> None:
        super().__init__(wait)
        self.seconds, self.headers = wait, headers


class _Asking(threading.local):
    """A thread's own connection. The client's way of finding one, and around it, costs twice the question."""

    client: Any = None
    connection: Any = None

    def run(self, *arguments: object) -> Any:
        """Run the script; once more when the connection was lost since its last use."""
        if self.client is not _client():
            self.client, self.connection = _client(), None
        if self.connection is not None:
            try:
                return self._run(*arguments)
            except (redis.ConnectionError, OSError):
                self.connection.disconnect()
        self.connection = self.connection or self.client.connection_pool.make_connection()
        return self._run(*arguments)

    def _run(self, *arguments: object) -> Any:
        try:
            return self._answer("EVALSHA", _TAKE_DIGEST, *arguments)
        except NoScriptError:
            return self._answer("EVAL", _TAKE, *arguments)

    def _answer(self, *command: object) -> Any:
        self.connection.send_command(*command, check_health=False)
        return self.connection.read_response()


_asking = _Asking()


def take(key: str, *, rate: int) -> tuple[int, int] | None:
    """Take one token of a key; return (tokens left, milliseconds to wait), None when Valkey is away."""
    global _asked_again_at
    if time.monotonic() < _asked_again_at:
        return None
    try:
        left, wait = _asking.run(1, f"usage:rate:{key}", rate, rate)
    except redis.RedisError as error:
        _asked_again_at = time.monotonic() + PAUSE_SECONDS
        log.warning("rate limit is off for %s s, Valkey does not answer: %s", PAUSE_SECONDS, error)
        return None
    return int(left), int(wait)


def admit(key: str) -> Mapping[str, str]:
    """Take a token of a key's bucket, `USAGE_RATE_PER_SECOND` a second with a burst of one second; return the
    fields that tell how many are left. Raises Flooding."""
    rate = settings.USAGE_RATE_PER_SECOND
    taken = take(key, rate=rate)
    if taken is None:
        return {}
    left, wait = taken
    if wait:
        raise Flooding(wait=max(1, -(-wait // 1000)), headers=_headers(rate, left, -(-wait // 1000)))
    return _headers(rate, left, 0)


class KeyBucket(BaseThrottle):
    """The same for a view of DRF."""

    def __init__(self) -> None:
        self.seconds = 1

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Take a token and tell the caller how many are left, whatever the answer will be."""
        try:
            view.headers.update(admit(str(request.user.pk)))
        except Flooding as no:
            view.headers.update(no.headers)
            self.seconds = no.seconds
            return False
        return True

    def wait(self) -> int:
        """Return whole seconds for Retry-After; at least one."""
        return self.seconds


def _headers(rate: int, left: int, reset: int) -> Mapping[str, str]:
    """Return the IETF draft's two fields and the three names older clients read."""
    return {
        "RateLimit-Policy": f'"key";q={rate};w=1',
        "RateLimit": f'"key";r={left};t={max(1, reset)}',
        "X-RateLimit-Limit": str(rate),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": str(max(1, reset)),
    }
