"""The reference and the JSON Schemas: every word has a text and an example that runs; nothing is stale."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import jsonschema
import pytest
import yaml
from django.core.management import call_command

from billing.management.commands.charge_reference import made, sources_of
from billing.oracle import read_case, run_case
from billing.reference import gaps
from billing.schemas import SCHEMAS, schema_of
from billing.words import all_words

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
EXAMPLES = sorted((DOCS / "examples" / "charges").glob("*.yaml"))
SITUATIONS = sorted((DOCS / "examples" / "situations").glob("*.yaml"))


def test_every_word_has_a_text_in_both_languages_and_an_example():
    assert gaps(sources_of(DOCS)) == []
    assert len(all_words()) > 200


def test_a_word_without_a_text_or_an_example_is_named():
    sources = sources_of(DOCS)
    few = {name: text for name, text in sources.examples.items() if name != "anchor"}

    words = {name: text.replace("    anchor: [", "    ancor: [") for name, text in sources.words.items()}
    found = gaps(replace(sources, words=words, examples=few))

    assert "Charge.anchor has no text" in found
    assert "Charge.ancor has a text and is no word" in found
    assert "Charge.anchor=anniversary has no example" in found


def test_a_text_that_is_read_as_something_else_is_named():
    sources = sources_of(DOCS)
    words = {
        name: text.replace('"The multiple: 0.01', "The multiple: 0.01").replace('or minor."', "or minor.")
        for name, text in sources.words.items()
    }

    (found,) = gaps(replace(sources, words=words))

    assert found.startswith("Rounding.words.to is no text; quote it: ")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_is_short(path):
    text = path.read_text("utf-8")

    outcome = run_case(read_case(text))

    assert outcome.case.id == path.stem
    assert outcome.passed, f"got {outcome.got.amount} {outcome.got.unit}"
    assert len(text.splitlines()) <= 25


@pytest.mark.parametrize("path", SITUATIONS, ids=lambda path: path.stem)
def test_an_example_situation_is_rated_by_the_house_catalogue(path):
    house = str(ROOT / "catalogues/house.yaml")

    call_command("rate", "--catalogue", house, "--situation", str(path), stdout=StringIO())


def test_the_pages_and_schemas_are_fresh():
    for path, text in made(DOCS, sources_of(DOCS)):
        said = f"{path.name} is stale. Run: python3 dev.py manage charge_reference"
        assert path.read_text("utf-8") == text, said
    call_command("charge_reference", "--check", stdout=StringIO())


def as_an_editor_reads(path: Path) -> object:
    """YAML with dates left as text: that is how editors give it to a schema."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        first: [one for one in rules if one[0] != "tag:yaml.org,2002:timestamp"]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return yaml.load(path.read_text("utf-8"), Loader)


CASES = [*EXAMPLES, *(ROOT / "tests/oracles").rglob("*.yaml")]


def test_every_file_of_ours_suits_its_schema():
    kinds = {
        "case": CASES,
        "situation": [*SITUATIONS, *(ROOT / "catalogues/examples").glob("*.yaml")],
        "catalogue": list((ROOT / "catalogues").glob("*.yaml")),
    }
    for name, paths in kinds.items():
        check = jsonschema.Draft202012Validator(schema_of(name))
        for path in paths:
            found = [error.message for error in check.iter_errors(as_an_editor_reads(path))]
            assert found == [], path.name
    terms = jsonschema.Draft202012Validator(schema_of("terms"))
    assert not terms.is_valid({"charges": [{"code": "a", "prise": 1}]})


@pytest.mark.django_db
def test_the_schemas_are_served_to_anybody(client):
    for name in SCHEMAS:
        answer = client.get(f"/api/v1/schemas/{name}")
        assert answer.status_code == 200
        assert answer.json() == schema_of(name)
        assert (
            client.get(f"/api/v1/schemas/{name}", headers={"if-none-match": answer["ETag"]}).status_code
            == 304
        )
    assert client.get("/api/v1/schemas/nothing").status_code == 404
