"""A methods paragraph for a manuscript, from the attributes of a result."""

import json
from collections.abc import Mapping
from string import Formatter

import numpy as np
import xarray as xr

from bitbox_xr.core.durations import length_of, number
from bitbox_xr.core.provenance import MULTIVERSE, PREREGISTERED_SETTING, SOME_RECORDINGS, without_first
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import EVENT, PAIR, SIGNAL1, SIGNAL2
from bitbox_xr.inference.settings import OF
from bitbox_xr.inference.surrogate_numbers import ASKED, limit_text
from bitbox_xr.measures.results import largest_lag
from bitbox_xr.reporting import nouns
from bitbox_xr.reporting.inputs import WHOSE, data_text, losses_text, of_sides, tracker_keys
from bitbox_xr.reporting.nouns import Noun, series
from bitbox_xr.reporting.references import REFERENCES
from bitbox_xr.reporting.sentences import PARAGRAPH, STEPS, Sentence

__all__ = ["methods", "steps"]

IN_SECONDS = ("width", "step", "max_lag", "min_latency", "max_latency", "apart")
ACTIVATION = Noun("activation")
TIMES = {1.0: "once", 2.0: "twice"}
COUNTED = {
    "frames": nouns.FRAME,
    "window_count": Noun("window"),
    "n": Noun("surrogate"),
    "permutations": Noun("random permutation"),
    "recordings": nouns.RECORDING,
}
DETAILS = ("labels", "regions", "shift")  # of a step, named if given


def methods(result: xr.Dataset) -> str:
    """Describe in plain English how a result was made: a paragraph for a manuscript, and its references.

    The text follows from the attributes that measures write and from the sizes of the result; nothing is computed. It
    names the tracker, frame rate, preparation, lost and masked frames, the measure with its options, surrogates and
    corrections, and versions. Read it against your study before you use it: it does not know what was left out
    beforehand. `xr.concat` keeps the attributes of the first recording; the text then does not say how many frames,
    windows and surrogates there are. Raises ValueError if the result has no attribute `measure`.

    >>> from bitbox_xr import imitation, signals
    >>> x = signals(np.random.default_rng(0).normal(size=(300, 2)), fps=30, names=["AU04", "AU12"])
    >>> print(methods(imitation(x, x, width=2, step=1, max_lag=1)).split(". ")[2])
    Imitation of the model (person y) by the participant (person x) was measured by windowed cross-lagged
    correlation (Boker et al., 2002) for all 2 × 2 pairs of signals
    """
    if "measure" not in result.attrs:
        raise ValueError(
            "methods(): expected a result with the attribute measure, got one without; use the result of a measure "
            "before arithmetic, or xarray.set_options(keep_attrs=True)"
        )
    facts = _facts(without_first(result))
    cited: dict[str, str] = {}
    sentences = [text for sentence in PARAGRAPH if (text := _written(sentence, facts, cited))]
    entries = sorted(REFERENCES[key].entry for key in cited)
    return "\n\n".join([" ".join(sentences), "References", *entries])


def _written(sentence: Sentence, facts: Mapping[str, object], cited: dict[str, str]) -> str:
    """The first text of which all fields are known; '' if no text fits, or the sentence does not apply.

    Keys of references that the text cites are entered into `cited`.
    """
    for name, allowed in sentence.when.items():
        if (name in facts) if not allowed else (facts.get(name) not in allowed):
            return ""
    for text in sentence.texts:
        names = _fields(text)
        keys = {
            name: name.removesuffix("_narrative") for name in names if name.removesuffix("_narrative") in REFERENCES
        }
        if all(name in facts or name in keys for name in names):
            cited.update(dict.fromkeys(keys.values(), ""))
            cited.update(dict.fromkeys(facts.get("tracker_keys", ()) if "data" in names else (), ""))  # type: ignore[call-overload]
            works = {name: _citation(name, key) for name, key in keys.items()}
            return text.format(**{name: _text(value) for name, value in facts.items()} | works)
    return ""


def _fields(text: str) -> list[str]:
    """The names in braces."""
    return [name for _, name, _, _ in Formatter().parse(text) if name]


def _citation(name: str, key: str) -> str:
    """How a work is cited: `Benjamini & Hochberg, 1995`, or in a sentence `Benjamini and Hochberg (1995)`."""
    cited = REFERENCES[key].cited
    if name == key:
        return cited
    authors, year = cited.rsplit(", ", 1)
    return f"{authors.replace('&', 'and')} ({year})"


def _text(value: object) -> str:
    """A fact as text: numbers with at most five significant digits, but integers in full."""
    return f"{value:.5g}" if isinstance(value, float | np.floating) else str(value)


# --- facts


def _facts(result: xr.Dataset) -> dict[str, object]:
    """The attributes, and what follows from them and from the sizes of the result."""
    facts: dict[str, object] = {str(name): value for name, value in result.attrs.items()}
    facts |= {name: number(value) for name in IN_SECONDS if isinstance(value := facts.get(name), float)}
    facts |= {name: noun.counted(int(str(facts[name]))) for name, noun in COUNTED.items() if name in facts}
    facts |= _of_measure(result, facts)
    facts |= _by_label(result, facts)
    if "n" in facts and ASKED in facts:
        limit = limit_text(str(facts.get("surrogates")), by="by" in facts)
        most = f" and at most {facts[ASKED]}" if "by" in facts else ""  # the number of some labels
        facts["n"] = f"{facts['n']}, {limit}{most}"
    if "scales" in facts:
        facts |= {"unscaled": 1} if facts["scales"] == "raw" else {"scales": series(str(facts["scales"]).split())}
    facts |= _settings(result, facts)
    facts |= {"data": data_text(result), "tracker_keys": tracker_keys(result), "pairs": _pairs(result)}
    facts |= {name: text for name, text in (("losses", losses_text(result)), ("preparation", _preparation(result)))
              if text}  # fmt: skip
    return facts


def _by_label(result: xr.Dataset, facts: Mapping[str, object]) -> dict[str, object]:
    """The labels that were measured separately, and the number of surrogates of each."""
    if "by" not in facts:
        return {"inside": ""}
    found: dict[str, object] = {"inside": " within each interval"}
    by = facts["by"]
    labels = list(dict.fromkeys(np.atleast_1d(result[by].values).astype(str).tolist())) if by in result.coords else []
    if labels:
        found["labels"] = listed(labels)
    numbers: list[int] = json.loads(str(result.attrs.get("n_by_label", "[]")))
    if len(set(numbers)) > 1:
        each = [f"{n} ({label})" for n, label in zip(numbers, labels, strict=False)]
        # labels may have been selected
        found["n"] = f"{series(each)} surrogates" if len(labels) == len(numbers) else f"at most {facts['n']}"
    return found


def _of_measure(result: xr.Dataset, facts: Mapping[str, object]) -> dict[str, object]:
    """What the measure and the sizes of its result say."""
    attrs = result.attrs
    found: dict[str, object] = {}
    if (length := length_of(attrs)) is not None:
        found["seconds"] = number(length)
    if "min_valid" in attrs:
        found["min_valid"] = f"{100 * float(attrs['min_valid']):g} %"
    if "max_lag" in attrs:
        found["reach"] = number(largest_lag(attrs))
    if facts["measure"] == "contrast":
        found |= {"compares": 1, "arrangements": int(attrs["permutations"]) + 1}
    if "min_rise" in attrs or "false_alarms_per_minute" in attrs:
        found["chosen"] = 1
    if (alarms := attrs.get("false_alarms_per_minute")) is not None:
        found["false_alarms"] = TIMES.get(float(alarms), f"{_text(alarms)} times")
    found["these"] = "this" if str(attrs.get("n")) == "1" else "these"
    if names := str(attrs.get("covariates", "")):
        found["covariates"] = f"{'covariates' if ', ' in names else 'covariate'} {series(names.split(', '))}"
    found["moved"] = "the second signals of the pairs" if "alone" in attrs else "the signals of person y"
    found |= {"profile": 1} if "profile" in result else {}
    found |= {"averaged": 1} if "corr_mean" in result else {}
    return found | ({EVENT: ACTIVATION.counted(result.sizes[EVENT])} if EVENT in result.sizes else {})


def _settings(result: xr.Dataset, facts: Mapping[str, object]) -> dict[str, object]:
    """The options with several settings, and the values of those that are numbers, in place of their attributes."""
    options = str(result.attrs.get(MULTIVERSE, "")).split()
    if not options:
        return {}
    labels = {
        name: [_text(label) for label in np.atleast_1d(result[name].values)] for name in options if name in result
    }
    words = {OF: "measure"}
    texts = [f"{words.get(name, name)} {series(labels[name], 'or')}" if name in labels else name for name in options]
    found: dict[str, object] = {"settings": "; ".join(texts)}
    numbers = {name: own for name, own in labels.items() if name not in facts and _are_numbers(result[name])}
    found |= {
        name: f"{series(own, 'or')} {COUNTED[name].plural if name in COUNTED else ''}".strip()
        for name, own in numbers.items()
    }
    if PREREGISTERED_SETTING in result.attrs:
        chosen = json.loads(str(result.attrs[PREREGISTERED_SETTING]))
        found[PREREGISTERED_SETTING] = "; ".join(f"{words.get(name, name)} {label}" for name, label in chosen.items())
    return found


def _are_numbers(values: xr.DataArray) -> bool:
    return values.dtype.kind in "iuf"


def _pairs(result: xr.Dataset) -> str:
    """The pairs of signals that were correlated, after `for`."""
    sizes = result.sizes
    if PAIR in sizes:
        noun = Noun("pair of the same signal in both people", "pairs of the same signal in both people")
        return noun.counted(sizes[PAIR])
    names = [np.atleast_1d(result[dim].values).astype(str) for dim in (SIGNAL1, SIGNAL2) if dim in result.coords]
    if PAIR in result.coords:
        names = [np.atleast_1d(result[PAIR].values).astype(str)] * 2
    if len(names) < 2:
        return "pairs of signals"
    rows, columns = map(len, names)
    if result.attrs.get("alone") and rows == columns:
        pairs = rows * (rows - 1) // 2
        return f"all {pairs} pairs of different signals" if pairs > 1 else f"{names[0][0]} with {names[1][-1]}"
    if rows == columns == 1:
        return f"{names[0][0]} with {names[1][0]}"
    return f"all {rows} × {columns} pairs of signals"


def _preparation(result: xr.Dataset) -> str:
    """The steps in `history`, as one or two sentences."""
    done = {side: steps(history) for side, history in of_sides(result, "history").items()}
    if len(done) == 2 and done["1"] == done["2"]:
        done = {"": done["1"]}
    texts = [f"The signals{WHOSE[side]} were {', then '.join(own)}." for side, own in done.items() if own]
    return " ".join(texts)


def steps(history: object) -> list[str]:
    """What the steps in the attribute `history` did, each for `The signals were …`."""
    try:
        recorded = json.loads(str(history))
    except ValueError:  # written by another program
        return []
    return [_step(step) for step in recorded if isinstance(step, Mapping) and "function" in step]


def _step(step: Mapping[str, object]) -> str:
    """What a step did; in a summary, numbers may be ranges over recordings, and a step may concern some of them."""
    known = {name: _range(value) for name, value in step.items()}
    intervals = step.get("intervals", 0)
    if isinstance(intervals, list):
        known["counted_intervals"] = f"{known['intervals']} intervals"
    elif isinstance(intervals, int) and intervals:
        known["counted_intervals"] = Noun("interval").counted(intervals)
    texts = (*STEPS.get(known["function"], ()), "processed by {function}")
    written = next(text.format(**known) for text in texts if set(_fields(text)) <= set(known))
    details = [f"{name}: {known[name]}" for name in DETAILS if known.get(name, "0") not in ("", "0")]
    details += ["in some recordings"] if SOME_RECORDINGS in known else []
    return f"{written} ({'; '.join(details)})" if details else written


def _range(value: object) -> str:
    """A number or text, or the smallest and largest number of several recordings."""
    return " to ".join(map(_text, value)) if isinstance(value, list) else _text(value)
