"""
Rules for JSON documents that people write: what is wrong is said by key and rule.

A rule takes a value and the path to it, and returns what is wrong with it, in sentences.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.utils.translation import gettext as _

Rule = Callable[[Any, str], list[str]]


def text(value: Any, path: str) -> list[str]:
    """A text with something in it."""
    return [] if isinstance(value, str) and value else [_("%s: must be a text") % path]


def any_text(value: Any, path: str) -> list[str]:
    """A text, the empty one too."""
    return [] if isinstance(value, str) else [_("%s: must be a text") % path]


def flag(value: Any, path: str) -> list[str]:
    """True or false."""
    return [] if isinstance(value, bool) else [_("%s: must be true or false") % path]


def whole(least: int = 0, most: int = 10**9) -> Rule:
    """A whole number within bounds."""

    def rule(value: Any, path: str) -> list[str]:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if is_whole and least <= value <= most:
            return []
        words = {"path": path, "least": least, "most": most}
        return [_("%(path)s: must be a whole number from %(least)s to %(most)s") % words]

    return rule


def one_of(choices: Collection[str]) -> Rule:
    """One of some words."""

    def rule(value: Any, path: str) -> list[str]:
        if isinstance(value, str) and value in choices:
            return []
        words = {"path": path, "choices": ", ".join(choices), "value": value}
        return [_("%(path)s: must be one of %(choices)s, not “%(value)s”") % words]

    return rule


def character(value: Any, path: str) -> list[str]:
    """One character of ASCII, or nothing."""
    is_one = isinstance(value, str) and len(value) <= 1 and value.isascii() and value not in "\r\n"
    return [] if is_one or value == "" else [_("%s: must be one character") % path]


def pattern(group: str) -> Rule:
    """A regular expression with a named group."""

    def rule(value: Any, path: str) -> list[str]:
        try:
            names = re.compile(value).groupindex
        except (re.error, TypeError):
            return [_("%s: must be a regular expression") % path]
        words = {"path": path, "group": group}
        return [] if group in names else [_("%(path)s: has no group %(group)s") % words]

    return rule


def many(each: Rule) -> Rule:
    """A list with something in it, of values of one rule."""

    def rule(value: Any, path: str) -> list[str]:
        if not isinstance(value, list) or not value:
            return [_("%s: must be a list") % path]
        return [wrong for i, item in enumerate(value) for wrong in each(item, f"{path}.{i}")]

    return rule


def one_or_many(each: Rule) -> Rule:
    """A value, or a list of them."""

    def rule(value: Any, path: str) -> list[str]:
        return many(each)(value, path) if isinstance(value, list) else each(value, path)

    return rule


def table(each: Rule, keys: Rule = text) -> Rule:
    """An object whose keys are the author's."""

    def rule(value: Any, path: str) -> list[str]:
        if not isinstance(value, Mapping) or not value:
            return [_("%s: must be an object") % path]
        found = [wrong for key in value for wrong in keys(key, f"{path}.{key}")]
        return found + [
            wrong for key, item in value.items() for wrong in each(item, f"{path}.{key}")
        ]

    return rule


def record(known: Mapping[str, Rule], required: Collection[str] = ()) -> Rule:
    """An object of known keys."""

    def rule(value: Any, path: str) -> list[str]:
        if not isinstance(value, Mapping):
            return [_("%s: must be an object") % (path or "mapping")]
        dot = f"{path}." if path else ""
        wrong = [_("%s: is missing") % f"{dot}{key}" for key in required if key not in value]
        for key, item in value.items():
            rule_of_key = known.get(key)
            if rule_of_key is None:
                words = {"path": f"{dot}{key}", "choices": ", ".join(known)}
                wrong.append(_("%(path)s: is not understood; known are %(choices)s") % words)
            else:
                wrong += rule_of_key(item, f"{dot}{key}")
        return wrong

    return rule


def when(is_it: Callable[[Any], bool], yes: Rule, no: Rule) -> Rule:
    """One rule or the other, by what the value looks like."""
    return lambda value, path: (yes if is_it(value) else no)(value, path)
