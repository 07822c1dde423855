"""`manage.py check_oracles`: a list, a folder, one bill; what is missing or differs ends it with 1."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "oracles.json"
CASE = """\
id: {id}
terms:
  currency: EUR
  meters: {{m: {{unit: messages}}}}
  charges: [{{code: use, of: m, steps: [{{price: {{each: 0.1}}}}]}}]
situation: {{usage: {{m: 5}}}}
expected: {{amount: 0.50, unit: EUR}}
"""


def check(*words: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("check_oracles", *words, stdout=out, stderr=StringIO())
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(CASE.format(id=name), "utf-8")
    return tmp_path


def listed(folder: Path, **amounts: tuple[str, str]) -> str:
    rows = [{"id": name, "expected_amount": a, "currency": c} for name, (a, c) in amounts.items()]
    (folder / "list.json").write_text(json.dumps({"oracles": rows}), "utf-8")
    return str(folder / "list.json")


def test_without_a_file_the_products_own_bills_are_checked():
    code, said = check()

    assert code == 0
    assert said.endswith("66 of 66 pass.\n")


@pytest.mark.skipif(not SHARED.exists(), reason="the published list is not beside this copy")
def test_every_published_oracle_comes_out():
    code, said = check(str(SHARED), "--json")
    tree = json.loads(said)

    assert (code, tree["failed"], tree["passed"]) == (0, 0, tree["total"])


def test_a_folder_or_one_bill_is_checked_against_itself(folder):
    assert check(str(folder)) == (
        0, "pass  a: expected 0.5 EUR, got 0.5 EUR\npass  b: expected 0.5 EUR, got 0.5 EUR\n2 of 2 pass.\n",
    )  # fmt: skip
    assert check(str(folder / "a.yaml"))[1].endswith("1 of 1 pass.\n")


def test_a_list_decides_what_is_expected_and_compares_exactly(folder):
    given = listed(folder, a=("0.5", "EUR"), b=("0.500000000001", "EUR"), c=("1", "EUR"))

    code, said = check(given, "--cases", str(folder), "--json")

    tree = json.loads(said)
    assert code == 1
    assert [(one["id"], one["pass"], one["got"]) for one in tree["oracles"]] == [
        ("a", True, "0.5"), ("b", False, "0.5"), ("c", False, None),
    ]  # fmt: skip
    assert "c.yaml is missing" in tree["oracles"][2]["error"]
    assert check(listed(folder, a=("0.5", "USD")), "--cases", str(folder))[0] == 1
    assert check(listed(folder, a=("half", "EUR")), "--cases", str(folder))[0] == 1


def test_a_bill_that_cannot_be_read_fails_alone_with_its_place(folder):
    (folder / "b.yaml").write_text(CASE.format(id="b").replace("of: m", "of: n"), "utf-8")

    code, said = check(str(folder))

    assert code == 1
    assert f"{folder}/b.yaml:5:25: terms.charges[0].of: “n” is not a meter" in said
    assert said.endswith("1 of 2 pass.\n")


@pytest.mark.parametrize("text", ["[]", "{}", '{"oracles": [{"id": "a"}]}', "no json"])
def test_a_list_of_another_shape_is_one_sentence(folder, text):
    (folder / "list.json").write_text(text, "utf-8")

    with pytest.raises(CommandError, match="not a list of oracles"):
        check(str(folder / "list.json"))


def test_an_empty_folder_proves_nothing(tmp_path):
    assert check(str(tmp_path))[0] == 1
