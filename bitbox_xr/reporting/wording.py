"""How a report calls measures, variables and options."""

from collections.abc import Hashable
from types import MappingProxyType

import xarray as xr

from bitbox_xr.core.durations import seconds
from bitbox_xr.core.types import Attrs
from bitbox_xr.core.variables import SIGNAL1, SIGNAL2, VARIABLES
from bitbox_xr.inference.surrogate_numbers import ASKED, limit_text
from bitbox_xr.measures.results import largest_lag

__all__ = ["explanation", "head", "option", "shown_options", "shown_unit", "sources", "unit_of"]

HEADS = {
    "signal1": "signal of x",
    "signal2": "signal of y",
    "pair": "signal of both",
    "scale_label": "scale",
    "corr_mean": "mean r",
    "corr_abs_mean": "mean |r|",
    "corr_std": "SD of r",
    "corr_lag": "mean lag",
    "follow_share": "x follows",
    "lead_share": "x leads",
    "n_windows": "windows",
    "best_lag": "best lag",
    "r_at_best_lag": "mean r at best lag",
    "at_limit": "at the limit",
    "null_mean": "chance",
    "excess": "minus chance",
    "surrogate_z": "z",
    "p_fwe": "family-wise p",
    "q": "FDR q",
    "answered_above_chance": "answered, corrected for chance",
    "odds_ratio": "odds ratio",
    "n_given": "activations of y",
    "latency": "median latency",
    "activations_per_minute": "activations",
    "eligible_time": "eligible time",
    "lost_share": "lost frames",
    "masked_share": "masked frames",
    "value_range": "range",
    "valid_share": "valid frames",
    "ci_low": "95 % CI from",
    "ci_high": "to",
    "n_recordings": "recordings",
    "n_missing": "without a value",
}

HEADS_OF_ONE_PERSON = {
    "signal1": "signal1",
    "signal2": "signal2",
    "follow_share": "signal1 follows",
    "lead_share": "signal1 leads",
    "n_given": "activations of signal2",
}
UNKNOWN_UNIT = "as in the file"

OPTIONS = {
    "width": ("Length of a window", "s"),
    "step": ("Step between windows", "s"),
    "max_lag": ("Largest shift of a window", "s"),
    "reach": ("Largest lag", "s"),
    "causal": ("Only lags at which x follows y", ""),
    "polarity": ("Lag of the largest |r| (no: of the largest r)", ""),
    "min_valid": ("Smallest share of valid frames in a window", "%"),
    "fps": ("Frame rate", "frames/s"),
    "frames": ("Frames", ""),
    "window_count": ("Windows", ""),
    "intervals": ("Intervals", ""),
    "by": ("Labels that are measured separately", ""),
    "short_intervals": ("Intervals too short for a window", ""),
    "untested_intervals": ("Intervals too short for a test", ""),
    "surrogates": ("Surrogates", ""),
    "n": ("Number of surrogates", ""),
    "seed": ("Seed of random numbers", ""),
    "statistic": ("Statistic that is tested", ""),
    "family": ("Family of tests", ""),
    "pairs": ("Pairs", ""),
    "min_latency": ("Answers start later than", "s"),
    "max_latency": ("Answers start until", "s"),
    "scales": ("Scales", "s"),
    "aggregate": ("Activations of all scales merged", ""),
    "robust": ("Outliers left out", ""),
    "min_rise": ("Smallest rise", ""),
    "false_alarms_per_minute": ("False alarms allowed for noise", "per minute"),
    "noise": ("Noise", ""),
    "magnitude": ("Activations weighed by magnitude", ""),
    "points": ("Points", ""),
    "angular": ("Angles instead of positions", ""),
    "reference": ("Reference", ""),
    "variable": ("Variable", ""),
    "of": ("Measure", ""),
    "between": ("Groups", ""),
    "first": ("First group, which is subtracted", ""),
    "second": ("Second group", ""),
    "within": ("Conditions", ""),
    "covariates": ("Covariates", ""),
    "permutations": ("Permutations", ""),
}
CHOICES = {
    "shift": "y, shifted in time",
    "permute": "y, with its intervals exchanged",
    "segments": "y, with its windows exchanged",
    "phase": "y, with random phases",
    "partners": "other recordings in the place of y",
    "corr_abs_mean": "mean |r| over windows",
    "corr_mean": "mean r over windows",
}
YES_OR_NO = {"causal", "polarity", "aggregate", "robust", "angular", "magnitude"}


def head(name: str, unit: str = "", attrs: Attrs = MappingProxyType({})) -> str:
    """The head of a column: what a reader calls the variable, and its unit; `attrs` are those of the result.

    >>> head("best_lag", "s"), head("corr_mean", "1"), head("my_index"), head("speed", "(as in the file)/s")
    ('best lag, s', 'mean r', 'my index', 'speed')
    >>> head("signal1"), head("signal1", attrs={"alone": 1})
    ('signal of x', 'signal1')
    """
    text = (HEADS_OF_ONE_PERSON if attrs.get("alone") else {}).get(name) or HEADS.get(name, name.replace("_", " "))
    return f"{text}, {own}" if (own := shown_unit(unit)) else text


def shown_unit(unit: str) -> str:
    """The unit as people read it: '' for numbers without one, and where the file does not say which.

    >>> shown_unit("mm/s"), shown_unit("1"), shown_unit("as in the file")
    ('mm/s', '', '')
    """
    return "" if unit == "1" or UNKNOWN_UNIT in unit else unit


def explanation(name: str, data: xr.Dataset) -> str:
    """The long name of a variable; '' if it has none or says no more than the head. Labels need no explanation."""
    if name in data.coords:
        return ""
    attrs = data[name].attrs if name in data.variables else {}
    known = VARIABLES[name].long_name if name in VARIABLES else ""
    text = str(attrs.get("long_name", known))
    if not data.attrs.get("alone"):
        text = text.replace(SIGNAL1, "x").replace(SIGNAL2, "y")
    return "" if text in (name, head(name, attrs=data.attrs)) else text


def unit_of(name: Hashable, data: xr.Dataset) -> str:
    """The units of a variable; '' if it has none."""
    return str(data[name].attrs.get("units", "")) if name in data.variables else ""


def option(name: str, value: object) -> tuple[str, str]:
    """What a reader calls an option of a result, and its value with its unit; ('', '') if a report does not show it.

    >>> option("width", 2.0), option("causal", 1), option("min_valid", 0.75), option("history", "[]")
    (('Length of a window', '2 s'), ('Only lags at which x follows y', 'yes'), \
('Smallest share of valid frames in a window', '75 %'), ('', ''))
    """
    if name not in OPTIONS:
        return "", ""
    words, unit = OPTIONS[name]
    if name in YES_OR_NO:
        return words, "yes" if value else "no"
    if unit == "%":
        return words, f"{100 * float(str(value)):g} %"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    if unit == "s" and isinstance(value, int | float):
        return words, seconds(value)
    text = CHOICES.get(text, text)
    if name == "scales":
        text = "the signal itself" if text == "raw" else ", ".join(text.split())
        unit = "" if text == "the signal itself" else unit
    return words, f"{text} {unit}".strip()


def shown_options(attrs: Attrs) -> dict[str, object]:
    """The attributes of a result, with the largest lag after the largest shift of a window, and why `n` is small.

    >>> shown_options({"measure": "coordination", "max_lag": 5.0, "n": 23, "n_asked": 39, "surrogates": "shift"})
    {'measure': 'coordination', 'max_lag': 5.0, 'reach': 10.0, 'n': '23 of 39, as many as the recording allows', \
'n_asked': 39, 'surrogates': 'shift'}
    """
    shown: dict[str, object] = {}
    for name, value in attrs.items():
        shown[str(name)] = value
        if name == "max_lag":
            shown["reach"] = largest_lag(attrs)
        if name == "n" and ASKED in attrs:
            number = f"at most {value}" if "by" in attrs else f"{value} of {attrs[ASKED]}"
            shown["n"] = f"{number}, {limit_text(str(attrs.get('surrogates')), by='by' in attrs)}"
    return shown


def sources(attrs: Attrs) -> dict[str, str]:
    """The files of a result by their side: "" for one recording, "1" and "2" for x and y.

    >>> sources({"source1": "a.csv", "source2": "b.csv"})
    {'1': 'a.csv', '2': 'b.csv'}
    """
    sides = ("", "1") if attrs.get("alone") else ("", "1", "2")
    return {side: str(attrs[f"source{side}"]) for side in sides if f"source{side}" in attrs}
