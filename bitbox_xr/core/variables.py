"""Names of dimensions, and one table with the long name and units of every variable and coordinate of a result."""

from typing import NamedTuple

__all__ = [
    "COEFFICIENT",
    "COMPARISON",
    "EVENT",
    "FEATURE",
    "GAP",
    "INTERVAL",
    "LAG",
    "MASKED",
    "METRIC",
    "PAIR",
    "PERSON",
    "RECORDING",
    "REGION",
    "RESERVED",
    "SCALE",
    "SIGNAL",
    "SIGNAL1",
    "SIGNAL2",
    "SURROGATE",
    "TIME",
    "VARIABLES",
    "WINDOW",
    "interval_attrs",
    "number_name",
    "variable_attrs",
]

TIME, SIGNAL = "time", "signal"
WINDOW, SIGNAL1, SIGNAL2, LAG, PAIR, SURROGATE = "window", "signal1", "signal2", "lag", "pair", "surrogate"
SCALE, METRIC, COEFFICIENT, EVENT = "scale", "metric", "coefficient", "event"
FEATURE, GAP, RECORDING, INTERVAL, COMPARISON = "feature", "gap", "recording", "interval", "comparison"
REGION, MASKED, PERSON = "region", "masked", "person"


class Variable(NamedTuple):
    """Long name and units of a variable. In `units`, {} is replaced by the units of the input; '' means no units."""

    long_name: str
    units: str = ""


VARIABLES = {
    # signal sets
    TIME: Variable("time", "s"),
    SIGNAL: Variable("signal"),
    "landmark": Variable("number of the landmark"),
    "axis": Variable("axis of the coordinate"),
    "keypoint": Variable("name of the landmark"),
    "person": Variable("person"),
    REGION: Variable("region of the face"),
    "side": Variable("side, as the schema names it"),
    "confidence": Variable("confidence of the tracker", "1"),
    "success": Variable("1 where the tracker found the face, 0 where it did not", "1"),
    MASKED: Variable("whether values of the frame were masked", "1"),
    # regularity
    "fps": Variable("frames per second of the clock", "s-1"),
    "regular": Variable("whether the clock is regular and has every frame", "1"),
    "step_min": Variable("shortest step between frames", "s"),
    "step_median": Variable("median step between frames", "s"),
    "step_max": Variable("longest step between frames", "s"),
    "frames": Variable("number of frames with any signal", "1"),
    "lost": Variable("number of frames that are missing entirely", "1"),
    "gaps": Variable("number of gaps", "1"),
    "longest_gap": Variable("length of the longest gap", "s"),
    GAP: Variable("number of the gap"),
    "gap_start": Variable("last frame before the gap", "s"),
    "gap_length": Variable("time from the last frame before the gap to the first after it", "s"),
    "gap_frames": Variable("number of frames missing in the gap", "1"),
    # intervals of annotations
    INTERVAL: Variable("number of the interval"),
    "onset": Variable("start of the interval", "s"),
    "offset": Variable("end of the interval", "s"),
    "label": Variable("label of the interval"),
    "type": Variable("state (with a duration), point (without), or unknown (duration not known)"),
    "subject": Variable("who is annotated"),
    "tier": Variable("tier or observation of the annotation"),
    # windows of imitation and coordination
    "corr": Variable("windowed correlation at the best lag", "1"),
    LAG: Variable("lag of the best correlation (negative: signal1 follows signal2)", "s"),
    "valid1": Variable("share of the window's frames at which signal1 is present", "1"),
    "valid2": Variable("share of the window's frames at which signal2 is present", "1"),
    WINDOW: Variable("middle of the window", "s"),
    "window_start": Variable("start of the window", "s"),
    "window_stop": Variable("end of the window", "s"),
    PAIR: Variable("signal of both"),
    # their statistics over windows
    "corr_mean": Variable("mean correlation over windows", "1"),
    "corr_std": Variable("standard deviation of the correlation over windows", "1"),
    "corr_lag": Variable("mean lag over windows (negative: signal1 follows signal2)", "s"),
    "corr_abs_mean": Variable("mean absolute correlation over windows", "1"),
    "corr_fisher_mean": Variable("mean correlation over windows, by Fisher's z", "1"),
    "follow_share": Variable("share of windows in which signal1 follows signal2", "1"),
    "lead_share": Variable("share of windows in which signal1 leads signal2", "1"),
    "n_windows": Variable("number of windows with a correlation", "1"),
    # lag profiles
    "profile": Variable("mean correlation over windows at each lag", "1"),
    "profile_fisher": Variable("mean correlation over windows at each lag, by Fisher's z", "1"),
    "best_lag": Variable("lag of the largest mean correlation (negative: signal1 follows signal2)", "s"),
    "at_limit": Variable("share of windows whose best lag is the outermost allowed", "1"),
    # significance
    "observed": Variable("statistic of the recording", "1"),
    "null_mean": Variable("mean of the statistic over surrogates", "1"),
    "null_std": Variable("standard deviation of the statistic over surrogates", "1"),
    "excess": Variable("statistic less its mean over surrogates", "1"),
    "surrogate_z": Variable("statistic less its mean over surrogates, in standard deviations of the surrogates", "1"),
    "p": Variable("probability under independence of a statistic as large", "1"),
    "p_fwe": Variable("probability under independence of a statistic as large in any pair", "1"),
    "q": Variable("false discovery rate (Benjamini-Hochberg)", "1"),
    "p_min": Variable("smallest possible p with this number of surrogates", "1"),
    "activity_corr": Variable("rank correlation over windows of the signals' variances within the window", "1"),
    "activity_p": Variable("probability under independence of an activity_corr as large", "1"),
    # contingency
    "answered": Variable("share of the activations of y that x answers", "1"),
    "chance": Variable("mean of this share over surrogates", "1"),
    "answered_above_chance": Variable("share answered, corrected for chance: (answered − chance) / (1 − chance)", "1"),
    "odds_ratio": Variable("odds of an answer, divided by those of surrogates", "1"),
    "n_given": Variable("number of activations of y that could be answered", "1"),
    "latency": Variable("median time from an activation of y to the first answer of x", "s"),
    SURROGATE: Variable("number of the surrogate"),
    "null_corr": Variable("windowed correlation of surrogates", "1"),
    "null_profile": Variable("mean correlation of surrogates over windows at each lag", "1"),
    "null_lag": Variable("lag of surrogates", "s"),
    # contrasts
    COMPARISON: Variable("groups or conditions that are compared"),
    "estimate": Variable("mean, or difference of means, over recordings", "{}"),
    "ci_low": Variable("lower end of the 95 % confidence interval", "{}"),
    "ci_high": Variable("upper end of the 95 % confidence interval", "{}"),
    "d": Variable("estimate in standard deviations (Hedges' g between groups, d_z within)", "1"),
    "t": Variable("estimate divided by its standard error", "1"),
    "n_recordings": Variable("number of recordings with a value", "1"),
    "n_missing": Variable("number of recordings without a value", "1"),
    "n_first": Variable("number of recordings with a value in the first group", "1"),
    "n_second": Variable("number of recordings with a value in the second group", "1"),
    # quality
    "lost_share": Variable("share of frames that are missing, without masked ones", "1"),
    "masked_share": Variable("share of frames that are masked", "1"),
    "noise": Variable("standard deviation of the noise in responses over half a second", "{}"),
    "value_range": Variable("largest minus smallest value", "{}"),
    # expressivity, diversity, events
    "expressivity": Variable("activations of expression coefficients, by metric", "see coordinate unit"),
    "eligible_time": Variable("time over which activations could be found", "s"),
    "activations_per_minute": Variable("activations per minute of eligible time", "1/min"),
    "overall": Variable("entropy of coefficients' shares in all activations", "1"),
    "frame_wise": Variable("mean entropy of coefficients' shares at one frame", "1"),
    SCALE: Variable("temporal scale: duration (0: the signal itself, infinite: all scales aggregated)", "s"),
    "scale_label": Variable("name of the temporal scale"),
    METRIC: Variable("metric"),
    "unit": Variable("unit of the metric"),
    COEFFICIENT: Variable("expression coefficient"),
    EVENT: Variable("number of the activation", "1"),
    "magnitude": Variable("value of the signal at the activation", "{}"),
    "response": Variable("height of the wavelet's response (scale 0: of the smoothed signal above its mean)", "{}"),
    "width": Variable("time over which the wavelet's response has more than half its height", "s"),
    "outlier": Variable("whether the activation is an outlier, which robust=True drops", "1"),
    "rise": Variable("height of the rise: the response divided by that to a unit rise that suits the scale", "{}"),
    "z": Variable("the wavelet's response divided by the noise at its scale", "1"),
    "chance_rate": Variable("how often Gaussian noise alone would have such a response", "1/min"),
    # asymmetry
    "asymmetry": Variable("asymmetry: mean distance of landmarks to their partners' mirror images", "{}"),
    FEATURE: Variable("facial feature"),
    # motion
    "range": Variable("extent of the movement: norm of the largest less the smallest coordinates", "{}"),
    "path": Variable("length of the path", "{}"),
    "speed": Variable("mean speed", "{}/s"),
    "acceleration": Variable("mean magnitude of the acceleration", "{}/s^2"),
    "jerk": Variable("mean magnitude of the jerk", "{}/s^3"),
    "ldj": Variable("log dimensionless jerk: larger is smoother", "1"),
    "distance_min": Variable("smallest distance to the reference", "{}"),
    "distance_mean": Variable("mean distance to the reference", "{}"),
    "distance_std": Variable("standard deviation of the distance to the reference", "{}"),
    "distance_max": Variable("largest distance to the reference", "{}"),
    "valid": Variable("share of frames in which the point was seen", "1"),
    # cohorts
    RECORDING: Variable("recording"),
    PERSON: Variable("person"),
    "order": Variable("place of the condition in the recording, from 1", "1"),
    "duration": Variable("duration of the frames", "s"),
    "valid_share": Variable("share of frames with values of the signals", "1"),
}

_WINDOW_VARIABLES = (
    *(SIGNAL1, SIGNAL2, WINDOW, "window_start", "window_stop", LAG, "corr", "valid1", "valid2"),
    *("corr_mean", "corr_std", "corr_lag", "corr_abs_mean", "corr_fisher_mean", "follow_share", "lead_share"),
    *("n_windows", "profile", "profile_fisher", "best_lag", "at_limit"),
)
_SCALE_COORDS = (SCALE, "scale_label")

# Long names of the two coordinates of an annotation, whose names the user chooses.
_LABEL, _NUMBER = "label of the interval ('': outside all intervals)", "number of the interval (-1: outside)"

# Names that results define, by measure. No dimension or coordinate of the input may have one of them.
RESERVED = {
    "imitation": _WINDOW_VARIABLES,
    "coordination": _WINDOW_VARIABLES,
    "significance": (
        *("observed", "null_mean", "null_std", "excess", "surrogate_z", "p", "p_fwe", "q", "p_min"),
        *("activity_corr", "activity_p"),
    ),
    "contingency": (
        *("answered", "chance", "answered_above_chance", "odds_ratio", "p", "p_fwe", "q", "n_given", "latency"),
    ),
    "expressivity": (
        *_SCALE_COORDS, "expressivity", "eligible_time", "activations_per_minute", METRIC, "unit", COEFFICIENT,
    ),
    "diversity": (*_SCALE_COORDS, "overall", "frame_wise"),
    "events": (
        *(SCALE, EVENT, COEFFICIENT, "magnitude", "width", "response", "outlier"),
        *("rise", "z", "chance_rate", "onset", "offset"),
    ),
    "decomposition": (SCALE,),
    "asymmetry": (FEATURE, "asymmetry"),
    "kinematics": ("range", "path", "speed", "acceleration", "valid"),
    "smoothness": ("jerk", "ldj", "valid"),
    "relative_motion": ("distance_min", "distance_mean", "distance_std", "distance_max", "valid"),
    "contrast": (
        *("estimate", "ci_low", "ci_high", "d", "t", "p", "p_fwe", "q"),
        *("n_recordings", "n_missing", "n_first", "n_second", COMPARISON),
    ),
    "quality": ("lost_share", "masked_share", "noise", "activations_per_minute", "value_range"),
    "regularity": (
        *("fps", "regular", "step_min", "step_median", "step_max", "frames", "lost", "gaps", "longest_gap"),
        *(GAP, "gap_start", "gap_length", "gap_frames"),
    ),
}  # fmt: skip


def variable_attrs(name: str, *, long_name: str | None = None, units: str = "1") -> dict[str, str]:
    """Attributes `long_name` and `units` of a variable.

    `units` are the units of the input. `long_name` replaces the one in the table for this result.

    >>> variable_attrs("speed", units="mm")
    {'long_name': 'mean speed', 'units': 'mm/s'}
    >>> variable_attrs("speed", units="mm (Tx, Ty, Tz)")["units"]
    '(mm (Tx, Ty, Tz))/s'
    >>> variable_attrs("metric")
    {'long_name': 'metric'}
    """
    known = VARIABLES[name]
    of_input = f"({units})" if " " in units and known.units != "{}" else units
    own = {"units": known.units.format(of_input)} if known.units else {}
    return {"long_name": long_name or known.long_name, **own}


def number_name(name: str) -> str:
    """Name of the coordinate with the numbers of the intervals, for the coordinate `name` with their labels.

    >>> number_name("condition")
    'condition_interval'
    """
    return f"{name}_interval"


def interval_attrs(name: str) -> tuple[dict[str, str], dict[str, str]]:
    """Attributes of the coordinate `name` with the labels of intervals, and of that with their numbers.

    >>> interval_attrs("condition")[0]
    {'long_name': "condition: label of the interval ('': outside all intervals)"}
    """
    return {"long_name": f"{name}: {_LABEL}"}, {"long_name": f"{name}: {_NUMBER}", "units": "1"}
