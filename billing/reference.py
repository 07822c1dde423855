"""The reference page of the charge grammar, from its structs, their texts and examples that run. PURE."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import msgspec

from billing.oracle import Case
from billing.question import Asked
from billing.words import (
    all_words,
    choices,
    fields,
    is_struct,
    name_of,
    structs,
    used_words,
    value_word,
    word_of,
)
from plans.catalogue import Catalogue
from plans.catalogue_yaml import parse_yaml
from plans.shape import Tree
from plans.terms import Formula

Language = Literal["en", "zh-Hans"]
LANGUAGES: tuple[Language, ...] = ("en", "zh-Hans")
ENDINGS: Mapping[Language, str] = {"en": ".md", "zh-Hans": ".zh-CN.md"}

_HEADS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "charges": {
        "title": ("The charge grammar: every word", "收费语法：全部用词"),
        "made": (
            "Made by `python3 dev.py manage charge_reference` from the schema, docs/reference/charges.yaml "
            "and docs/examples/charges; do not edit. "
            "How to write a bill: [worked-bills.md](worked-bills.md). "
            "A whole catalogue: [catalogues.md](catalogues.md).",
            "由 `python3 dev.py manage charge_reference` 根据模式、docs/reference/charges.yaml 和 "
            "docs/examples/charges 生成，请勿手改。"
            "如何写算例：[worked-bills.zh-CN.md](worked-bills.zh-CN.md)。"
            "整份产品目录：[catalogues.zh-CN.md](catalogues.zh-CN.md)。",
        ),
    },
    "catalogues": {
        "title": ("A catalogue file: every word", "产品目录文件：全部用词"),
        "made": (
            "Made by `python3 dev.py manage charge_reference` from the schema, "
            "docs/reference/catalogues.yaml and the files in catalogues; do not edit. "
            "What stands under `terms` and in charges: [charges.md](charges.md). "
            "`load_catalogue FILE --dry-run` says what a file would change.",
            "由 `python3 dev.py manage charge_reference` 根据模式、docs/reference/catalogues.yaml "
            "和 catalogues 中的文件生成，请勿手改。"
            "`terms` 与各收费项的写法见 [charges.zh-CN.md](charges.zh-CN.md)。"
            "`load_catalogue 文件 --dry-run` 可预览变更。",
        ),
    },
}
_PAGE: Mapping[str, tuple[str, str]] = {
    "head": ("| word | holds | meaning | example |", "| 词 | 内容 | 含义 | 示例 |"),
    "examples": ("Examples", "示例"),
    "run": (
        "Each is a whole file: `python3 dev.py manage rate --catalogue docs/examples/charges/NAME.yaml` "
        "prints it line by line, `check_oracles docs/examples/charges` checks them all.",
        "每个示例都是完整的文件：`python3 dev.py manage rate --catalogue docs/examples/charges/名称.yaml` "
        "逐项打印，`check_oracles docs/examples/charges` 全部核对。",
    ),
    "needed": ("needed", "必写"),
    "inherits": ("Besides these, the words of %s.", "此外还有 %s 的各词。"),
    "comma": (", ", "，"),
    "number": ("number", "数"),
    "text": ("text", "文本"),
    "whole": ("whole number", "整数"),
    "flag": ("true or false", "true 或 false"),
    "list": ("list of ", "列表："),
    "map": ("name: ", "名称："),
    "or": (" or ", " 或 "),
}


@dataclass(frozen=True, slots=True)
class Sources:
    """What the pages are made from, as texts: their words, and what shows them, by name."""

    words: Mapping[str, str]  # page -> words.yaml of that page
    examples: Mapping[str, str]
    situations: Mapping[str, str]
    catalogues: Mapping[str, str]

    def texts(self, name: str) -> Tree:
        """Return what a page says, by struct."""
        return parse_yaml(self.words[name])[0]


def gaps(sources: Sources) -> list[str]:
    """Return what is missing, in words: a text, a translation, an example; or what is there in vain."""
    missing = [one.sentence() for text in sources.words.values() for one in parse_yaml(text)[2]]
    texts = {name: part for page in sources.words for name, part in sources.texts(page).items()}
    known = all_words()
    told = set(_told(texts))
    used = set(_examples_by_word(sources))
    missing += [f"{word} has no text" for word in sorted(known - told) if "=" not in word]
    missing += [f"{word} has a text and is no word" for word in sorted(told - known)]
    missing += [f"{word} has no example" for word in sorted(known - used)]
    missing += [f"{path} lacks a language" for path, said in _said(texts) if len(said) != len(LANGUAGES)]
    missing += [
        f"{path} is no text; quote it: {one}"
        for path, said in _said(texts)
        for one in said
        if not _is_text(one)
    ]
    return missing


def page(sources: Sources, name: str, language: Language) -> str:
    """Return a page in one language; that of the grammar ends with its examples."""
    index = LANGUAGES.index(language)
    by_word = _examples_by_word(sources)
    head = _HEADS[name]
    parts = [f"# {head['title'][index]}", head["made"][index]]
    for struct, section in sources.texts(name).items():
        parts.append("\n".join(_section(_kinds()[struct], section, by_word, index)))
    if name == "charges":
        parts.append(f"## {_PAGE['examples'][index]}\n\n{_PAGE['run'][index]}")
        for example, text in sorted(sources.examples.items()):
            parts.append(f"### {example}\n\n```yaml\n{text.rstrip()}\n```")
    here = "" if name == "charges" else f"charges{ENDINGS[language]}"
    return "\n\n".join(parts).replace("](charges.md#", f"]({here}#") + "\n"


def _kinds() -> dict[str, type[msgspec.Struct]]:
    return {name_of(kind): kind for kind in structs()}


def _told(texts: Tree) -> Iterator[str]:
    kinds = _kinds()
    for name, section in texts.items():
        for word in section["words"]:
            is_word = name in kinds and word in fields(kinds[name])
            yield word_of(kinds[name], word) if is_word else f"{name}.{word}"
        for word, values in section.get("values", {}).items():
            yield from (value_word(fields(kinds[name])[word], value) for value in values)


def _said(texts: Tree, path: str = "") -> Iterator[tuple[str, Tree]]:
    """Yield where each text stands, and what it says by language."""
    if isinstance(texts, dict):
        for key, part in texts.items():
            yield from _said(part, f"{path}.{key}" if path else key)
    else:
        yield path, texts


def _is_text(one: Tree) -> bool:
    """Return whether it was read as text; a colon without quotes makes it something else."""
    return isinstance(one, str) and bool(one.strip())


def _examples_by_word(sources: Sources) -> dict[str, str]:
    """Return word -> a link to what shows it: the example named after it, else the one with fewest words."""
    found: dict[str, list[tuple[int, int, str]]] = {}
    shelves: tuple[tuple[Mapping[str, str], Any, str], ...] = (
        (sources.examples, Case, "[%s](charges.md#%s)"),
        (sources.situations, Asked, "[%s](examples/situations/%s.yaml)"),
        (sources.catalogues, Catalogue, "[%s](../catalogues/%s.yaml)"),
    )
    for shelf, (texts, kind, link) in enumerate(shelves):
        for name, text in texts.items():
            used = used_words(parse_yaml(text)[0], kind)
            for word in used:
                names = (word.partition(".")[2], word.rpartition("=")[2], word.replace(".", "-").lower())
                rank = shelf + 1 if shelf else int(name not in names)
                found.setdefault(word, []).append((rank, len(used), link % (name, name)))
    return {word: min(places)[2] for word, places in found.items()}


def _section(
    kind: type[msgspec.Struct], section: Tree, by_word: Mapping[str, str], index: int
) -> Iterator[str]:
    yield f"## {section['title'][index]} · {name_of(kind)}\n\n{section['about'][index]}"
    base = kind.__mro__[1]
    if is_struct(base) and fields(base):
        yield "\n" + _PAGE["inherits"][index] % name_of(base)
    yield f"\n{_PAGE['head'][index]}\n|---|---|---|---|"
    needed = {one.encode_name for one in msgspec.structs.fields(kind) if one.required}
    for word, meaning in section["words"].items():
        held = _held(fields(kind)[word], index) + (
            _PAGE["comma"][index] + _PAGE["needed"][index] if word in needed else ""
        )
        yield _row(f"`{word}`", held, meaning[index], by_word.get(word_of(kind, word)))
        for value, text in section.get("values", {}).get(word, {}).items():
            example = by_word.get(value_word(fields(kind)[word], value))
            yield _row(f"`{word}: {value}`", "", text[index], example)


def _row(word: str, held: str, meaning: str, example: str | None) -> str:
    return f"| {word} | {held} | {meaning} | {example or ''} |"


def _held(kind: Any, index: int) -> str:
    """Return what a word holds, as a person says it."""
    origin = get_origin(kind)
    if kind in (str, int, bool):
        return _PAGE[{str: "text", int: "whole", bool: "flag"}[kind]][index]
    if is_struct(kind):
        return name_of(kind)
    if choices(kind) and origin is Literal:
        return ", ".join(f"`{value}`" for value in choices(kind))
    if origin is list:
        return f"{_PAGE['list'][index]}{_held(get_args(kind)[0], index)}"
    if origin is dict:
        return f"{_PAGE['map'][index]}{_held(get_args(kind)[1], index)}"
    members = [one for one in get_args(kind) if one is not NoneType]
    if set(members) == {str, Formula}:
        return _PAGE["number"][index]
    return _PAGE["or"][index].join(_held(one, index) for one in members)
