"""What the YAML parser stumbles over, in sentences of our own. PURE.

The parser speaks English and of its own workings; what it says is only used to tell the cases apart.
"""

from plans.problems import Problem

_CODES = (  # what the parser says, or of what it says it -> the code of our sentence
    ("mapping values are not allowed", "yaml_two_colons"),
    ("could not find expected ':'", "yaml_colon"),
    ("expected ',' or ']'", "yaml_open_list"),
    ("expected ',' or '}'", "yaml_open_mapping"),
    ("expected node content", "yaml_value"),
    ("escape", "yaml_escape"),
    ("hexdecimal", "yaml_escape"),
    ("quoted scalar", "yaml_quote"),
    ("tab character", "yaml_character"),
    ("cannot start any token", "yaml_character"),
    ("control characters", "text_control"),
    ("special characters", "text_control"),
    ("did not find expected key", "yaml_indent"),
    ("did not find expected '-'", "yaml_indent"),
    ("expected <block end>", "yaml_indent"),
    ("block sequence entries are not allowed", "yaml_indent"),
    ("block collections are not allowed", "yaml_indent"),
)


def syntax_fault(problem: str, context: str, line: int, column: int) -> Problem:
    """Return the fault for what the parser said and where."""
    said = f"{problem} {context}"
    code = next((code for words, code in _CODES if words in said), "not_yaml")
    return Problem("", code, {}, line, column)
