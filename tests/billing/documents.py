"""Random terms documents for property tests: every one is valid, and rates without an error."""

from typing import Any

from hypothesis import strategies as st

LITERAL = st.decimals(0, 500, places=3).map(lambda value: format(value, "f"))
POSITIVE = st.sampled_from(["0.5", "1", "2", "3", "7", "10", "1000"])
MODES = st.sampled_from(["half_up", "half_even", "ceil", "floor", "truncate"])
QUANTITIES = st.sampled_from(["m", "peak", "seats", "opt", "n", "12"])


@st.composite
def tariffs(draw: Any) -> dict[str, Any]:
    each: dict[str, Any] = {"each": draw(LITERAL)}
    if draw(st.booleans()):
        each |= {"per": draw(POSITIVE), "partial": draw(MODES)}
    if draw(st.booleans()):
        return {**each, "flat": draw(LITERAL)}
    edges = sorted(draw(st.sets(st.integers(1, 400), min_size=1, max_size=4)))
    bands = [
        {draw(st.sampled_from(["upto", "below"])): str(edge), "each": draw(LITERAL), "flat": draw(LITERAL)}
        for edge in edges
    ]
    mode = draw(st.sampled_from(["graduated", "volume", "bracket"]))
    return {"mode": mode, "bands": [*bands, {"times": "0.9"}], **each}


QUANTITY_STEPS = st.one_of(
    st.fixed_dictionaries({"included": LITERAL}),
    st.fixed_dictionaries({"times": st.one_of(LITERAL, QUANTITIES)}),
    st.fixed_dictionaries({"over": POSITIVE}),
    st.fixed_dictionaries({"at_least": QUANTITIES}),
    st.fixed_dictionaries({"at_most": LITERAL}),
    st.fixed_dictionaries({"plus": QUANTITIES}),
    st.fixed_dictionaries({"round": st.fixed_dictionaries({"to": POSITIVE, "mode": MODES})}),
    st.just({"draw": {"pool": "p", "weight": "2"}}),
)
MONEY_STEPS = st.one_of(
    st.fixed_dictionaries({"times": LITERAL}),
    st.fixed_dictionaries({"at_least": LITERAL}),
    st.just({"prorate": {"by": "day"}}),
    st.just({"prorate": {"by": "second", "of": "month", "round": "0.0001"}}),
    st.fixed_dictionaries({"round": st.fixed_dictionaries({"to": POSITIVE, "mode": MODES})}),
    st.fixed_dictionaries({"times": st.just({"pick": "term", "cases": {"monthly": "1.1", "annual": "1"}})}),
)


@st.composite
def charges(draw: Any) -> list[dict[str, Any]]:
    found = []
    for index in range(draw(st.integers(1, 4))):
        one: dict[str, Any] = {
            "code": f"c{index}",
            "tags": draw(st.lists(st.sampled_from(["plan", "usage"]), max_size=1)),
        }
        if index and draw(st.booleans()):
            one["of"] = {"spend": [f"c{index - 1}", "plan"]}
            one["steps"] = draw(st.lists(MONEY_STEPS, max_size=3))
        else:
            one["of"] = draw(QUANTITIES)
            priced = {"price": draw(tariffs())}
            one["steps"] = [
                *draw(st.lists(QUANTITY_STEPS, max_size=3)),
                priced,
                *draw(st.lists(MONEY_STEPS, max_size=2)),
            ]
            one["split"] = draw(st.sampled_from(["app", "region"]))
            if draw(st.booleans()):
                del one["split"]
        one["credit"] = draw(st.booleans())
        found.append(one)
    return found


@st.composite
def documents(draw: Any) -> dict[str, Any]:
    """Every word of the grammar but `minus` and `table`, over two meters, a formula, an option and seats."""
    rounding = draw(
        st.sampled_from(["none", {"line": "minor"}, {"total": "0.01"}, {"line": "0.001", "total": "0.01"}])
    )
    reduce = draw(
        st.sampled_from(
            [
                [{"per": ["app"], "take": "max"}, {"take": "sum"}],
                [
                    {"per": ["app", "day"], "take": "max"},
                    {"per": ["app"], "take": "mean_of_highest", "n": "2"},
                    {"take": "sum"},
                ],
                [{"take": "percentile", "n": "95"}],
                [{"take": "nth_highest", "n": "3"}],
                [{"take": "mean"}],
                [{"take": "latest"}],
                [{"take": "distinct", "of": "region"}],
                [{"take": "time_average", "n": "30"}],
            ]
        )
    )
    return {
        "currency": "EUR",
        "round": rounding,
        "tags": ["plan", "usage"],
        "options": ["opt"],
        "pools": {"p": {"size": "20"}},
        "numbers": {"n": {"times": ["m", {"minus": ["3", "1"]}]}},
        # What the formulas join has one unit, that of the built-in seats.
        "meters": {"m": {"unit": "seats"}, "peak": {"unit": "seats", "reduce": reduce}},
        "charges": draw(charges()),
    }
