"""Whatever comes in, the sandbox answers with a refusal and stays up: never a 5xx of its own."""

import socket

import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.sandbox import routes

AUTH = {"Authorization": "Bearer sk_test_nonsense"}
NAMES = sorted({name for route in routes.routes() for name in route.params})
PATHS = [(route.method, route.path) for route in routes.routes()]
KEYS = st.lists(st.sampled_from([*NAMES, "", "0", "1", "-1", "²", "x"]), min_size=1, max_size=4).map(
    lambda parts: parts[0] + "".join(f"[{part}]" for part in parts[1:])
)
VALUES = st.one_of(
    st.text(max_size=30), st.sampled_from(["", "true", "usd", "-5", "1e9", "NaN", "9" * 30, "pm_card_visa"])
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=st.sampled_from(PATHS), form=st.dictionaries(KEYS, VALUES, max_size=6), real_id=st.booleans())
def test_any_form_gets_an_answer(process, call, form, real_id):
    method, path = call
    with fresh_ids(process) as ids:
        target = _filled(path, ids if real_id else {})
        where = "data" if method == "POST" else "params"
        answer = requests.request(method, process.url + target, headers=AUTH, timeout=10, **{where: form})

    assert answer.status_code < 500, answer.text
    assert "error" in answer.json() or answer.ok


class fresh_ids:  # noqa: N801 reads as a function
    """One customer and one draft, made again where a call has deleted them."""

    def __init__(self, process):
        self.url = process.url

    def __enter__(self):
        customer = self._make("customers", name="Nonsense")
        return {"customer": customer, "invoice": self._make("invoices", customer=customer, currency="usd")}

    def __exit__(self, *_):
        return False

    def _make(self, noun, **form):
        return requests.post(f"{self.url}/v1/{noun}", data=form, headers=AUTH, timeout=10).json()["id"]


def _filled(path, ids):
    for name in ("customer", "invoice"):
        path = path.replace(f"{{{name}}}", ids.get(name, f"{name}_none"))
    return path.replace("{", "").replace("}", "")


def test_deep_and_broken_bodies(process):
    bodies = [
        b"a" + b"[b]" * 500 + b"=1",
        b"\xff\xfe=%ff",
        b"[]=1",
        b"=",
        b"a[=1",
        b"a]=1&a[b]=2",
        b"lines[999999999]=1",
    ]
    for body in bodies:
        answer = requests.post(f"{process.url}/v1/customers", data=body, headers=AUTH, timeout=10)
        assert answer.status_code == 400 or answer.ok, (body, answer.text)


def test_a_request_that_is_too_large_or_no_http(process):
    large = {**AUTH, "Content-Length": str(10**9)}
    with socket.create_connection(("127.0.0.1", process.port), timeout=5) as line:
        head = "".join(f"{name}: {value}\r\n" for name, value in large.items())
        line.sendall(f"POST /v1/customers HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
        assert b" 413 " in line.recv(100)
    with socket.create_connection(("127.0.0.1", process.port), timeout=5) as line:
        line.sendall(b"\x16\x03\x01 what is this\r\n\r\n")
        line.recv(100)
    assert requests.get(f"{process.url}/_sandbox/health", timeout=5).ok


def test_control_calls_refuse_nonsense(process):
    for path, body in [
        ("clock", "{}"),
        ("clock", '{"now": "x"}'),
        ("faults", "[]"),
        ("faults", '{"kind": "429", "path": "("}'),
    ]:
        answer = requests.post(f"{process.url}/_sandbox/{path}", data=body, timeout=5)
        assert answer.status_code == 400
