"""The sentences of a methods paragraph, in order, and when each applies.

A sentence has alternative texts. The first one whose fields are all known is used; without any, it is left out. Fields
in braces are attributes of the result, facts that `methods.py` derives from them, or keys of references, which become
citations. `when` are values that attributes must have.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["PARAGRAPH", "STEPS", "Sentence"]

NOTHING: Mapping[str, tuple[object, ...]] = MappingProxyType({})


class Sentence(NamedTuple):
    """Alternative texts, and the values that facts must have; () means that the fact must be unknown."""

    texts: tuple[str, ...]
    when: Mapping[str, tuple[object, ...]] = NOTHING


def _sentence(*texts: str, **when: object) -> Sentence:
    return Sentence(texts, {name: value if isinstance(value, tuple) else (value,) for name, value in when.items()})


CORRELATED = ("imitation", "coordination")
TESTED = (*CORRELATED, "imitation and coordination", "coordination and imitation")
BEST = {1: "largest absolute correlation", 0: "largest correlation"}
SEARCHED = ("expressivity", "diversity", "events", "contingency")

# Steps in the attribute `history`; fields are the entries of a step. As for sentences, the first text is used whose
# fields are all known.
STEPS: Mapping[str, tuple[str, ...]] = {
    "align": ("brought to common frame times at {fps} frames per second by linear interpolation",),
    "resample": ("resampled to {fps} frames per second by linear interpolation",),
    "fill_gaps": ("interpolated linearly over gaps of up to {max_gap} s",),
    "smooth": ("smoothed by a Gaussian with a full width at half maximum of {width} s",),
    "detrend": ("detrended by subtracting the running median over {width} s",),
    "standardize": ("standardised (level: {center}; scale: {scale}; both from {reference}; dead band: {dead_band})",),
    "annotate": ("labelled by {counted_intervals} ({name})",),
    "mask": ("set to missing in {counted_intervals}", "set to missing in chosen frames"),
}

DATA = (
    _sentence("The data were {data}.", compares=()),
    _sentence(
        "They were analysed at {fps} frames per second ({frames}, {seconds} s).",
        "They were analysed at {fps} frames per second.",
        "They were analysed in {frames}.",
        compares=(),
    ),
    _sentence("{preparation}"),
    _sentence("{losses}"),
    _sentence("The intervals of {by} ({labels}) were analysed separately.", compares=()),
)

WINDOWS = (
    _sentence(
        "Imitation of the model (person y) by the participant (person x) was measured by windowed cross-lagged "
        "correlation ({boker}) for {pairs}.",
        measure="imitation", compares=(),
    ),
    _sentence(
        "Coordination of the signals of one recording with each other was measured by windowed cross-lagged "
        "correlation ({boker}) for {pairs}.",
        measure="coordination", alone=1, compares=(),
    ),
    _sentence(
        "Coordination of two people was measured by windowed cross-lagged correlation ({boker}) for {pairs}.",
        measure="coordination", alone=(), compares=(),
    ),
    _sentence(
        "Windows were {width} s long and began every {step} s ({window_count}).",
        "Windows were {width} s long and began every {step} s.",
        "Windows were {width} s long.",
        measure=CORRELATED,
    ),
    _sentence(
        "The model's window was shifted back in time by up to {max_lag} s.", measure="imitation", causal=1
    ),
    _sentence("The model's window was shifted by up to {max_lag} s in both directions.", measure="imitation", causal=0),
    _sentence(
        "Both windows were shifted by up to {max_lag} s in both directions, so that the lag between them was up to "
        "{reach} s.",
        "Both windows were shifted by up to {max_lag} s in both directions.",
        measure="coordination",
    ),
    *(
        _sentence(
            f"In each window the lag with the {best} was used, if at least {{min_valid}} of the window's frames were "
            "present in both signals.",
            measure=CORRELATED, polarity=polarity, profile=(),
        )
        for polarity, best in BEST.items()
    ),
    _sentence(
        "Correlations were used if at least {min_valid} of a window's frames were present in both signals.",
        measure=CORRELATED, profile=1,
    ),
    _sentence("Correlations and lags were averaged over windows.", measure=CORRELATED, averaged=1),
    _sentence(
        "The correlation at each lag was averaged over windows, and the lag with the largest mean estimates the delay.",
        measure=CORRELATED, profile=1,
    ),
)  # fmt: skip

SURROGATES = {
    "shift": "{moved} were shifted circularly in time{inside}",
    "segments": "windows of the two signals of each pair were paired at random",
    "phase": "the Fourier phases of {moved} were randomised ({prichard})",
    "permute": "intervals of {moved} with the same label were exchanged",
    "partners": "{moved} were replaced by those of other recordings",
}
STATISTICS = {"corr_abs_mean": "mean absolute correlation", "corr_mean": "mean correlation"}

IN_SURROGATES = ("in {n} ({moulder}).", "in surrogates ({moulder}).")  # their number may differ

CHANCE = (
    *(
        _sentence(
            *(f"The {text} over windows of each pair was compared with its values {surrogates}"
              for surrogates in IN_SURROGATES),
            statistic=statistic, surrogates=tuple(SURROGATES), measure=TESTED,
        )
        for statistic, text in (*STATISTICS.items(), ((), "mean correlation"))
    ),
    _sentence(
        *("The share of the activations of person y that person x answers by an activation {min_latency} to "
          f"{{max_latency}} s later was compared with its values {surrogates}"
          for surrogates in IN_SURROGATES),
        measure="contingency",
    ),
    *(_sentence(f"In {{these}}, {text}.", surrogates=kind) for kind, text in SURROGATES.items()),
    _sentence(
        "For p-values, the largest standardised rate of answers in a band of these latencies, at least a quarter of "
        "their range wide, was compared.",
        measure="contingency",
    ),
    _sentence(
        *(
            "p-values are (b + 1) / (n + 1) ({phipson}), family-wise p-values are based on the largest standardised "
            f"statistic over {over} ({{nichols}}), and false discovery rates follow {{benjamini_narrative}}. The seed "
            "of random numbers was {seed}."
            for over in ("the {family}", "{pairs}")
        ),
        surrogates=tuple(SURROGATES),
    ),
)  # fmt: skip

FACES = (
    _sentence(
        "Activations were local maxima of a Mexican-hat wavelet transform at durations of {scales} s (PyWavelets "
        "{pywavelets_version}; {lee}).",
        "Activations were local maxima of a Mexican-hat wavelet transform at durations of {scales} s ({lee}).",
        measure=SEARCHED, unscaled=(),
    ),
    _sentence("Activations were local maxima of the signals.", measure=SEARCHED, unscaled=1),
    _sentence(
        "Activations of all durations were aggregated: the strongest ones at least {apart} s apart were kept.",
        "Activations of all durations were aggregated.",
        measure=SEARCHED, aggregate=1,
    ),
    _sentence("Activations that rise by less than {min_rise} were left out.", measure=SEARCHED),
    _sentence(
        "Activations were kept if Gaussian noise as large as that {noise} would exceed them at most "
        "{false_alarms} a minute ({rice}).",
        measure=SEARCHED,
    ),
    _sentence(
        "Activations between which the signal does not fall by half of the smaller rise were counted as one.",
        measure=SEARCHED, chosen=1,
    ),
    _sentence(
        "Magnitudes beyond 1.5 interquartile ranges from the quartiles were left out.", measure=SEARCHED, robust=1
    ),
    _sentence(
        "Expressivity is described by the number of activations per minute of eligible time and by their magnitudes, "
        "the values of the signal at these moments.",
        measure="expressivity",
    ),
    _sentence(
        "Diversity is the entropy of the coefficients' shares in the magnitudes of activations, divided by its "
        "maximum.",
        measure="diversity", magnitude=1,
    ),
    _sentence(
        "Diversity is the entropy of the coefficients' shares in the number of activations, divided by its maximum.",
        measure="diversity", magnitude=0,
    ),
    _sentence("Each activation is listed with its time and magnitude ({event}).", measure="events"),
    _sentence(
        "Asymmetry is the mean distance of the landmarks of one side of the face to the mirror images of those of the "
        "other side, for each facial feature.",
        measure="asymmetry",
    ),
    _sentence(
        "Motion is described by the range, path length, mean speed and mean acceleration of {points}.",
        measure="kinematics",
    ),
    _sentence("Smoothness of motion is the log dimensionless jerk of {points}.", measure="smoothness"),
    _sentence("Motion is the distance of {points} from a reference ({reference}).", measure="relative_motion"),
    _sentence(
        "The quality of signals is described by the shares of lost and masked frames, noise, activations per minute "
        "and range.",
        measure="quality",
    ),
)  # fmt: skip

STUDY = (
    _sentence(
        "The variable {variable} of {of} was compared over {recordings}.",
        "The variable {variable} was compared over {recordings}.",
        measure="contrast",
    ),
    _sentence(
        "Groups of {between} ({second} minus {first}) were compared by Welch's t ({welch}).",
        measure="contrast", within=(), covariates=(),
    ),
    _sentence("Conditions of {within} were compared by paired t.", measure="contrast", between=(), covariates=()),
    _sentence(
        "Groups of {between} ({second} minus {first}) were compared in their differences between conditions of "
        "{within} by Welch's t ({welch}).",
        measure="contrast", covariates=(),
    ),
    _sentence("Means were compared with 0 by t.", measure="contrast", between=(), within=(), covariates=()),
    _sentence(
        *(
            f"{what} by linear models with the {{covariates}}, with standard errors that allow for "
            "different variances; residuals were permuted ({freedman})."
            for what in (
                "Groups of {between} ({second} minus {first}) were compared in their differences between conditions of "
                "{within}",
                "Groups of {between} ({second} minus {first}) were compared",
                "Conditions of {within} were compared",
                "Means were compared with 0",
            )
        ),
        measure="contrast",
    ),
    _sentence(
        "p-values are based on all {arrangements} permutations, and family-wise p-values on the largest |t| over all "
        "cells ({nichols}).",
        measure="contrast", exact=1,
    ),
    _sentence(
        "p-values are based on {permutations}, and family-wise p-values on the largest |t| "
        "over all cells ({nichols}). The seed of random numbers was {seed}.",
        measure="contrast", exact=0,
    ),
    _sentence(
        "All combinations of these settings were computed ({steegen}): {settings}. Each setting is a separate family "
        "of tests.",
        measure="contrast",
    ),
    _sentence("All combinations of these settings were computed ({steegen}): {settings}.", compares=()),
    _sentence("The preregistered setting was {preregistered_setting}."),
)  # fmt: skip

SOFTWARE = (_sentence("Results were computed with bitbox_xr {bitbox_xr_version}, which uses xarray ({hoyer})."),)

PARAGRAPH: tuple[Sentence, ...] = (*DATA, *WINDOWS, *FACES, *CHANCE, *STUDY, *SOFTWARE)
