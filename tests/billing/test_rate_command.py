"""`manage.py rate`: every form of file, the same lines each time, every problem at once, no server at all."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.plans.catalogue_sample import SAMPLE

ROOT = Path(__file__).resolve().parents[2]
TERMS = """\
currency: EUR
round: {total: 0.01}
meters:
  peak: {unit: connections, reduce: [{per: [app], take: max}, {take: sum}]}
  messages: {unit: messages, each: {of: value, steps: [{over: 4096}, {round: {to: 1, mode: ceil}}]}}
pools: {prepaid: {order: first_expiring}}
charges:
  - {code: base, tags: [plan], steps: [{price: {flat: 40}}, {prorate: {by: day}}]}
  - code: messages
    tags: [usage]
    of: messages
    steps: [{included: 50000}, {draw: {pool: prepaid}}, {price: {each: 3, per: 10000, partial: ceil}}]
  - code: peak
    tags: [usage]
    of: peak
    steps:
      - price: {mode: graduated, bands: [{upto: 100, each: 0}, {upto: 500, each: 0.2}, {each: 0.1}]}
  - {code: support, of: {spend: [plan, usage]}, steps: [{times: 0.05}, {at_least: 15}]}
"""
SITUATION = """\
usage:
  messages: [{value: 290816000}]
  peak: [{value: 300, app: a}, {value: 320, app: b}]
packs: {prepaid: [{left: 10000}]}
expected: {amount: 153.00, unit: EUR}
"""
CASE = """\
id: x
terms:
  currency: EUR
  meters: {m: {unit: messages}}
  charges: [{code: use, of: m, steps: [{price: {each: 0.1}}]}]
situation: {usage: {m: 5}}
expected: {amount: 0.50, unit: EUR}
"""


@pytest.fixture
def files(tmp_path):
    """Write texts as files and return what `rate` prints for them."""

    def rate(prices: str, facts: str | None = None, *flags: str) -> str:
        (tmp_path / "prices.yaml").write_text(prices, "utf-8")
        words = ["--catalogue", str(tmp_path / "prices.yaml")]
        if facts is not None:
            (tmp_path / "facts.yaml").write_text(facts, "utf-8")
            words += ["--situation", str(tmp_path / "facts.yaml")]
        out, errors = StringIO(), StringIO()
        try:
            call_command("rate", *words, *flags, stdout=out, stderr=errors)
        except SystemExit as end:
            return errors.getvalue().replace(f"{tmp_path}/", "") if end.code == 1 else "not 1"
        return out.getvalue()

    return rate


def test_the_bill_of_the_grammar_page_comes_out_with_its_sentences(files):
    said = files(TERMS, SITUATION)

    assert said.endswith("total: 153 EUR\n")
    assert "messages  11000 messages  6 EUR" in said
    assert "\n  71,000 messages − 50,000 included − 10,000 from your pack = 11,000; 2 started blocks" in said
    assert "11,000: 2 started blocks of 10,000 × €3.00 = €6.00" in said
    assert "资源包" in files(TERMS, SITUATION, "--language", "zh-Hans")


def test_programs_read_the_same_bytes_each_time(files):
    first = files(TERMS, SITUATION, "--json")
    tree = json.loads(first)

    assert files(TERMS, SITUATION, "--json") == first
    assert (tree["total"], tree["currency"], tree["unit"]) == ("153", "EUR", "EUR")
    assert [(one["charge"], one["quantity"], one["amount"]) for one in tree["lines"]] == [
        ("base", "1", "40"), ("messages", "11000", "6"), ("peak", "620", "92"), ("support", None, "15"),
    ]  # fmt: skip
    assert tree["lines"][1]["derivation"]["output"] == "6"
    assert tree["lines"][1]["headline"] in files(TERMS, SITUATION)
    chinese = json.loads(files(TERMS, SITUATION, "--json", "--language", "zh-Hans"))
    assert "资源包" in chinese["lines"][1]["headline"]
    assert chinese["inputs_hash"] == tree["inputs_hash"]
    assert len(tree["terms_hash"]) == len(tree["inputs_hash"]) == 64
    assert tree["bills"][0]["draws"] == [
        {"pool": "prepaid", "pack": "prepaid-0", "charge": "messages", "quantity": "10000"}
    ]


def test_several_bills_have_one_hash_of_theirs_and_a_total_each(files):
    tree = json.loads(files(TERMS, "bills: [{usage: {peak: 200}}, {usage: {peak: 100}}]", "--json"))

    assert [bill["total"] for bill in tree["bills"]] == ["75", "55"]
    assert tree["total"] == "130"
    assert tree["inputs_hash"] not in [bill["inputs_hash"] for bill in tree["bills"]]
    assert {line["bill"] for line in tree["lines"]} == {0, 1}


def test_a_worked_bill_is_enough_alone_or_lends_its_terms(files):
    assert files(CASE).endswith("total: 0.5 EUR\n")
    assert files(CASE, "usage: {m: 7}").endswith("total: 0.7 EUR\n")
    assert files(CASE, "{usage: {m: 7}, ask: m}").endswith("m: 7 messages\n")
    assert files(CASE.replace("0.50", "0.51")) == "Expected 0.51 EUR, got 0.5 EUR.\n"


def test_a_plan_of_a_catalogue_is_the_only_one_or_named(files):
    facts = "facts: {currency: USD}\nusage: {mau: 10100}\n"
    two = (
        SAMPLE + "  - {code: other, names: {en: Other, zh-Hans: 其他}, versions: [{number: 1, terms: {}}]}\n"
    )

    assert files(SAMPLE, facts).startswith("growth, version 1\nBase fee  1  40 USD\n")
    assert "total: 45 USD" in files(two, facts + "plan: growth\n")
    assert "total: 45 USD" in files(two, facts + "plan: other\n", "--plan", "growth@1")
    assert files(two, facts).startswith(
        "facts.yaml:1:1: file: The catalogue has several plans. Name one with “plan” or --plan: growth,"
    )
    assert "facts.yaml:3:1: plan: The catalogue has no plan “big”" in files(two, facts + "plan: big")
    assert "has no version 7. Known: 1." in files(two, facts, "--plan", "growth@7")
    assert files(TERMS, "plan: growth").startswith("facts.yaml:1:1: plan: This file holds one set of terms")


def test_lines_and_meters_are_named_in_the_readers_language(files):
    said = files(SAMPLE, "facts: {currency: CNY}\nusage: {mau: 10100}\n", "--language", "zh-Hans")

    assert "基础费用  1  280 CNY" in said
    assert "实际用量：月活跃用户" in said


def test_usage_that_a_plan_has_no_price_for_is_said_and_left_out(files):
    said = files(SAMPLE, "facts: {currency: USD}\nusage: {mau: 10100, messages: 500}\n")

    assert said.endswith("not priced by this plan: messages\ntotal: 45 USD\n")
    assert "The terms declare no meter “message”" in files(
        SAMPLE, "facts: {currency: USD}\nusage: {message: 500}\n"
    )


def test_a_currency_that_is_not_sold_is_among_the_problems_at_its_place(files):
    said = files(SAMPLE, "{bills: [{facts: {currency: EUR}}, {}], usage: {mau: many}}").splitlines()

    assert [line.split(": ", 2)[:2] for line in said] == [
        ["facts.yaml:1:19", "bills[0].facts.currency"],
        ["facts.yaml:1:36", "bills[1].facts"],
        ["facts.yaml:1:49", "usage.mau"],
    ]
    assert "The terms are not sold in “EUR”. Use one of: USD, CNY." in said[0]


def test_options_hold_modules_and_tiers(files):
    facts = "facts: {currency: USD, term: annual}\noptions: [module.moderation, support.business]\nask: total"

    said = files(SAMPLE, facts)

    assert "moderation_fee  1  240 USD" in said
    assert "business_fee  36 USD" in said
    assert "total: 660 USD" in said


def test_every_problem_of_both_files_comes_at_once_in_their_order(files):
    said = files(
        TERMS.replace("of: peak", "of: peek").replace("each: 3,", "each: -3,"),
        "{usage: {mesages: 5, messages: 1e3}, facts: {seat: 3}, period: June, at: x, zone: Mars,\n"
        " ask: nothing, packs: {p: [{left: many}]}, options: [y],\n"
        " spans: [{from: 2026-06-02, to: 2026-06-01}]}",
    )

    assert [tuple(line.split(": ", 2)[:2]) for line in said.splitlines()] == [
        ("prices.yaml:12:66", "charges[1].steps[2].price.each"),
        ("prices.yaml:15:5", "charges[2].of"),
        ("facts.yaml:1:10", "usage.mesages"),
        ("facts.yaml:1:22", "usage.messages"),
        ("facts.yaml:1:46", "facts.seat"),
        ("facts.yaml:1:56", "period"),
        ("facts.yaml:1:70", "at"),
        ("facts.yaml:1:77", "zone"),
        ("facts.yaml:2:2", "ask"),
        ("facts.yaml:2:24", "packs.p"),
        ("facts.yaml:2:29", "packs.p[0].left"),
        ("facts.yaml:2:54", "options[0]"),
        ("facts.yaml:3:10", "spans[0]"),
    ]


@pytest.mark.parametrize(
    ("prices", "facts", "said"),
    [
        (CASE.replace("of: m", "of: seats"), None, "prices.yaml:6:1: situation.facts: The price needs"),
        (CASE.replace("id: x\n", ""), None, "prices.yaml:1:1: file: “id” is missing."),
        (TERMS, None, "prices.yaml:1:1: file: “situation” is missing."),
        (TERMS, "usage: {peak: 1\n", "facts.yaml:2:1: file: A “,” or “}” is expected"),
        (TERMS, "usage: {peak: 1}\nfact: {a: 1}", "facts.yaml:2:1: fact: “fact” is not a word here."),
    ],
)  # fmt: skip
def test_a_refusal_names_the_place_that_has_to_change(files, prices, facts, said):
    assert files(prices, facts).startswith(said)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("rate", "--catalogue", str(tmp_path / "nothing.yaml"))


@pytest.mark.parametrize("words", [["manage.py"], ["dev.py", "manage"]])
def test_it_runs_where_nothing_runs_and_nothing_is_set(words, tmp_path):
    (tmp_path / "case.yaml").write_text(CASE, "utf-8")
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}

    done = subprocess.run(
        [sys.executable, *words, "rate", "--catalogue", str(tmp_path / "case.yaml")],
        cwd=ROOT, env=bare, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("total: 0.5 EUR\n")


HUGE = f"""\
id: x
terms:
  currency: USD
  meters: {{m: {{unit: units}}}}
  charges: [{{code: a, of: m, steps: [{{price: {{each: 1}}}}, {{times: m}}, {{times: m}}]}}]
situation: {{usage: {{m: 1{"0" * 60}}}}}
expected: {{amount: 1{"0" * 180}, unit: USD}}
"""


def test_a_number_of_hundreds_of_digits_is_written_out(files):
    assert f"total: 1{'0' * 180} USD" in files(HUGE)


@pytest.mark.parametrize(
    ("situation", "path"),
    [
        ("period: {from: 0001-01-01, to: 9999-12-31}", "situation.period.from"),
        ("period: 9999-12", "situation.period"),
        ("count: 100000000", "situation.count"),
        ("count: 0", "situation.count"),
    ],
)
def test_a_period_or_count_beyond_reckoning_is_named(files, situation, path):
    case = CASE.replace("usage: {m: 5}", f"usage: {{m: 5}}, {situation}")
    assert f" {path}: " in files(case)


BANDS = """\
id: x
terms:
  currency: USD
  schedules: {h: {zone: UTC, bands: [{code: day, windows: [{from: "08:00", to: "20:00"}]}], else: night}}
  meters: {m: {unit: minutes, schedule: h}, all: {unit: minutes}}
  charges: [{code: use, split: band, of: m, steps: [{price: {each: 1}}]}]
situation: {usage: {m: [{value: 3, at: "2026-06-02T09:00:00"}]}}
expected: {amount: 3, unit: USD}
"""


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (", schedule: h}, all", "}, all", "situation.usage.m[0]"),
        ("[{price", "[{included: all}, {price", "situation.usage.all"),
    ],
    ids=["no schedule", "another meter"],
)
def test_usage_that_no_time_band_can_take_is_named(files, old, new, path):
    assert "total: 3 USD" in files(BANDS)
    case = BANDS.replace(old, new)
    if path.endswith("all"):
        case = case.replace('09:00:00"}]', '09:00:00"}], all: 900')
    said = files(case)
    assert f" {path}: " in said
    assert "“band”" in said


def test_a_band_that_events_say_themselves_needs_no_schedule(files):
    said = BANDS.replace(", schedule: h}, all", "}, all").replace(
        "value: 3, at: ", "value: 3, band: day, at: "
    )
    assert "total: 3 USD" in files(said)
