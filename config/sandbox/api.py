"""One call of the API, from raw request to answer: key, faults, parameters, transaction."""

import base64
import binascii
import os
import signal
import sys
import threading
import time
import traceback
from dataclasses import dataclass, replace

from config.sandbox import faults, idempotency, params, routes
from config.sandbox.answers import expand
from config.sandbox.clock import real_now
from config.sandbox.errors import ApiError, Json, ParameterError
from config.sandbox.idempotency import Answer
from config.sandbox.state import Store, Tx, dump, new_id

TEST_KEYS = ("sk_test_", "rk_test_")
LOG_LENGTH = 20_000


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> str:
        """Return the encoded parameters: the body of a POST, else the query."""
        return self.body.decode("utf-8", "replace") if self.method == "POST" else self.query


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has been given an id, a key and perhaps a fault."""

    request: Request
    request_id: str
    key: str | None
    fault: Json | None
    sequence: int

    def suffers(self, kind: str) -> bool:
        return self.fault is not None and self.fault["kind"] == kind


class Cut(Exception):  # noqa: N818 no error: the script says the line is cut
    """The connection ends here without an answer; `hard` with a reset."""

    def __init__(self, *, hard: bool) -> None:
        super().__init__()
        self.hard = hard


class Api:
    """Answers calls below /v1."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.in_flight = idempotency.InFlight()
        self.let_go = threading.Event()  # ends hanging calls

    def answer(self, request: Request) -> Answer:
        """Carry out one request. Raises Cut where the script says so."""
        call = self._arrive(request)
        answer = None
        try:
            answer = self._attempt(call)
        except ApiError as refusal:
            answer = Answer(refusal.status, refusal.body(call.request_id), call.request_id)
        except Cut:
            raise
        except Exception:  # a fault of the sandbox itself: say so, loudly, and stay up
            traceback.print_exc(file=sys.stderr)
            body = ApiError("The sandbox itself failed; see its log.", type="api_error").body(call.request_id)
            answer = Answer(500, body, call.request_id)
        finally:
            self._log_answer(call, answer)
        self._afterwards(call)
        return answer

    def _arrive(self, request: Request) -> Call:
        """Note the request in the log and see which fault strikes it."""
        request_id = new_id("req", 14)
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        with self.store.transaction() as tx:
            fault = faults.pick(tx, request.method, request.path)
            cursor = tx.sql(
                "INSERT INTO requests (at, virtual, request_id, method, path, headers, params, "
                "idempotency_key, fault) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                real_now(),
                tx.now,
                request_id,
                request.method,
                request.path,
                dump(_shown(request.headers)),
                dump(_readable(request)),
                key,
                fault["kind"] if fault else None,
            )
            sequence = cursor.lastrowid or 0
            tx.sql("DELETE FROM requests WHERE seq <= ?", sequence - LOG_LENGTH)
        return Call(request, request_id, key, fault, sequence)

    def _log_answer(self, call: Call, answer: Answer | None) -> None:
        if answer is not None:
            with self.store.transaction() as tx:
                statement = "UPDATE requests SET status = ?, replayed = ? WHERE seq = ?"
                tx.sql(statement, answer.status, int(answer.replayed), call.sequence)

    def _attempt(self, call: Call) -> Answer:
        self._at_the_door(call)
        check_credentials(call.request)
        idempotency.check_key(call.key)
        route, ids = routes.match(call.request.method, call.request.path)
        given = params.check(params.decode(call.request.form), route.params)
        self.in_flight.begin(call.key)
        try:
            if call.suffers("hang_before"):
                self._hang(call)
            return self._execute(call, route, given, ids)
        finally:
            self.in_flight.end(call.key)

    def _at_the_door(self, call: Call) -> None:
        kind = call.fault["kind"] if call.fault else ""
        if kind == "die_before":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind in {"reset", "drop_before"}:
            raise Cut(hard=kind == "reset")
        if kind in {"429", "409"}:
            raise faults.refusal(kind)

    def _execute(self, call: Call, route: routes.Route, given: Json, ids: tuple[str, ...]) -> Answer:
        """Replay the stored answer, or do the work and store its answer in one transaction."""
        request = idempotency.fingerprint(call.request.method, call.request.path, given)
        with self.store.transaction(call.request_id, call.key) as tx:
            found = idempotency.stored(tx, call.key, request)
            if found is not None:
                return found
            answer = self._work(tx, call, route, given, ids)
            if call.suffers("500_after"):
                body = faults.refusal("500_after").body(call.request_id)
                answer = replace(answer, status=500, body=body)
            idempotency.store(tx, call.key, request, answer)
        return answer

    def _work(self, tx: Tx, call: Call, route: routes.Route, given: Json, ids: tuple[str, ...]) -> Answer:
        """Run the handler; a refusal undoes what it wrote, unless it is one that keeps its work."""
        tx.sql("SAVEPOINT work")
        try:
            if call.fault and call.fault["kind"] in faults.INSTEAD:
                raise faults.refusal(call.fault["kind"])
            wanted = given.pop("expand", None) or []
            body = expand(tx, routes.run(tx, route, given, ids), wanted)
        except ApiError as refusal:
            if not refusal.keeps_work:
                tx.sql("ROLLBACK TO work")
            return Answer(refusal.status, refusal.body(call.request_id), call.request_id)
        return Answer(200, body, call.request_id)

    def _afterwards(self, call: Call) -> None:
        """Lose or delay the answer of a call whose work is committed."""
        if call.suffers("die_after"):
            os.kill(os.getpid(), signal.SIGKILL)
        if call.suffers("hang_after"):
            self._hang(call)
        if call.suffers("drop_after"):
            raise Cut(hard=False)

    def _hang(self, call: Call) -> None:
        self.let_go.wait(call.fault["seconds"] if call.fault else 0)

    def release_hanging(self) -> None:
        """Let every hanging call go on."""
        self.let_go.set()
        time.sleep(0.01)
        self.let_go.clear()


def check_credentials(request: Request) -> None:
    """Refuse a missing or live key, and an API version that the sandbox does not speak."""
    key = _secret_key(request.headers.get("authorization", ""))
    if not key.startswith(TEST_KEYS):
        message = f"Invalid API Key provided: {key[:8]}****" if key else "You did not provide an API key."
        raise ParameterError(message, status=401)
    version = request.headers.get("stripe-version", routes.api_version())
    if version != routes.api_version():
        raise ParameterError(f"The sandbox speaks API version {routes.api_version()} only, not {version}.")


def _secret_key(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return value.strip()
    try:
        return base64.b64decode(value).decode("ascii", "replace").partition(":")[0]
    except binascii.Error:
        return ""


def _readable(request: Request) -> Json:
    """Return the parameters for the log, whatever they are."""
    try:
        return params.decode(request.form)
    except ApiError:
        return {"unreadable": request.form[:1000]}


def _shown(headers: dict[str, str]) -> dict[str, str]:
    """Return the headers for the log, without the key's secret part."""
    return {name: (value[:15] + "…" if name == "authorization" else value) for name, value in headers.items()}
