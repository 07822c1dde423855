"""JSON Schemas of the files people write, so an editor completes and checks them. PURE."""

import json
from typing import Any

import msgspec

from billing.oracle import Case
from billing.question import Asked
from billing.reference import Sources
from plans.catalogue import Catalogue
from plans.terms import Document

SCHEMAS: dict[str, type[msgspec.Struct]] = {
    "terms": Document,
    "catalogue": Catalogue,
    "situation": Asked,
    "case": Case,
}
_ADDRESS = "/api/v1/schemas/"


def schema_of(name: str) -> dict[str, Any]:
    """Return the JSON Schema of one kind of file; KeyError where there is no such kind."""
    found = _as_written(msgspec.json.schema(SCHEMAS[name]))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": _ADDRESS + name, **found}


def schema_text(name: str, sources: Sources) -> str:
    """Return the committed form: what each word means stands beside it, for editors to show."""
    tree = schema_of(name)
    sections = {**sources.texts("catalogues"), **sources.texts("charges")}
    for struct, section in sections.items():
        properties = tree.get("$defs", {}).get(struct, {}).get("properties", {})
        for word, meaning in section["words"].items():
            if word in properties:
                properties[word] = {"description": meaning[0], **properties[word]}
    return json.dumps(tree, ensure_ascii=False, indent=1) + "\n"


def _as_written(tree: Any) -> Any:
    """Return the schema as people write YAML: a number, a date or a word stands without quotes."""
    if isinstance(tree, list):
        return [_as_written(part) for part in tree]
    if not isinstance(tree, dict):
        return tree
    if tree.get("type") == "string" and "enum" not in tree:
        return {**tree, "type": ["string", "number", "boolean"]}
    if tree.get("type") == "boolean":
        return {**tree, "type": ["boolean", "string"]}
    if tree.get("type") == "null":
        return tree
    return {key: part if key == "default" else _as_written(part) for key, part in tree.items()}
