"""A methods paragraph for a manuscript, from the attributes of a result."""

import json
from collections.abc import Mapping
from string import Formatter

import numpy as np
import xarray as xr

from bitbox_xr.core.provenance import MULTIVERSE, PREREGISTERED_SETTING, SOME_RECORDINGS
from bitbox_xr.core.validation import counted, listed
from bitbox_xr.core.variables import COEFFICIENT, EVENT, PAIR, RECORDING, SIGNAL, SIGNAL1, SIGNAL2
from bitbox_xr.inference.settings import OF
from bitbox_xr.reporting.references import REFERENCES, TRACKERS
from bitbox_xr.reporting.sentences import PARAGRAPH, STEPS, Sentence

__all__ = ["methods"]

KINDS = {
    "expression": "expression coefficient",
    "landmark": "landmark coordinate",
    "landmark-can": "canonicalized landmark coordinate",
    "pose": "coordinate of the head pose",
    "rectangle": "coordinate of the face's rectangle",
}
DETAILS = ("labels", "regions", "shift")  # of a step, named if given
SIDES = {"": "the signals", "1": "the signals of x", "2": "the signals of y"}


def methods(result: xr.Dataset) -> str:
    """Describe in plain English how a result was made: a paragraph for a manuscript, and its references.

    The text follows from the attributes that measures write and from the sizes of the result; nothing is computed. It
    names the tracker, frame rate, preparation, lost and masked frames, the measure with its options, surrogates and
    corrections, and versions. Read it against your study before you use it: it does not know what was left out
    beforehand. Raises ValueError if the result has no attribute `measure`.

    >>> from bitbox_xr import imitation, signals
    >>> x = signals(np.random.default_rng(0).normal(size=(300, 2)), fps=30, names=["AU04", "AU12"])
    >>> print(methods(imitation(x, x, width=2, step=1, max_lag=1)).split(". ")[1])
    Imitation of the model (y) by the participant (x) was measured by windowed cross-lagged correlation (Boker et
    al., 2002) for all 2 × 2 pairs of signals
    """
    if "measure" not in result.attrs:
        raise ValueError(
            "methods(): expected a result with the attribute measure, got one without; use the result of a measure "
            "before arithmetic, or xarray.set_options(keep_attrs=True)"
        )
    facts = _facts(result)
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
            cited.update(dict.fromkeys(facts.get("tracker_keys", ()) if "tracker" in names else (), ""))  # type: ignore[call-overload]
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
    """A fact as text: numbers with at most four significant digits, but integers in full."""
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)


# --- facts


def _facts(result: xr.Dataset) -> dict[str, object]:
    """The attributes, and what follows from them and from the sizes of the result."""
    facts: dict[str, object] = {str(name): value for name, value in result.attrs.items()}
    if "frames" in facts and "fps" in facts:
        facts["seconds"] = float(result.attrs["frames"]) / float(result.attrs["fps"])
    if "min_valid" in facts:
        facts["min_valid"] = f"{100 * float(result.attrs['min_valid']):g} %"
    if facts["measure"] == "contrast":
        facts |= {"compares": 1, "arrangements": int(result.attrs["permutations"]) + 1}
    facts |= {"profile": 1} if "profile" in result else {}
    facts |= {"averaged": 1} if "corr_mean" in result else {}
    facts |= {EVENT: result.sizes[EVENT]} if EVENT in result.sizes else {}
    if "scales" in facts:
        facts |= {"unscaled": 1} if facts["scales"] == "raw" else {"scales": _series(str(facts["scales"]).split())}
    if (by := facts.get("by")) in result.coords:
        facts["labels"] = listed(dict.fromkeys(np.atleast_1d(result[by].values).astype(str).tolist()))
    facts |= _settings(result, facts)
    derived = (_trackers(result), _signals(result), _pairs(result), _preparation(result), _losses(result))
    for found in derived:
        facts |= found
    return facts


def _settings(result: xr.Dataset, facts: Mapping[str, object]) -> dict[str, object]:
    """The options with several settings, and the values of those that are numbers, in place of their attributes."""
    options = str(result.attrs.get(MULTIVERSE, "")).split()
    if not options:
        return {}
    labels = {
        name: [_text(label) for label in np.atleast_1d(result[name].values)] for name in options if name in result
    }
    words = {OF: "measure"}
    texts = [f"{words.get(name, name)} {_either(labels[name])}" if name in labels else name for name in options]
    found: dict[str, object] = {"settings": "; ".join(texts)}
    found |= {name: _either(own) for name, own in labels.items() if name not in facts and _are_numbers(result[name])}
    if PREREGISTERED_SETTING in result.attrs:
        chosen = json.loads(str(result.attrs[PREREGISTERED_SETTING]))
        found[PREREGISTERED_SETTING] = "; ".join(f"{words.get(name, name)} {label}" for name, label in chosen.items())
    return found


def _either(words: list[str]) -> str:
    """Words as alternatives: `1, 2 or 4`."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _are_numbers(values: xr.DataArray) -> bool:
    return values.dtype.kind in "iuf"


def _series(words: list[str]) -> str:
    """Words as a series: `1, 2 and 4`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _sides(result: xr.Dataset, name: str) -> dict[str, object]:
    """The values of an attribute of the inputs, by the number of their side ('' with one input)."""
    return {side: result.attrs[f"{name}{side}"] for side in SIDES if f"{name}{side}" in result.attrs}


def _trackers(result: xr.Dataset) -> dict[str, object]:
    names = list(dict.fromkeys(str(value) for value in _sides(result, "backend").values()))
    keys = [TRACKERS[name] for name in names if name in TRACKERS]
    cited = [f"{name} ({REFERENCES[TRACKERS[name]].cited})" if name in TRACKERS else name for name in names]
    return {"tracker": _series(cited), "tracker_keys": tuple(keys)} if names else {}


def _signals(result: xr.Dataset) -> dict[str, object]:
    """What was analysed, at the start of a sentence."""
    kinds = list(dict.fromkeys(str(kind) for kind in _sides(result, "kind").values())) or ["expression"]
    noun = KINDS.get(kinds[0], kinds[0])
    numbers = [result.sizes[dim] for dim in (COEFFICIENT, SIGNAL, SIGNAL1, PAIR) if dim in result.sizes]
    what = counted(numbers[0], noun) if numbers else f"{noun}s".capitalize()
    what = what.replace("coordinate of the head poses", "coordinates of the head pose")
    what = what.replace("coordinate of the face's rectangles", "coordinates of the face's rectangle")
    if RECORDING in result.sizes:
        what += f" in {counted(result.sizes[RECORDING], 'recording')}"
    return {"signals": what}


def _pairs(result: xr.Dataset) -> dict[str, object]:
    sizes = result.sizes
    if PAIR in sizes:
        return {"pairs": f"{counted(sizes[PAIR], 'pair')} of the same signal in both people"}
    if SIGNAL1 in sizes and SIGNAL2 in sizes:
        return {"pairs": f"all {sizes[SIGNAL1]} × {sizes[SIGNAL2]} pairs of signals"}
    chosen = [str(result[dim].item()) for dim in (SIGNAL1, SIGNAL2) if dim in result.coords and not result[dim].ndim]
    if PAIR in result.coords and not result[PAIR].ndim:
        chosen = [str(result[PAIR].item())] * 2
    return {"pairs": " with ".join(chosen) if len(chosen) == 2 else "pairs of signals"}


def _preparation(result: xr.Dataset) -> dict[str, object]:
    """The steps in `history`, as one or two sentences."""
    steps = {side: _steps(history) for side, history in _sides(result, "history").items()}
    if len(steps) == 2 and steps["1"] == steps["2"]:
        steps = {"": steps["1"]}
    texts = [f"{SIDES[side].capitalize()} were {', then '.join(own)}." for side, own in steps.items() if own]
    return {"preparation": " ".join(texts)} if texts else {}


def _steps(history: object) -> list[str]:
    try:
        steps = json.loads(str(history))
    except ValueError:  # written by another program
        return []
    return [_step(step) for step in steps if isinstance(step, Mapping) and "function" in step]


def _step(step: Mapping[str, object]) -> str:
    """What a step did; in a summary, numbers may be ranges over recordings, and a step may concern some of them."""
    known = {name: _range(value) for name, value in step.items()}
    intervals = step.get("intervals", 0)
    if isinstance(intervals, list):
        known["counted_intervals"] = f"{known['intervals']} intervals"
    elif isinstance(intervals, int) and intervals:
        known["counted_intervals"] = counted(intervals, "interval")
    texts = (*STEPS.get(known["function"], ()), "processed by {function}")
    written = next(text.format(**known) for text in texts if set(_fields(text)) <= set(known))
    details = [f"{name}: {known[name]}" for name in DETAILS if known.get(name, "0") not in ("", "0")]
    details += ["in some recordings"] if SOME_RECORDINGS in known else []
    return f"{written} ({'; '.join(details)})" if details else written


def _range(value: object) -> str:
    """A number or text, or the smallest and largest number of several recordings."""
    return " to ".join(map(_text, value)) if isinstance(value, list) else _text(value)


def _losses(result: xr.Dataset) -> dict[str, object]:
    """Lost and masked frames, where they were counted."""
    parts = []
    for name, word in (("lost_frames", "lost"), ("masked_frames", "masked")):
        counts = {side: int(str(value)) for side, value in _sides(result, name).items()}
        of = {"": "", "1": " of x", "2": " of y"}
        each = [counted(count, "frame") + of[side] for side, count in counts.items()]
        if each:
            parts.append(f"{_series(each)} {'was' if each == ['1 frame'] else 'were'} {word}")
    return {"losses": f"{listed(parts).replace(', ', '; ')}."} if parts else {}
