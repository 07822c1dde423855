"""Fields of the tier forms: lists typed as lines, amounts by currency, and the dress of declared fields."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.admin_base import SelectWidget, StaffForm, UnfoldBoxes
from plans.admin.source import sentence
from plans.money import EXPONENTS
from plans.problems import Problem
from plans.shape import Tree
from plans.terms_schedule import Weekday, Window

DAYS: tuple[str, ...] = Weekday.__args__  # type: ignore[attr-defined]  # the words of a Literal


def dress(form: forms.BaseForm, names: Sequence[str]) -> None:
    """Give declared fields the look of the others on the page."""
    for name in names:
        field = form.fields[name]
        field.label = capfirst(field.label)
        if isinstance(field, forms.MultipleChoiceField):
            field.widget = UnfoldBoxes(choices=field.choices)
        elif isinstance(field, forms.ChoiceField):
            field.widget = SelectWidget(choices=field.choices)
        else:
            classes = next((c for kind, c in StaffForm.dress if isinstance(field.widget, kind)), [])
            field.widget.attrs["class"] = " ".join(classes)


def refused(form: forms.BaseForm, problems: Sequence[Problem], places: dict[str, str]) -> None:
    """Put each fault of a promise beside the field it was typed in; `places` is path prefix -> field."""
    for one in problems:
        field = next((name for prefix, name in places.items() if one.path.startswith(prefix)), None)
        form.add_error(field, sentence(one))


class WordsField(forms.CharField):
    """Words with commas between them; the value is a list."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """Write a list as typed."""
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Return the words without blanks."""
        return [word.strip() for word in str(value or "").replace("，", ",").split(",") if word.strip()]


class LinesField(forms.CharField):
    """One thing a line; subclasses say how a line is read and written."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})
        self.widget.attrs["rows"] = 4

    def read(self, words: list[str]) -> Any:
        """Return what a line says; ValueError if it says nothing that fits."""
        raise NotImplementedError

    def write(self, one: Any) -> str:
        """Return the line of a value."""
        raise NotImplementedError

    def prepare_value(self, value: Any) -> Any:
        """Write a list as lines; text that was posted stays as it was typed."""
        return "\n".join(self.write(one) for one in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Read every line; each fault names its line."""
        found, faults = [], []
        for number, line in enumerate(str(value or "").splitlines(), start=1):
            if line.strip():
                try:
                    found.append(self.read(line.split()))
                except ValueError:
                    said = _("Line %(line)s: %(fault)s") % {"line": number, "fault": self.help_text}
                    faults.append(forms.ValidationError(said))
        if faults:
            raise forms.ValidationError(faults)
        return found


class ResponseField(LinesField):
    """Priority, minutes, and `24x7` where the minutes run day and night."""

    def read(self, words: list[str]) -> Any:
        """Return (priority, minutes, around the clock)."""
        if len(words) not in (2, 3) or not words[1].isdecimal() or words[2:] not in ([], ["24x7"]):
            raise ValueError(words)
        return words[0], int(words[1]), len(words) == 3

    def write(self, one: Any) -> str:
        """Return the line of one priority."""
        priority, minutes, clock = one
        return f"{priority} {minutes}{' 24x7' if clock else ''}"


class WindowsField(LinesField):
    """Days, then `09:00-18:00`, then perhaps `since` and `until` with a date."""

    def read(self, words: list[str]) -> Any:
        """Return the tree of a window."""
        days = [word for word in words if word in DAYS]
        rest = words[len(days) :]
        if words[: len(days)] != days or not rest or len(rest) % 2 != 1:
            raise ValueError(words)
        start, dash, end = rest[0].partition("-")
        limits = dict(zip(rest[1::2], rest[2::2], strict=True))
        if not dash or set(limits) - {"since", "until"}:
            raise ValueError(words)
        return {"from": start, "to": end, **({"days": days} if days else {}), **limits}

    def write(self, one: Any) -> str:
        """Return the line of one window."""
        tree = one if isinstance(one, dict) else _window_tree(one)
        limits = [f"{word} {tree[word]}" for word in ("since", "until") if word in tree]
        return " ".join([*tree.get("days", []), f"{tree['from']}-{tree['to']}", *limits])


def _window_tree(window: Window) -> Tree:
    limits = {word: getattr(window, word) for word in ("since", "until") if getattr(window, word)}
    return {"days": window.days, "from": window.start, "to": window.end, **limits}


class DatesField(LinesField):
    """Dates, one a line."""

    def read(self, words: list[str]) -> Any:
        """Return the date as text; the promise's own check says whether it is one."""
        if len(words) != 1:
            raise ValueError(words)
        return words[0]

    def write(self, one: Any) -> str:
        """Return the line of a date."""
        return str(one)


class AmountsField(forms.CharField):
    """One number, or one for each currency: `USD 1, CNY 7`. The value is a number of the grammar."""

    default_error_messages = {
        "amounts": gettext_lazy("Write one number, or one for each currency: USD 1, CNY 7.")
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """Write a choice by currency as pairs."""
        if isinstance(value, dict):
            return ", ".join(f"{currency} {amount}" for currency, amount in value.get("cases", {}).items())
        return value

    def to_python(self, value: Any) -> Any:
        """Return the literal, or the choice by currency."""
        text = str(value or "").replace("，", ",").strip()
        if not text or ("," not in text and " " not in text):
            return text
        pairs = [part.split() for part in text.split(",") if part.strip()]
        if any(len(pair) != 2 or pair[0] not in EXPONENTS for pair in pairs):
            raise forms.ValidationError(self.error_messages["amounts"], code="amounts")
        return {"pick": "currency", "cases": dict(pairs)}


def is_simple_amount(number: Tree) -> bool:
    """Return whether a number can be typed in an AmountsField."""
    if isinstance(number, str):
        return True
    simple = isinstance(number, dict) and set(number) == {"pick", "cases"} and number["pick"] == "currency"
    return simple and all(isinstance(one, str) for one in number["cases"].values())
