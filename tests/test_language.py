"""The package and its documentation avoid archaic and figurative phrases, which are hard to read for newcomers."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
SUFFIXES = {".py", ".md", ".rst"}
TEXTS = ("bitbox_xr", "docs", "examples", "README.md", "CONTRIBUTING.md", "CHANGELOG.md")

# Regular expressions for whole words, in any case. A blank matches any white space, line breaks included.
BANNED = {
    "wanted": "wanted",
    "anew": "anew",
    "whence": "whence",
    "unasked": "unasked",
    "bears": "bears",
    "to be had": "to be had",
    "is told by": "(?:is|are|was|were) told by",
    "tells what": "tells? what",
    "what it is that": "what it is that",
    "goes along": "go(?:es)? along",
    "stands in, for, beside": "stands? (?:in|for|beside)",
    "be they": "be they",
    "made up": "made up(?! of)",  # "made up of" is plain English
    "in words": "in words",
    "house": "houses?",
    "room": "rooms?",
    "guest": "guests?",
    "chains of 'of which'": "of which [^.;:]*of which",
    "chains of 'at which'": "at which [^.;:]*at which",
    "whatever it is": "whatever it is",
    "in one go": "(?:in|at) one go",
    "such as it": "such as it",
    "let go of": "lets? go of",
    "has to do with": "(?:has|have|had) to do with",
    "so much as": "so much as",
    "that are there": "that are there",
    "there is none": "there (?:is|are) none",
    "of theirs": "of theirs",
    "of its own": "of (?:its|their) own",
    "or none": "(?-i:or none)",  # `or None` is code
    "once for all": "once(?: and)? for all",
    "known are": "known are",
}
BLANK = r"(?:\s|#)+"  # a phrase may continue in the next line of a comment
PATTERNS = {
    name: re.compile(rf"(?<![\w.])(?:{phrase.replace(' ', BLANK)})(?!\w)", re.IGNORECASE)
    for name, phrase in BANNED.items()
}


def texts():
    """Every file with text for users or contributors."""
    for name in TEXTS:
        path = PROJECT / name
        if path.is_file():
            yield path
        yield from sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES and "_build" not in file.parts)


def found_in(text):
    """Line, name of the banned phrase and the words that match, for each match in a text."""
    matches = [
        (text.count("\n", 0, m.start()) + 1, name, m[0]) for name, p in PATTERNS.items() for m in p.finditer(text)
    ]
    return sorted((line, name, " ".join(words.split())) for line, name, words in matches)


@pytest.mark.parametrize("path", [*texts()], ids=lambda path: str(path.relative_to(PROJECT)))
def test_texts_use_plain_language(path):
    faults = [
        f"{path.relative_to(PROJECT)}:{line}: {words!r} ({name})"
        for line, name, words in found_in(path.read_text("utf-8"))
    ]
    assert not faults, "expected plain language, got\n" + "\n".join(faults)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a number is wanted", [(1, "wanted", "wanted")]),
        ("It is counted\nAnew.", [(2, "anew", "Anew")]),
        ("# it stands\n# for the rest", [(1, "stands in, for, beside", "stands # for")]),
        ("x has no name or none", [(1, "or none", "or none")]),
        ("unwanted, bathroom, standstill, understands for, counted_anew, made up of parts", []),
        ("the half of which we speak", []),
        ("the half of which the half of which", [(1, "chains of 'of which'", "of which the half of which")]),
    ],
)
def test_phrases_are_found_as_whole_words(text, expected):
    assert found_in(text) == expected
