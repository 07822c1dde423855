"""Form bodies and query strings into typed parameters, refused in Stripe's words."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from config.sandbox.errors import Json, ParameterError

Spec = Json
METADATA_KEYS, METADATA_KEY, METADATA_VALUE = 50, 40, 500
MAXIMUM_LENGTH = 5000
DEEPEST = 12
PLACE = re.compile(r"[0-9]{1,6}")
DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,12})?")
PATTERNS = {
    "integer": re.compile(r"-?[0-9]{1,15}"),
    "decimal": DECIMAL,
    "number": DECIMAL,
    "boolean": re.compile(r"(?i:true|false|1|0)"),
}
ALSO = {"string": str, "integer": int}


def decode(text: str) -> Json:
    """Return the nested parameters of `a[b][0]=c`; list positions stay keys until typed."""
    tree: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        path = [part.rstrip("]") for part in name.split("[")]
        if len(path) > DEEPEST:
            raise ParameterError(f"Invalid parameter nesting: {name[:80]}", param=path[0])
        _place(tree, path, value, name)
    return tree


def _place(tree: Json, path: list[str], value: str, name: str) -> None:
    node = tree
    for part in path[:-1]:
        node = node.setdefault(part or str(len(node)), {})
        if not isinstance(node, dict):
            raise ParameterError(f"Invalid parameter: {name}", param=path[0])
    node[path[-1] or str(len(node))] = value


def check(given: Json, specs: Mapping[str, Spec]) -> Json:
    """Return `given` as typed values, or raise the first thing Stripe would refuse."""
    return _object(given, specs, "")


def _object(given: Json, specs: Mapping[str, Spec], prefix: str) -> Json:
    unknown = [_full(prefix, name) for name in given if name not in specs]
    if unknown:
        word = "parameter" if len(unknown) == 1 else "parameters"
        message = f"Received unknown {word}: {', '.join(unknown)}"
        raise ParameterError(message, code="parameter_unknown", param=unknown[0])
    for name, spec in specs.items():
        if spec.get("required") and name not in given:
            full = _full(prefix, name)
            raise ParameterError(f"Missing required param: {full}.", code="parameter_missing", param=full)
    return {name: _value(value, specs[name], _full(prefix, name)) for name, value in given.items()}


def _full(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name


def _value(value: object, spec: Spec, name: str) -> object:
    if value == "":
        return _empty(spec, name)
    kind = spec["type"]
    if isinstance(value, dict):
        return _nested(value, spec, name)
    if kind in {"object", "array", "map"}:
        return _instead(value, spec, name)
    return _scalar(str(value), spec, name)


def _empty(spec: Spec, name: str) -> object:
    if spec.get("empty") or spec["type"] in {"map", "array"}:
        return [] if spec["type"] == "array" and not spec.get("empty") else ""
    raise ParameterError(
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a "
        f"parameter; however '{name}' cannot be unset. You should remove '{name}' from your request or "
        "supply a non-empty value.",
        code="parameter_invalid_empty",
        param=name,
    )


def _nested(value: Json, spec: Spec, name: str) -> object:
    kind = spec["type"]
    if kind == "map":
        return _metadata(value, name)
    if kind == "array" or (spec.get("or") == "array" and all(PLACE.fullmatch(key) for key in value)):
        of = spec.get("of", spec)
        return [_value(item, of, f"{name}[{key}]") for key, item in _ordered(value, name)]
    if kind == "object":
        return _object(value, spec["fields"], name)
    raise ParameterError(f"Invalid {kind}: {name} must not be an object", param=name)


def _ordered(value: Json, name: str) -> list[tuple[str, object]]:
    if not all(PLACE.fullmatch(key) for key in value):
        raise ParameterError("Invalid array", param=name)
    return sorted(value.items(), key=lambda item: int(item[0]))


def _instead(value: object, spec: Spec, name: str) -> object:
    """Return a scalar where an object is usual but the SDK allows this too (`created`)."""
    other = spec.get("or")
    if other in ALSO:
        return _scalar(str(value), {"type": other}, name)
    raise ParameterError("Invalid array" if spec["type"] == "array" else "Invalid object", param=name)


def _metadata(value: Json, name: str) -> Json:
    if len(value) > METADATA_KEYS:
        raise ParameterError(f"Metadata can have at most {METADATA_KEYS} keys", param=name)
    for key, item in value.items():
        if not isinstance(item, str):
            raise ParameterError("Metadata values must be strings", param=f"{name}[{key}]")
        if not key or len(key) > METADATA_KEY:
            raise ParameterError(
                f"Metadata keys can have up to {METADATA_KEY} characters", param=f"{name}[{key}]"
            )
        if len(item) > METADATA_VALUE:
            message = (
                f"Metadata values can have up to {METADATA_VALUE} characters, but you passed in a value that "
                f"is {len(item)} characters. Invalid value: {item[:40]}…"
            )
            raise ParameterError(message, param=f"{name}[{key}]")
    return value


def _scalar(text: str, spec: Spec, name: str) -> object:
    kind = spec["type"]
    if text in spec.get("words", ()):
        return text
    if kind == "enum":
        return _enum(text, spec["values"], name)
    pattern = PATTERNS.get(kind)
    if pattern is not None and not pattern.fullmatch(text):
        raise ParameterError(f"Invalid {kind}: {text[:40]}", code=f"parameter_invalid_{kind}", param=name)
    if kind == "boolean":
        return text.lower() in {"true", "1"}
    if kind == "integer":
        return int(text)
    if len(text) > MAXIMUM_LENGTH:
        raise ParameterError(
            f"Invalid string: {name} can have at most {MAXIMUM_LENGTH} characters", param=name
        )
    return text


def _enum(text: str, values: list[str], name: str) -> str:
    if text in values:
        return text
    listed = f"{', '.join(values[:-1])}, or {values[-1]}" if len(values) > 1 else values[0]
    raise ParameterError(f"Invalid {name}: must be one of {listed}", param=name)
