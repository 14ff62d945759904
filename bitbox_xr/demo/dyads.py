"""A simulated mother and her child, as a face tracker shows them, and which of her smiles the child answers."""

import os
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.signal_set import signals
from bitbox_xr.core.validation import is_number, listed, path_of
from bitbox_xr.core.variables import TIME, variable_attrs
from bitbox_xr.demo import behaviour, tracker
from bitbox_xr.demo.behaviour import ACTION_UNITS, Movements
from bitbox_xr.io.annotations import open_intervals

__all__ = ["DYAD_FILES", "Dyad", "make_dyad", "write_dyad"]

DYAD_FILES = ("child.csv", "mother.csv", "intervals.csv")
FPS = 30.0
CONDITIONS = ("story", "play")
ANSWERED_IN = "play"
LEAD_IN_S, PAUSE_S = 5.0, 5.0  # before the first condition, and between the two
MIN_SECONDS, MAX_SECONDS = 30, 1800
LATENCY_S = (0.4, 1.2)  # from the maximum of a smile to the maximum of its answer
SMILES_PER_MINUTE = {"story": 7.0, "play": 10.0}  # of the mother
OTHERS_PER_MINUTE = {"mother": 5.0, "child": 3.0}  # each other expression, and the child's own smiles
SPEECH_SHARE = {"mother": {"story": 0.4, "play": 0.12}, "child": {"story": 0.03, "play": 0.08}}
TURN_S = {"mother": (1.2, 3.5), "child": (0.6, 1.5)}
LOST_SHARE = {"mother": 0.02, "child": 0.06}
HEIGHT = {"mother": 1.0, "child": 0.9}
# A tracker shows other units as well: the corner of the mouth in speech, cheek and lids in blinks.
SPEECH_IN_AU12 = 1.2  # times the heights in AU14
BLINKS_IN = {"AU07": 0.3, "AU06": 0.15}
# See docs/tutorial.md for the recordings of OpenFace with which these were compared.
ERRORS = tracker.Errors(noise_std=0.13, noise_memory=0.88, offset=(-0.35, 0.25), drift_std=0.08)
HIDDEN_WITHIN_S = 0.4  # of the maximum of a smile or an answer


class Dyad(NamedTuple):
    """Two simulated recordings, their intervals, and what is true of them.

    `x` and `y` are signals `(time, signal)` of the child and the mother, `intervals` is as `open_intervals` returns it,
    and `truth` has one row for each smile of the mother.
    """

    x: xr.DataArray
    y: xr.DataArray
    intervals: xr.Dataset
    truth: pd.DataFrame


class _Recording(NamedTuple):
    """The frames of one person: intensities `(frame, unit)`, confidence and lost frames."""

    intensities: np.ndarray
    certainty: np.ndarray
    lost: np.ndarray


class _Session(NamedTuple):
    recordings: dict[str, _Recording]
    intervals: pd.DataFrame  # onset, offset, label, tier, subject
    truth: pd.DataFrame


def make_dyad(seed: int = 0, *, seconds: float = 240.0, share: float = 1 / 3) -> Dyad:
    """Simulate a child and a mother, as a face tracker shows them. The child answers a share of her smiles.

    Two conditions follow each other: in the first ("story") the mother reads aloud, and the child answers none of her
    smiles; in the second ("play") it answers the share `share`, each 0.4 to 1.2 s later. Both also smile without a
    reason in the other's face, make other expressions, blink and speak. Nothing else is related. The recordings have
    the noise, the drift, the zeros and the lost frames of a tracker. Both have 30 frames per second and one clock.

    Parameters
    ----------
    seed
        Seed of the random numbers.
    seconds
        Length of each condition, 30 to 1800 s.
    share
        Share of the mother's smiles that the child answers during play, 0 to 1.

    Returns
    -------
    Dyad
        Four parts. `x` and `y`: the signals of the child and of the mother, `(time, signal)`, 17 action units (0 to 5)
        as OpenFace 2 writes them, with the coordinate `confidence`. `intervals`: the intervals of both, of which those
        with `tier` "condition" are the two conditions and those with "speech" the turns of each speaker (`subject`).
        `truth`: one row for each smile of the mother, with `time` (of its maximum, s), `condition`, `height`,
        `answered`, `latency` (s, from maximum to maximum; NaN without an answer) and `hidden`: "speech" or "lost" if
        one of the two speaks or is lost at the maximum of the smile or of its answer, else "".

    Raises
    ------
    ValueError
        If `seconds` or `share` is out of range.

    Examples
    --------
    >>> x, y, intervals, truth = make_dyad(seconds=60)
    >>> x.sizes["time"], x.sizes["signal"], sorted(set(intervals.label.values.tolist()))
    (4050, 17, ['play', 'speech', 'story'])
    >>> bool(truth.answered[truth.condition == "story"].any()), bool(truth.answered[truth.condition == "play"].any())
    (False, True)
    """
    session = _simulated("make_dyad()", seed, seconds, share)
    x, y = (_signals(who, own, seed) for who, own in session.recordings.items())
    return Dyad(x, y, open_intervals(session.intervals), session.truth)


def write_dyad(
    folder: str | os.PathLike[str], seed: int = 0, *, seconds: float = 240.0, share: float = 1 / 3
) -> pd.DataFrame:
    """Write the recordings of `make_dyad` as files of OpenFace 2, and its intervals as a table.

    Parameters
    ----------
    folder
        Folder for `child.csv`, `mother.csv` and `intervals.csv`. It is created if necessary.
    seed, seconds, share
        As for `make_dyad`.

    Returns
    -------
    DataFrame
        The table `truth` of `make_dyad`.

    Raises
    ------
    ValueError
        If an option is out of range, or one of the files exists.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from bitbox_xr import open_signals
    >>> with TemporaryDirectory() as folder:
    ...     truth = write_dyad(folder, seconds=30)
    ...     child = open_signals(f"{folder}/child.csv").load()
    >>> child.attrs["backend"], child.attrs["lost_frames"] > 0
    ('OpenFace 2', True)
    """
    out = path_of("demo.write_dyad()", folder, "a folder's name")
    there = [name for name in DYAD_FILES if (out / name).exists()]
    refuse(
        "demo.write_dyad()",
        [f"expected a folder without {listed(DYAD_FILES)}, got {out} with {listed(there)}; name another one"]
        if there
        else [],
    )
    session = _simulated("demo.write_dyad()", seed, seconds, share)
    out.mkdir(parents=True, exist_ok=True)
    for who, own in session.recordings.items():
        tracker.write_openface(out / f"{who}.csv", ACTION_UNITS, own.intensities, FPS, own.certainty, own.lost)
    session.intervals.to_csv(out / DYAD_FILES[-1], index=False, lineterminator="\n")
    return session.truth


def _signals(who: str, own: _Recording, seed: int) -> xr.DataArray:
    values = np.where(own.lost[:, None], np.nan, own.intensities)
    names = [f"{unit}_r" for unit in ACTION_UNITS]
    x = signals(values, fps=FPS, names=names, source=f"bitbox-xr demo, seed {seed}, {who}", units="intensity, 0 to 5")
    certainty = np.where(own.lost, 0.1 * own.certainty, own.certainty).round(2)
    x = x.assign_coords(confidence=(TIME, certainty, variable_attrs("confidence")))
    return x.assign_attrs(lost_frames=int(own.lost.sum()))


# --- one session


def _simulated(call: str, seed: int, seconds: float, share: float) -> _Session:
    faults = []
    if not is_number(seconds) or not MIN_SECONDS <= seconds <= MAX_SECONDS:
        faults.append(f"expected seconds to be a number from {MIN_SECONDS} to {MAX_SECONDS}, got {seconds!r}")
    if not is_number(share) or not 0 <= share <= 1:
        faults.append(f"expected share to be a number from 0 to 1, got {share!r}")
    refuse(call, faults)
    rng = np.random.default_rng(seed)
    onset = LEAD_IN_S + (seconds + PAUSE_S) * np.arange(len(CONDITIONS))
    conditions = pd.DataFrame({"onset": onset, "offset": onset + seconds, "label": CONDITIONS})
    length = float(conditions["offset"].max()) + PAUSE_S
    turns = {who: _turns(rng, conditions, who) for who in ("child", "mother")}
    smiles = _smiles(rng, conditions)
    labels = _labels_at(conditions, smiles.time)
    answered = (labels == ANSWERED_IN) & (rng.random(len(labels)) < share)
    latency = np.where(answered, rng.uniform(*LATENCY_S, len(labels)), np.nan)
    replies = _replies(rng, smiles, latency)
    recordings = {}
    for who, theirs in (("child", replies), ("mother", smiles)):
        recordings[who] = _recorded(rng, who, [{"smile": theirs}], turns[who], length)
    truth = pd.DataFrame({
        "time": smiles.time.round(3), "condition": labels, "height": smiles.height.round(2),
        "answered": answered, "latency": latency.round(3),
    })  # fmt: skip
    hidden = _hidden(smiles.time, recordings["mother"], turns["mother"])
    of_answer = _hidden(smiles.time + latency, recordings["child"], turns["child"])
    truth["hidden"] = np.where(hidden == "", of_answer, hidden)
    return _Session(recordings, _intervals(conditions, turns), truth)


def _intervals(conditions: pd.DataFrame, turns: dict[str, pd.DataFrame]) -> pd.DataFrame:
    parts = [conditions.assign(tier="condition", subject="both")]
    parts += [own.assign(label="speech", tier="speech", subject=who) for who, own in turns.items() if len(own)]
    return pd.concat(parts, ignore_index=True).sort_values("onset", ignore_index=True)


def _turns(rng: np.random.Generator, conditions: pd.DataFrame, who: str) -> pd.DataFrame:
    """Turns in which a person speaks, with silence between them."""
    rows = []
    for start, end, label in conditions.itertuples(index=False):
        share, at = SPEECH_SHARE[who][label], start
        while True:
            length = rng.uniform(*TURN_S[who])
            at += rng.exponential(length * (1 - share) / share) + 0.3
            if at + length >= end:
                break
            rows.append((round(at, 2), round(at + length, 2)))
            at += length
    return pd.DataFrame(rows, columns=["onset", "offset"], dtype=float)


def _smiles(rng: np.random.Generator, conditions: pd.DataFrame) -> Movements:
    """The mother's smiles, more of them in play. A smile after the end of a condition is left out."""
    times = []
    for start, end, label in conditions.itertuples(index=False):
        drawn = behaviour.expressions(rng, end - start, SMILES_PER_MINUTE[label], 1.0)
        times.append(drawn["smile"].time + start)
    return Movements.drawn(rng, np.concatenate(times), HEIGHT["mother"])


def _replies(rng: np.random.Generator, smiles: Movements, latency: np.ndarray) -> Movements:
    """Answers of the child, as high as its own smiles or as the mother's: half of each."""
    chosen = np.isfinite(latency)
    own = Movements.drawn(rng, (smiles.time + latency)[chosen], HEIGHT["child"])
    return Movements(own.time, own.rise, own.fall, 0.5 * (own.height + HEIGHT["child"] * smiles.height[chosen]))


def _recorded(
    rng: np.random.Generator, who: str, moving: list[dict[str, Movements]], turns: pd.DataFrame, length: float
) -> _Recording:
    """What the tracker shows of a person who makes given movements, and movements without a relation."""
    own = behaviour.expressions(rng, length, OTHERS_PER_MINUTE[who], HEIGHT[who])
    if who == "mother":
        own.pop("smile")  # her smiles are given
    blinks, speech = behaviour.blinks(rng, length), behaviour.speech(rng, turns)
    eyes = {"AU45": blinks} | {unit: _scaled(blinks, share) for unit, share in BLINKS_IN.items()}
    mouth = speech | {"AU12": _scaled(speech["AU14"], SPEECH_IN_AU12)}
    times = np.arange(round(length * FPS)) / FPS
    heights = behaviour.values(times, [own, eyes, mouth, *moving])
    intensities = tracker.tracked(rng, heights, FPS, ERRORS)
    lost = tracker.lost_frames(rng, len(times), FPS, LOST_SHARE[who])
    return _Recording(intensities, tracker.confidence(rng, len(times)), lost)


def _scaled(movements: Movements, share: float) -> Movements:
    return Movements(movements.time, movements.rise, movements.fall, share * movements.height)


def _labels_at(conditions: pd.DataFrame, times: np.ndarray) -> np.ndarray:
    at = np.searchsorted(conditions["onset"], times, side="right") - 1
    labels: np.ndarray = conditions["label"].to_numpy(dtype=str)[at]
    return labels


def _hidden(times: np.ndarray, own: _Recording, turns: pd.DataFrame) -> np.ndarray:
    """Why a movement at each time cannot be seen: "speech", "lost" or ""; "" for NaN."""
    gone = np.array([own.lost[_frames(at, len(own.lost))].any() if np.isfinite(at) else False for at in times])
    spoken = np.array([
        bool(((turns["onset"] < at + HIDDEN_WITHIN_S) & (turns["offset"] > at - HIDDEN_WITHIN_S)).any())
        for at in times
    ])  # fmt: skip
    return np.select([spoken, gone], ["speech", "lost"], "")


def _frames(at: float, n: int) -> slice:
    first, last = ((at + side * HIDDEN_WITHIN_S) * FPS for side in (-1, 1))
    return slice(max(0, int(first)), min(n, int(last) + 1))
