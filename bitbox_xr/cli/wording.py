"""Messages of the package in the words of the command line: `--max-lag 1` for `max_lag=1`.

The package names its options as in Python. A command knows its own options by the same names, so a message is
translated by rules for the forms in which messages name an option, not by a table of messages.
"""

import ast
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import click

__all__ = ["flag_of", "flags", "in_words_of", "named", "options_of"]

# functions that are neither a command nor called as an option
OTHER_CALLS = {"annotate": "--intervals", "open_intervals": "--intervals", "with_quality": "--quality"}
# names that mean nothing else in a sentence; those with an underscore do not either
UNMISTAKABLE = {"fps", "rng", "sep", "skiprows"}
VALUE = r"""'[^']*'|"[^"]*"|\[[^\]]*\]|…|True|False|None|-?[\w.+]+"""
SUBJECT = re.compile(r"^(?:(?:[a-z_]+\.)?[a-z_]+\(\)|options|plot|pair): ", re.MULTILINE)
CALL = re.compile(r"\b((?:[a-z_]+\.)*)([a-z_]+)\((?:x|x, y)?\)")
WRAPPED = re.compile(rf"\b[\w.]+\((?:[^()=]*, )?(\w+=(?:{VALUE})(?:, \w+=(?:{VALUE}))*)\)")
SELECTED = re.compile(r"\.i?sel\((\w+)=[^()]*\)")
NAME = re.compile(r"(\w+)=")
KEYWORD = re.compile(rf"(?<!--select )(?<![\w.-])(\w+)=({VALUE})")
EXPECTED = re.compile(r"\bexpected (\w+)(?= (?:to|together|with|or)\b|,)(?: (with|or) (\w+)\b)?")
ADVICE = re.compile(r"\b(give|pass|add|set|state|leave out|leave) (\w+)(?=[,;.)]|$| or | and | out\b)")
COMPARED = re.compile(r"\b(smaller|larger) ((?:\w+, )*\w+(?: or \w+)?)")
WORD = re.compile(r"(?<![\w.'\"-])(?<!\d )(\w+)(?![\w=('\"-])")


def options_of(command: click.Command) -> dict[str, click.Option]:
    """The options of a command by their names in Python."""
    return {str(option.name): option for option in command.params if isinstance(option, click.Option)}


def in_words_of(
    text: str,
    options: Mapping[str, click.Option],
    commands: Mapping[str, click.Command] = MappingProxyType({}),
) -> str:
    """A message in which options and functions have the names that they have on the command line.

    >>> from bitbox_xr.cli import main
    >>> of_imitation = options_of(main.commands["imitation"])
    >>> in_words_of("imitation(): expected max_lag to be a number of seconds, got -1; pass fps=30", of_imitation)
    'expected --max-lag to be a number of seconds, got -1; pass --fps 30'
    >>> in_words_of("name the column, time=…, or choose columns=['a', 'b c'] and causal=False", of_imitation)
    "name the column, --time COLUMN, or choose --columns 'a,b c' and --no-causal"
    >>> in_words_of("choose a smaller width, step or max_lag, or a larger window", of_imitation)
    'choose a smaller --width, --step or --max-lag, or a larger window'
    """
    text = SUBJECT.sub("", text).replace("got None", "got none")
    if "select" in options:
        text = SELECTED.sub(r"--select \1=LABEL", text)
    text = WRAPPED.sub(lambda found: found[1] if NAME.findall(found[1])[0] in options else found[0], text)
    text = KEYWORD.sub(lambda found: _keyword(found, options), text)
    text = EXPECTED.sub(lambda found: _expected(found, options), text)
    text = ADVICE.sub(lambda found: f"{found[1]} {_flag(found[2], options)}", text)
    text = COMPARED.sub(lambda found: f"{found[1]} {_all_flags(found[2], options)}", text)
    text = WORD.sub(lambda found: _unmistakable(found[1], options), text)
    return CALL.sub(lambda found: _call(found, options, commands), text)


def flag_of(name: str) -> str:
    """A keyword of Python as an option is named: `max_lag` as `--max-lag`."""
    return f"--{name.replace('_', '-')}"


def flags(names: Iterable[str]) -> str:
    """Keywords as a list of options."""
    return ", ".join(map(flag_of, names))


@contextmanager
def named(names: Mapping[str, str]) -> Iterator[None]:
    """Translate the errors of a block in which options have other names: `{"fps": "--align-fps FPS"}`."""
    parts = {name: flag.partition(" ") for name, flag in names.items()}
    renamed = {name: click.Option([flag, name], metavar=value or None) for name, (flag, _, value) in parts.items()}
    try:
        yield
    except ValueError as error:
        raise type(error)(in_words_of(str(error), renamed)) from error


def _flag(name: str, options: Mapping[str, click.Option]) -> str:
    """The long form of an option; the name itself if the command has no such option."""
    if name not in options:
        return name
    return next((flag for flag in options[name].opts if flag.startswith("--")), options[name].opts[0])


def _all_flags(names: str, options: Mapping[str, click.Option]) -> str:
    """A list of options, `width, step or max_lag`, in which words that are no options stay."""
    return re.sub(r"\w+", lambda found: _flag(found[0], options), names)


def _unmistakable(name: str, options: Mapping[str, click.Option]) -> str:
    return _flag(name, options) if "_" in name or name in UNMISTAKABLE else name


def _expected(found: re.Match[str], options: Mapping[str, click.Option]) -> str:
    first, link, second = found.groups()
    rest = f" {link} {_flag(second, options)}" if second else ""
    return f"expected {_flag(first, options)}{rest}"


def _keyword(found: re.Match[str], options: Mapping[str, click.Option]) -> str:
    """An option with its value, as it is written on the command line."""
    name, value = found.groups()
    if name not in options:
        return found[0]
    option, flag = options[name], _flag(name, options)
    if value == "None":
        return f"no {flag}"
    if value in ("True", "False"):
        off = option.secondary_opts[0] if option.secondary_opts else f"no {flag}"
        return flag if value == "True" else off
    return f"{flag} {_value(value, option)}"


def _value(text: str, option: click.Option) -> str:
    """A value of Python as an argument; the placeholder of the help for one that is left open."""
    if "…" in text:
        return option.metavar or "VALUE"
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return shlex.quote(",".join(map(str, value)) if isinstance(value, list) else str(value))


def _call(found: re.Match[str], options: Mapping[str, click.Option], commands: Mapping[str, click.Command]) -> str:
    """A function, as the option or command that calls it."""
    name = found[2]
    if name in options:
        return _flag(name, options)
    command = name.replace("_", "-")
    if command in commands:
        return f"bitbox-xr {command}"
    return OTHER_CALLS.get(name, found[0]) if OTHER_CALLS.get(name, "--").removeprefix("--") in options else found[0]
