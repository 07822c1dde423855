"""The order of the house is a test: who may import whom, and where the forbidden words may stand."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ["plans", "subscriptions", "usage", "billing"]  # each may import those before it
SEAM = {"config.admin_base"}  # the one thing of config's that an app may name, in admin/
PURE = {
    "plans": [
        "money",
        "ratio",
        "timespan",
        "tariff*",
        "tou",
        "terms*",
        "catalogue*",
        "composition",
        "diff*",
        "sla_terms",
        "support_terms",
        "promises",
        "highlights",
        "seat_terms",
        "ids",
        "actor",
        "problems*",
        "shape*",
        "form_schema",
        "errors",
    ],
    "subscriptions": ["anchors", "moves", "phases", "secrets"],
    "usage": [
        "aggregation",
        "grain",
        "stored_grain",
        "literals",
        "parsing*",
        "report_periods",
        "entitlement",
        "forecast",
        "retention",
    ],
    "billing": [
        "assumed",
        "explain_used",
        "rating",
        "rated_line",
        "compile*",
        "steps*",
        "derivation*",
        "values",
        "situation*",
        "sla",
        "sla_measure",
        "sla_outages",
        "sla_windows",
        "sla_states",
        "proration",
        "numbers",
        "meters",
        "pools",
        "packs",
        "monotone",
        "blast_spread",
        "inputs",
        "inputs*",
        "baskets",
        "quote_request",
        "calculation",
        "explain_pieces",
        "audit/script",
        "audit/readme",
        "audit/kit/*",
        "oracle",
        "question*",
        "rated_json",
        "reference",
        "schemas",
        "words",
        "dues",
        "cadence",
        "grains",
        "drawing",
        "early_exit",
        "cliffs",
        "projecting",
    ],
}
CLOCKS = {"datetime.now", "datetime.utcnow", "timezone.now", "time.time", "date.today", "datetime.today"}


def sources(folder: Path) -> Iterator[Path]:
    """Python files of the product below `folder`."""
    yield from (
        p for p in folder.rglob("*.py") if "migrations" not in p.parts and "__pycache__" not in p.parts
    )


def imported(path: Path) -> set[str]:
    """Every module a file names, imports inside functions and TYPE_CHECKING included."""
    names: set[str] = set()
    package = ".".join(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, base]).strip(".")
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return names


def calls(path: Path) -> set[str]:
    """Dotted names that a file calls."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def pure_files() -> list[Path]:
    return [
        p for app, names in PURE.items() for name in names for p in sorted((ROOT / app).glob(f"{name}.py"))
    ]


def within_app(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("app", APPS)
def test_an_app_imports_only_to_its_left(app: str) -> None:
    closed = {*APPS[APPS.index(app) + 1 :], "config", "tests"}
    for path in sources(ROOT / app):
        allowed = SEAM if "admin" in path.relative_to(ROOT / app).parts else set()
        crossing = {
            name
            for name in imported(path)
            if name.split(".")[0] in closed
            and not any(name == seam or name.startswith(f"{seam}.") for seam in allowed)
        } - ({"config"} if allowed else set())
        assert not crossing, f"{within_app(path)} reaches {sorted(crossing)}"


def test_pure_modules_know_no_framework_and_no_clock() -> None:
    files = pure_files()
    assert len(files) >= 10
    for path in files:
        outside = {
            n
            for n in imported(path)
            if n.split(".")[0] in {"django", "rest_framework", "celery", "stripe", "psycopg", "redis"}
        }
        assert not outside, f"{within_app(path)} imports {sorted(outside)}"
        assert not calls(path) & CLOCKS, f"{within_app(path)} reads a clock"


def test_one_module_imports_stripe() -> None:
    places = [
        within_app(p)
        for app in [*APPS, "config"]
        for p in sources(ROOT / app)
        if any(n.split(".")[0] == "stripe" for n in imported(p))
    ]

    assert [p for p in places if p != "config/sandbox/generate_fields.py"] == ["billing/gateway.py"]


def test_the_sandbox_knows_neither_django_nor_an_app() -> None:
    for path in sources(ROOT / "config/sandbox"):
        names = {n.split(".")[0] for n in imported(path)}
        assert not names & {"django", *APPS}, within_app(path)


def test_only_the_admin_seam_imports_unfold() -> None:
    for app in [*APPS, "config"]:
        for path in sources(ROOT / app):
            if any(n.split(".")[0] == "unfold" for n in imported(path)):
                assert within_app(path) in {"config/admin_base.py", "config/unfold.py"}


def layer_of(path: Path) -> str:
    """The layer of a file inside its app: skin, service, outbox, selector, gateway, model or other."""
    parts = path.relative_to(ROOT).with_suffix("").parts[1:]
    head = parts[0]
    for layer, starts in LAYERS.items():
        if any(head == start or head.startswith(f"{start}_") for start in starts):
            return layer
    return "other"


LAYERS = {
    "skin": ["views", "api", "admin", "tasks", "webhooks", "urls", "forms", "management", "templatetags"],
    "service": ["services"],
    "selector": ["selectors"],
    "outbox": ["outbox"],
    "gateway": ["gateway"],
    "model": ["models"],
}
BELOW = {
    "service": {"skin"},
    "selector": {"skin", "service", "outbox"},
    "outbox": {"skin", "service"},
    "gateway": {"skin", "service", "selector", "outbox", "model"},
    "model": {"skin", "service", "selector", "outbox", "gateway"},
}


@pytest.mark.parametrize("app", APPS)
def test_arrows_inside_an_app_point_down(app: str) -> None:
    for path in sources(ROOT / app):
        forbidden = BELOW.get(layer_of(path), set())
        for name in imported(path):
            parts = name.split(".")
            if parts[0] == app and len(parts) > 1:
                target = layer_of(ROOT / app / f"{parts[1]}.py")
                assert target not in forbidden, (
                    f"{within_app(path)} ({layer_of(path)}) imports {name} ({target})"
                )


FORBIDDEN_CALLS = {
    "round": {"plans/money.py"},
    "float": set(),
}


def test_rounding_and_floats_stay_where_they_may_be() -> None:
    for app in APPS:
        for path in sources(ROOT / app):
            found = calls(path)
            for word, allowed in FORBIDDEN_CALLS.items():
                assert word not in found or within_app(path) in allowed, f"{within_app(path)} calls {word}()"


def test_time_is_read_in_skins_only() -> None:
    skins = {"plans/clock.py"}
    for app in APPS:
        for path in sources(ROOT / app):
            if within_app(path) not in skins:
                assert not calls(path) & CLOCKS, f"{within_app(path)} reads a clock itself; take `at=`"


def test_celery_is_only_rung_by_the_doorbell() -> None:
    for app in APPS:
        for path in sources(ROOT / app):
            rung = {c for c in calls(path) if c.endswith((".delay", ".apply_async", "send_task"))}
            assert not rung or within_app(path) == "plans/doorbell.py", f"{within_app(path)}: {rung}"
