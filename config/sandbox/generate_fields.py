"""Write `fields.json`: which parameters each served route takes, read from the Stripe SDK's types.

The SDK declares, for each call, its method and path (`*_service.py`) and a TypedDict of its
parameters (`params/`). Both are read as syntax trees, so nothing is imported but the standard
library. Run after an SDK upgrade: `python -m config.sandbox.generate_fields`.
"""

import ast
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("fields.json")

# Service class -> the names of its methods that the sandbox carries out.
SERVED: dict[str, list[str]] = {
    "CustomerService": ["create", "retrieve", "update", "list", "delete"],
    "CustomerPaymentMethodService": ["list", "retrieve"],
    "CustomerBalanceTransactionService": ["create", "list", "retrieve"],
    "PaymentMethodService": ["create", "retrieve", "update", "list", "attach", "detach"],
    "SetupIntentService": ["create", "retrieve", "update", "list", "confirm", "cancel"],
    "PaymentIntentService": ["create", "retrieve", "update", "list", "confirm", "cancel"],
    "ChargeService": ["retrieve", "list"],
    "InvoiceService": [
        "create",
        "retrieve",
        "update",
        "list",
        "delete",
        "add_lines",
        "finalize_invoice",
        "send_invoice",
        "pay",
        "void_invoice",
        "mark_uncollectible",
    ],
    "InvoiceLineItemService": ["list"],
    "InvoiceItemService": ["create", "retrieve", "list", "delete"],
    "InvoicePaymentService": ["retrieve", "list"],
    "SessionService": ["create", "retrieve", "list", "expire"],
    "EventService": ["retrieve", "list"],
    "WebhookEndpointService": ["create", "retrieve", "update", "list", "delete"],
}
SERVICE_FILES = {"SessionService": "checkout/_session_service.py"}
SCALARS = {"str": "string", "int": "integer", "bool": "boolean", "float": "number", "Decimal": "decimal"}

Spec = dict[str, Any]


class Shapes:
    """The TypedDicts of one `params/` file, turned into specs on demand."""

    def __init__(self, source: str) -> None:
        tree = ast.parse(source)
        self.classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        self.aliases = {
            node.targets[0].id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }

    def fields(self, name: str) -> dict[str, Spec]:
        """Return the fields of TypedDict `name`, by wire name."""
        found: dict[str, Spec] = {}
        for node in self._declarations(name):
            if isinstance(node.target, ast.Name):
                spec = self.spec(node.annotation)
                found[node.target.id.rstrip("_")] = spec
        return found

    def _declarations(self, name: str) -> list[ast.AnnAssign]:
        node = self.classes[name]
        inherited = [
            declaration
            for base in node.bases
            if isinstance(base, ast.Name) and base.id in self.classes
            for declaration in self._declarations(base.id)
        ]
        return inherited + [item for item in node.body if isinstance(item, ast.AnnAssign)]

    def spec(self, node: ast.expr) -> Spec:
        """Return what one annotation allows; `required` unless NotRequired."""
        if isinstance(node, ast.Subscript) and _name(node.value) == "NotRequired":
            return self._type(node.slice)
        return {**self._type(node), "required": True}

    def _type(self, node: ast.expr) -> Spec:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._type(ast.parse(node.value, mode="eval").body)
        if isinstance(node, ast.BinOp):
            return self._union(_alternatives(node))
        if isinstance(node, ast.Subscript):
            return self._generic(node)
        return self._named(_name(node))

    def _named(self, name: str) -> Spec:
        if name in SCALARS:
            return {"type": SCALARS[name]}
        if name in self.classes:
            return {"type": "object", "fields": self.fields(name)}
        if name in self.aliases:
            return self._type(self.aliases[name])
        raise SystemExit(f"unknown type {name}")

    def _generic(self, node: ast.Subscript) -> Spec:
        name = _name(node.value)
        if name in {"List", "list", "Sequence"}:
            return {"type": "array", "of": self._type(node.slice)}
        if name in {"Dict", "dict", "UntypedStripeObject"}:
            return {"type": "map"}
        if name in {"Optional", "Union"}:
            inner = node.slice
            return self._union(inner.elts if isinstance(inner, ast.Tuple) else [inner])
        if name == "Literal":
            return {"type": "enum", "values": _literals(node.slice)}
        raise SystemExit(f"unknown generic {name}")

    def _union(self, nodes: list[ast.expr]) -> Spec:
        """Merge alternatives: `Literal['']` allows unsetting; an enum's `| str` is left out."""
        options = [self._type(node) for node in nodes]
        empty = any(option.get("values") == [""] for option in options)
        options = [option for option in options if option.get("values") != [""]]
        if any(option["type"] == "enum" for option in options):
            options = [option for option in options if option["type"] != "string"]
        merged = dict(_one(options))
        return {**merged, "empty": True} if empty else merged


def _one(options: list[Spec]) -> Spec:
    """Return the only kind left; a value that may also be an object keeps both."""
    kinds = {option["type"]: option for option in options}
    if len(kinds) == 1:
        return options[0]
    if set(kinds) == {"object", "array"} or set(kinds) == {"object", "string"}:
        return {**kinds["object"], "or": sorted(set(kinds) - {"object"})[0]}
    if set(kinds) == {"object", "integer"}:  # created: an instant or {gt, gte, lt, lte}
        return {**kinds["object"], "or": "integer"}
    if len(kinds) == 2 and "enum" in kinds:  # 'now' or an instant; a word or a boolean
        [other] = set(kinds) - {"enum"}
        return {"type": other, "words": kinds["enum"]["values"]}
    raise SystemExit(f"cannot merge {sorted(kinds)}")


def _alternatives(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp):
        return [*_alternatives(node.left), *_alternatives(node.right)]
    return [node]


def _literals(node: ast.expr) -> list[Any]:
    elements = node.elts if isinstance(node, ast.Tuple) else [node]
    return [element.value for element in elements if isinstance(element, ast.Constant)]


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    raise SystemExit(f"unreadable type {ast.dump(node)}")


def sdk_folder() -> Path:
    """Return where the installed SDK lies, without importing it."""
    spec = find_spec("stripe")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("The stripe package is not installed.")
    return Path(spec.submodule_search_locations[0])


def snake(name: str) -> str:
    """Return `PaymentIntent` as `payment_intent`."""
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")


def routes(sdk: Path) -> list[Spec]:
    """Return every served call: method, path pattern, operation name and parameters."""
    found = []
    for service, methods in SERVED.items():
        file = SERVICE_FILES.get(service, f"_{snake(service)}.py")
        tree = ast.parse((sdk / file).read_text("utf-8"))
        [node] = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == service]
        functions = {f.name: f for f in node.body if isinstance(f, ast.FunctionDef)}
        noun = snake(service.removesuffix("Service"))
        found += [_route(sdk, Path(file).parent, noun, functions[name]) for name in methods]
    return found


def _route(sdk: Path, folder: Path, noun: str, function: ast.FunctionDef) -> Spec:
    [call] = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "_request"
    ]
    method, path = call.args[:2]
    if not isinstance(method, ast.Constant) or not isinstance(method.value, str):
        raise SystemExit(f"{noun}.{function.name} has no plain method")
    params_class = _params_class(function)
    source = sdk / "params" / folder / f"_{snake(params_class)}.py"
    return {
        "operation": f"{noun}.{function.name}",
        "method": method.value.upper(),
        "path": _path(path),
        "params": Shapes(source.read_text("utf-8")).fields(params_class),
    }


def _params_class(function: ast.FunctionDef) -> str:
    arguments = [*function.args.posonlyargs, *function.args.args]
    [annotation] = [a.annotation for a in arguments if a.arg == "params"]
    names = [n.value for n in ast.walk(annotation or function) if isinstance(n, ast.Constant)]
    return str(names[0])


def _path(node: ast.expr) -> str:
    """Return the path with `{id}` style placeholders; the SDK writes `"…{x}".format(x=…)`."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    template = (
        node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else node
    )
    return str(ast.literal_eval(template))


def render() -> str:
    """Return the text of `fields.json` for the installed SDK."""
    sdk = sdk_folder()
    version = (sdk / "_version.py").read_text().split('"')[1]
    api = (sdk / "_api_version.py").read_text().split('"')[1]
    calls = ",\n".join(_render_route(route) for route in routes(sdk))
    return f'{{"sdk": "{version}", "api_version": "{api}", "routes": [\n{calls}\n]}}\n'


def _render_route(route: Spec) -> str:
    """Return one route with a line per parameter, so that an upgrade's diff can be read."""
    head = ", ".join(f'"{key}": "{route[key]}"' for key in ("operation", "method", "path"))
    lines = [
        f'  "{name}": {json.dumps(spec, sort_keys=True)}' for name, spec in sorted(route["params"].items())
    ]
    return f' {{{head}, "params": {{\n' + ",\n".join(lines) + "}}"


if __name__ == "__main__":
    TARGET.write_text(render(), "utf-8")
    sys.stdout.write(f"{TARGET} written\n")
