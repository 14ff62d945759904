"""Praat TextGrid, long and short, as Praat and ELAN write it.

As in Praat, only free-standing numbers, quoted texts and flags such as <exists> count. Everything else is a comment.
"""

import math
import re
from bisect import bisect_right
from pathlib import Path
from typing import Literal

from bitbox_xr.core.errors import refuse
from bitbox_xr.io.annotations.records import Annotations, Interval, IntervalOptions
from bitbox_xr.io.annotations.text import content, decoded, head_text

__all__ = ["read", "recognise"]

START = re.compile(r'\s*(?:File type = )?"ooTextFile(?: short)?"\s+(?:Object class = )?"TextGrid"')
TOKEN = re.compile(r'"((?:[^"]|"")*)"|!.*|<(\w+)>|([^\s"!<]+)|[<"]')
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
OLD_ENCODING = "Latin-1"  # of files in which older versions of Praat wrote accented letters

Token = tuple[Literal["number", "text", "flag", "end"], str, int]


def recognise(path: Path, head: bytes) -> bool:
    """Whether the file starts as a TextGrid does."""
    return START.match(head_text(head).lstrip("\ufeff")) is not None


def read(path: Path, options: IntervalOptions) -> Annotations:
    """Read all tiers. An interval without text is none; points have no duration."""
    text = decoded(path.name, content(path), fallback=OLD_ENCODING)
    if START.match(text) is None:
        raise ValueError(f"{path.name}: expected a TextGrid, got {text.lstrip()[:40]!r}; see format=…")
    tokens = Tokens(path.name, text)
    for _ in range(2):
        tokens.text("the type of the file")
    tokens.number("the start of the file")
    tokens.number("the end of the file")
    intervals: list[Interval] = []
    names = []
    if tokens.flag() == "exists":
        for _ in range(tokens.count("tiers")):
            name, own = _tier(tokens)
            names.append(name)
            intervals += own
    return Annotations(intervals, tiers=names)


def _tier(tokens: "Tokens") -> tuple[str, list[Interval]]:
    kind, line = tokens.text("the class of a tier")
    if kind not in ("IntervalTier", "TextTier"):
        refuse(tokens.file, [f"line {line}: expected IntervalTier or TextTier, got {kind!r}; the file may be damaged"])
    name = tokens.text("the name of a tier")[0].strip()
    tokens.number(f"the start of tier {name!r}")
    tokens.number(f"the end of tier {name!r}")
    found = []
    for _ in range(tokens.count(f"entries of tier {name!r}")):
        onset, line = tokens.number(f"a time of tier {name!r}")
        offset = onset if kind == "TextTier" else tokens.number(f"a time of tier {name!r}")[0]
        label = tokens.text(f"a label of tier {name!r}")[0].strip()
        if label or kind == "TextTier":
            found.append(
                Interval(onset, offset, label, "point" if kind == "TextTier" else "state", f"line {line}", tier=name)
            )
    return name, found


class Tokens:
    """The numbers, texts and flags of a file, one after the other, with their lines."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._matches = TOKEN.finditer(text)
        self._breaks = [found.start() for found in re.finditer("\n", text)]

    def number(self, what: str) -> tuple[float, int]:
        """The next number, and its line."""
        kind, text, line = self._next()
        if kind != "number" or not math.isfinite(float(text)):
            self._refuse(what, "number", text, line)
        return float(text), line

    def count(self, what: str) -> int:
        """The next number, as a number of items; none if it is negative, as in Praat."""
        value, line = self.number(f"the number of {what}")
        if value != int(value):
            self._refuse(f"the number of {what}", "whole number", f"{value:g}", line)
        return max(0, int(value))

    def text(self, what: str) -> tuple[str, int]:
        """The next quoted text, and its line."""
        kind, text, line = self._next()
        if kind != "text":
            self._refuse(what, "quoted text", text, line)
        return text, line

    def flag(self) -> str:
        """The next flag."""
        kind, text, line = self._next()
        if kind != "flag":
            self._refuse("whether the file has tiers", "<exists>", text, line)
        return text

    def _next(self) -> Token:
        for found in self._matches:
            text, flag, word = found.groups()
            line = bisect_right(self._breaks, found.start()) + 1
            if text is not None:
                return "text", text.replace('""', '"'), line
            if flag is not None:
                return "flag", flag, line
            if word is not None and (number := NUMBER.match(word)):
                return "number", number[0], line
            if found[0] == '"':
                self._refuse("a text", "closing quote", "none", line)
        return "end", "the end of the file", len(self._breaks) + 1

    def _refuse(self, what: str, expected: str, got: str, line: int) -> None:
        raise ValueError(
            f"{self.file}, line {line}: expected a {expected} ({what}), got {got!r}; the file may be damaged or cut "
            "short"
        )
