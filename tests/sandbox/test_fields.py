"""The parameters the sandbox takes are the SDK's, and the published description's but for named drift."""

import pytest

from config.sandbox import generate_fields, resources, routes
from config.sandbox.resources import invoice_lines, invoices
from tests.sandbox.published import description

# The description is of 2026-05-27, the SDK of 2026-10-28. Each entry says what changed between them:
# paths that only the SDK knows, paths that only the description knows. An entry that is no longer
# needed fails the test, as does a new difference.
RENAMED = ({"allowed_payment_method_types"}, {"payment_method_types"})  # renamed in 2026-09-30.endive
TAX_DETAILS = {"lines[].price_data.product_data.tax_details"}  # new on inline products
NEW_ON_INVOICES = {  # wallets that invoices learned in 2026-07-29.dahlia
    "payment_settings.payment_method_options.billie",
    "payment_settings.payment_method_options.blik",
}
OLD_SOURCES = {"bank_account", "card", "default_alipay_account", "default_bank_account", "default_card"}
DRIFT: dict[str, tuple[set[str], set[str]]] = {
    "customer.create": ({"validate"}, set()),  # checks a source before it is saved
    "customer.update": ({"validate"}, OLD_SOURCES),  # the SDK never typed the old card fields
    "payment_method.create": ({"paypay", "sequra"}, set()),  # new kinds of payment
    "payment_method.update": (set(), {"payto"}),  # dropped
    "setup_intent.create": RENAMED,
    "setup_intent.update": RENAMED,
    "setup_intent.confirm": (RENAMED[0], {"client_secret"}),  # for browsers, not for servers
    "payment_intent.create": RENAMED,
    "payment_intent.update": RENAMED,
    "payment_intent.confirm": (RENAMED[0], {"client_secret", *RENAMED[1]}),
    "session.create": RENAMED,
    "invoice.create": (NEW_ON_INVOICES, set()),
    "invoice.update": (NEW_ON_INVOICES, set()),
    "invoice.add_lines": (TAX_DETAILS, set()),
}
# Only these are compared to the bottom; the others have a page of options for every bank on earth.
TO_THE_BOTTOM = ("customer", "invoice", "charge", "event", "webhook_endpoint")


def test_the_field_lists_are_those_of_the_installed_sdk():
    assert generate_fields.TARGET.read_text("utf-8") == generate_fields.render(), (
        "run: python -m config.sandbox.generate_fields"
    )


def test_every_route_has_a_handler_and_every_handler_a_route():
    assert resources.__all__
    assert {route.operation for route in routes.routes()} == set(routes.HANDLERS)


@pytest.mark.parametrize("route", routes.routes(), ids=lambda route: route.operation)
def test_parameters_are_the_published_ones(route):
    deep = route.operation.startswith(TO_THE_BOTTOM)
    ours = paths({"type": "object", "fields": route.params}, deep=deep)
    theirs = published_paths(published(route), deep=deep)

    assert (topmost(ours - theirs), topmost(theirs - ours)) == DRIFT.get(route.operation, (set(), set()))


def test_wallets_on_invoices_are_the_sdk_s():
    """Alipay on invoices exists only since 2026-07-29, so the description cannot know it."""
    [route] = [route for route in routes.routes() if route.operation == "invoice.create"]
    ours = route.params["payment_settings"]["fields"]["payment_method_types"]["of"]["values"]
    settings = published(route)["properties"]["payment_settings"]["properties"]
    listed = next(c for c in settings["payment_method_types"]["anyOf"] if c.get("type") == "array")

    assert set(ours) - set(listed["items"]["enum"]) == {
        *("alipay", "billie", "blik", "mb_way", "satispay", "sequra"),
    }
    assert "wechat_pay" in ours


@pytest.mark.parametrize(
    ("operation", "names"),
    [("invoice.create", invoices.UNSUPPORTED), ("invoice_item.create", invoice_lines.UNSUPPORTED[:1])],
)
def test_what_is_refused_is_a_real_parameter(operation, names):
    [route] = [route for route in routes.routes() if route.operation == operation]

    assert set(names) <= set(route.params)


def published(route):
    """Return the schema of a call's parameters."""
    found = description()["paths"]
    path = next(p for p in found if routes._pattern(p).pattern == route.pattern.pattern)
    call = found[path][route.method.lower()]
    if route.method == "POST":
        return call["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    inside = [p for p in call["parameters"] if p["in"] == "query"]
    return {"type": "object", "properties": {p["name"]: p["schema"] for p in inside}}


def paths(spec, *, deep, prefix=""):
    """Return the name of every parameter; with `deep` also those inside of objects and lists."""
    if spec["type"] == "array":
        return paths(spec["of"], deep=deep, prefix=f"{prefix}[]")
    names = set()
    for name, inner in spec.get("fields", {}).items():
        full = f"{prefix}.{name}".lstrip(".")
        names |= {full} | (paths(inner, deep=deep, prefix=full) if deep else set())
    return names


def published_paths(schema, *, deep, prefix=""):
    choices = [c for c in schema.get("anyOf", [schema]) if "properties" in c or "items" in c]
    if not choices:
        return set()
    if "items" in choices[0]:
        return published_paths(choices[0]["items"], deep=deep, prefix=f"{prefix}[]")
    names = set()
    for name, inner in choices[0]["properties"].items():
        full = f"{prefix}.{name}".lstrip(".")
        names |= {full} | (published_paths(inner, deep=deep, prefix=full) if deep else set())
    return names


def topmost(names):
    """Leave out what lies inside of another difference."""
    return {name for name in names if not any(name.startswith(f"{other}.") for other in names)}
