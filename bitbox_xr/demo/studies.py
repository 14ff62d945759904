"""A small simulated study as files: a manifest, recordings of two people, intervals, and what is measured."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.validation import is_number, listed, path_of
from bitbox_xr.demo import behaviour, tracker
from bitbox_xr.demo.behaviour import ACTION_UNITS, Movements

__all__ = ["CONDITIONS", "GROUPS", "PLANTED", "study"]

GROUPS = ("clinic", "control")
CONDITIONS = ("baseline", "play", "talk")
PLANTED = ("AU04", "AU06", "AU12")  # units that children answer; the effect is in these
ANSWERED = ("smile", "frown")  # the expressions with these units
EFFECT_IN = ("control", "play")
SHARE = 0.2  # of the mother's expressions that children answer
SHARE_STD = 0.05  # differences between children
MIN_DYADS, MAX_DYADS = 2, 500
MIN_SECONDS, MAX_SECONDS = 10, 600
CHILD_FPS, MOTHER_FPS = 30.0, 25.0
LEAD_IN_S, PAUSE_S = 4.0, 3.0  # before the first condition, and between two conditions
EXPRESSIONS_PER_MINUTE = {"baseline": 8.0, "play": 14.0, "talk": 10.0}  # of the mother
SPEECH_SHARE = {"baseline": 0.05, "play": 0.1, "talk": 0.3}
TURN_S = (1.2, 3.5)
LOST_SHARE = {"clinic": 0.06, "control": 0.03}  # of the child's frames
MOTHERS_LOST_SHARE = 0.02
CHILDS_RATE = 0.4  # spontaneous expressions of the child per expression of the mother
HEIGHT = {"clinic": 0.9, "control": 1.0}  # of the child's expressions

CONFIG = """\
# What is measured, and how. The first run keeps this file; methods and reports list every later difference.

by = "condition"    # results for each condition
align = true        # two cameras: 30 and 25 frames per second, and clocks that differ (column offset of the manifest)

[intervals]
tier = "condition"  # the mother's speech is another tier of the same files

[[prepare]]
function = "fill_gaps"
of = "both"
max_gap = 0.2       # s

[[mask]]
of = "reference"    # the mother's mouth, while she speaks
tier = "speech"
regions = ["mouth"]

[measures.significance]
width = 2           # s
step = 1            # s
max_lag = 1         # s
polarity = false    # only positive correlations: a child who stops smiling when the mother smiles is no imitator
n = 19              # surrogates, for the level of chance that excess is free of
rng = 1

[measures.quality]
"""


def study(
    folder: str | os.PathLike[str], *, dyads: int = 40, seconds: float = 40.0, effect: float = 0.6, seed: int = 0
) -> pd.DataFrame:
    """Write the files of a simulated study of children and their mothers, and return what was planted.

    Half of the children come from a clinic, half are a control group. Each dyad is recorded in three conditions, in
    which mothers speak more or less, by two cameras with 30 and 25 frames per second, whose clocks differ. The files
    are as OpenFace 2 writes them, with 17 action units, noise, blinks and lost frames; the tracker loses more frames of
    children in the clinic, and their faces are somewhat flatter. Children answer some smiles (AU06 and AU12) and frowns
    (AU04) of their mothers, 0.3 to 0.95 s later. Nothing else is related.

    Parameters
    ----------
    folder
        A new or empty folder. It gets `study.csv`, the manifest; `study.toml`, which says what to measure; and in the
        folder `recordings`, for each dyad, the signals of the child and of the mother, and the intervals of conditions
        and of the mother's speech.
    dyads
        Number of dyads, an even number from 2 to 500.
    seconds
        Length of each condition, 10 to 600 s.
    effect
        By how much the share of answered smiles and frowns is larger in the control group during play. Everywhere else
        it is 0.2 on average. With 0 groups and conditions do not differ in it.
    seed
        Seed of the random numbers.

    Returns
    -------
    DataFrame
        One row for each signal, group and condition: `answered`, the average share of the mother's movements that the
        child answers; 0 for signals without a relation.

    Raises
    ------
    ValueError
        If an option is out of range, or the folder has files.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from bitbox_xr import open_signals
    >>> with TemporaryDirectory() as folder:
    ...     truth = study(folder, dyads=2, seconds=10)
    ...     print(*sorted(path.name for path in Path(folder).iterdir()))
    ...     child = open_signals(f"{folder}/recordings/001_child.csv").load()
    recordings study.csv study.toml
    >>> child.sizes["signal"], child.attrs["backend"]
    (17, 'OpenFace 2')
    >>> truth.query("signal == 'AU12_r' and condition == 'play'")[["group", "answered"]].to_dict("list")
    {'group': ['clinic', 'control'], 'answered': [0.2, 0.8]}
    """
    out = path_of("demo.study()", folder, "a folder's name")
    refuse("demo.study()", _faults(dyads, seconds, effect) + _folder_faults(out))
    recordings = out / "recordings"
    recordings.mkdir(parents=True)
    rows = []
    for number, own in enumerate(np.random.default_rng(seed).spawn(dyads), 1):
        dyad = _drawn(own, number, float(seconds), float(effect))
        name = f"{number:03}"
        _write(own, dyad, recordings, name)
        files = {column: f"recordings/{name}_{end}.csv" for column, end in _ENDS.items()}
        rows.append({"recording": name, **files, "offset": dyad.offset, "group": dyad.group, "age": dyad.age})
    pd.DataFrame(rows).to_csv(out / "study.csv", index=False, lineterminator="\n")
    (out / "study.toml").write_text(CONFIG, encoding="utf-8", newline="\n")
    return _truth(float(effect))


_ENDS = {"signals": "child", "reference": "mother", "intervals": "intervals"}


def _faults(dyads: object, seconds: object, effect: object) -> list[str]:
    faults = []
    whole = isinstance(dyads, int | np.integer) and not isinstance(dyads, bool)
    if not whole or not MIN_DYADS <= dyads <= MAX_DYADS or dyads % 2:  # type: ignore[operator]
        faults.append(f"expected dyads to be an even number from {MIN_DYADS} to {MAX_DYADS}, got {dyads!r}")
    if not is_number(seconds) or not MIN_SECONDS <= seconds <= MAX_SECONDS:
        faults.append(f"expected seconds to be a number from {MIN_SECONDS} to {MAX_SECONDS}, got {seconds!r}")
    if not is_number(effect) or not 0 <= effect <= 1 - SHARE:
        faults.append(f"expected effect to be a number from 0 to {1 - SHARE:g}, got {effect!r}")
    return faults


def _folder_faults(out: Path) -> list[str]:
    if out.exists() and not out.is_dir():
        return [f"expected a folder, got the file {out}; name another one"]
    there = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    if there:
        return [f"expected a new or empty folder, got {out} with {listed(there)}; name another one"]
    return []


# --- one dyad


@dataclass(frozen=True)
class Dyad:
    """What happens in one session, in seconds on the clock of the child's camera."""

    group: str
    age: int  # months
    offset: float  # of the mother's camera, which starts so much later
    seconds: float  # length of the session
    intervals: pd.DataFrame  # onset, offset, label, tier
    child: list[dict[str, Movements]]
    mother: list[dict[str, Movements]]


def _drawn(rng: np.random.Generator, number: int, each: float, effect: float) -> Dyad:
    """Draw a session: its conditions, what both people do, and which of the mother's expressions are answered."""
    group = GROUPS[number % 2]
    conditions = _conditions(number, each)
    session = float(conditions["offset"].max()) + LEAD_IN_S
    turns = _turns(rng, conditions)
    mother = _spontaneous(rng, conditions, 1.0, 1.0)
    spontaneous = _spontaneous(rng, conditions, CHILDS_RATE, HEIGHT[group])
    own = rng.normal(0, SHARE_STD)
    answered = {}
    for kind in ANSWERED:
        labels = _labels_at(conditions, mother[kind].time)
        share = SHARE + own + np.where([(group, label) == EFFECT_IN for label in labels], effect, 0.0)
        answered[kind] = behaviour.answers(rng, mother[kind], share, HEIGHT[group])
    child = [spontaneous, answered, {"AU45": behaviour.blinks(rng, session)}]
    others = [mother, {"AU45": behaviour.blinks(rng, session)}, behaviour.speech(rng, turns)]
    tiers = conditions.assign(tier="condition"), turns.assign(tier="speech")
    intervals = pd.concat([tier for tier in tiers if len(tier)], ignore_index=True)  # pandas 2 warns of empty tables
    offset = round(float(rng.uniform(-1.5, 1.5)), 2)
    age = int(rng.integers(30, 73))
    return Dyad(group, age, offset, session, intervals.sort_values("onset"), child, others)


def _conditions(number: int, each: float) -> pd.DataFrame:
    """Onset, offset and label of the conditions: baseline first; play and talk change places."""
    first, *others = CONDITIONS
    labels = [first, *(others if number // 2 % 2 else others[::-1])]
    onset = LEAD_IN_S + (each + PAUSE_S) * np.arange(len(labels))
    return pd.DataFrame({"onset": onset, "offset": onset + each, "label": labels})


def _turns(rng: np.random.Generator, conditions: pd.DataFrame) -> pd.DataFrame:
    """Turns in which the mother speaks, with silence between them."""
    rows = []
    for start, end, label in conditions.itertuples(index=False):
        at = start
        while True:
            length = rng.uniform(*TURN_S)
            at += rng.exponential(length * (1 - SPEECH_SHARE[label]) / SPEECH_SHARE[label]) + 0.3
            if at + length >= end:
                break
            rows.append((round(at, 2), round(at + length, 2), "speech"))
            at += length
    return pd.DataFrame(rows, columns=["onset", "offset", "label"])


def _spontaneous(
    rng: np.random.Generator, conditions: pd.DataFrame, rate: float, height: float
) -> dict[str, Movements]:
    """A person's own expressions, more or less often in each condition."""
    found: dict[str, list[Movements]] = {}
    for start, end, label in conditions.itertuples(index=False):
        per_minute = rate * EXPRESSIONS_PER_MINUTE[label]
        for kind, own in behaviour.expressions(rng, end - start + PAUSE_S, per_minute, height).items():
            found.setdefault(kind, []).append(Movements(own.time + start, own.rise, own.fall, own.height))
    return {kind: _joined(each) for kind, each in found.items()}


def _joined(each: list[Movements]) -> Movements:
    names = ("time", "rise", "fall", "height")
    return Movements(*(np.concatenate([getattr(own, name) for own in each]) for name in names))


def _labels_at(conditions: pd.DataFrame, times: np.ndarray) -> list[str]:
    """The condition at each time; that before it in the pauses."""
    labels: list[str] = conditions["label"].tolist()
    return [labels[max(0, k - 1)] for k in np.searchsorted(conditions["onset"], times, side="right")]


def _write(rng: np.random.Generator, dyad: Dyad, folder: Path, name: str) -> None:
    """Write the files of one dyad."""
    sides = (
        ("child", dyad.child, CHILD_FPS, 0.0, LOST_SHARE[dyad.group]),
        ("mother", dyad.mother, MOTHER_FPS, dyad.offset, MOTHERS_LOST_SHARE),
    )
    for end, moving, fps, start, lost_share in sides:
        times = start + np.arange(round((dyad.seconds - start) * fps)) / fps
        intensities = tracker.tracked(rng, behaviour.values(times, moving), fps)
        lost = tracker.lost_frames(rng, len(times), fps, lost_share * rng.uniform(0.5, 1.5))
        certainty = tracker.confidence(rng, len(times))
        tracker.write_openface(folder / f"{name}_{end}.csv", ACTION_UNITS, intensities, fps, certainty, lost)
    dyad.intervals.to_csv(folder / f"{name}_intervals.csv", index=False, lineterminator="\n")


def _truth(effect: float) -> pd.DataFrame:
    rows = [
        (f"{unit}_r", group, condition, _share(unit, group, condition, effect))
        for unit in ACTION_UNITS
        for group in GROUPS
        for condition in CONDITIONS
    ]
    return pd.DataFrame(rows, columns=["signal", "group", "condition", "answered"])


def _share(unit: str, group: str, condition: str, effect: float) -> float:
    if unit not in PLANTED:
        return 0.0
    return round(SHARE + (effect if (group, condition) == EFFECT_IN else 0.0), 6)
