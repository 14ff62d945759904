"""Measures with chance in a cohort: checks of the options of significance, and the seed of each recording."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bitbox_xr.cohort.storage import atomic_text
from bitbox_xr.inference.significance import statistic_faults
from bitbox_xr.inference.surrogate_checks import option_faults
from bitbox_xr.measures import windowing

__all__ = ["faults", "of_recording", "seed_file", "seed_of", "with_kept_seed"]

SEED_BITS = 32  # of a new seed: short enough to type


def faults(options: Mapping[str, Any]) -> list[str]:
    """Faults of the options of a test, independent of recordings."""
    tested, seed = options["measure"], options["rng"]
    windows = {name: options[name] for name in windowing.Options._fields}
    found = windowing.Options(**windows).faults() + statistic_faults(options["statistic"])
    found += option_faults(options["surrogates"], options["n"], None)
    if options["surrogates"] == "permute" and options.get("by") is None:
        found.append("expected surrogates other than 'permute', which exchanges the intervals of by, got 'permute'")
    if tested not in ("imitation", "coordination"):
        found.append(f"expected the measure to test to be 'imitation' or 'coordination', got {tested!r}")
    if tested == "coordination" and options["causal"] is not True:
        found.append("causal is for imitation: coordination has lags in both directions; leave causal out")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or seed < 0):
        found.append(f"expected rng to be a seed, a whole number of at least 0, got {seed!r}")
    return found


def seed_file(hidden: Path, measure: str) -> Path:
    """The file with the seed of a measure, in the hidden folder."""
    return hidden / f"seed-{measure}.txt"


def with_kept_seed(options: Mapping[str, Any], measure: str, run_folder: Path) -> dict[str, Any]:
    """The options of a measure with the seed of the run: the given one, else the kept one, else a new one.

    The seed is kept in the hidden folder. Options of a measure without chance stay as they are.
    """
    if "rng" not in options:
        return dict(options)
    file, seed = seed_file(run_folder.parent, measure), options["rng"]
    if seed is None:
        seed = _read_seed(file) if file.is_file() else secrets.randbits(SEED_BITS)
    with atomic_text(file, run_folder) as stream:
        stream.write(f"{seed}\n")
    return {**options, "rng": seed}


def _read_seed(file: Path) -> int:
    text = file.read_bytes().strip()
    if not text.isdigit():
        raise ValueError(
            f"expected a seed, a whole number of at least 0, in {file}, got other text; give rng, or remove the file"
        )
    return int(text)


def seed_of(seed: int, recording: str) -> int:
    """Return the seed of a recording, which depends on its name and on the cohort's seed alone.

    >>> seed_of(0, "001"), seed_of(0, "002"), seed_of(1, "001")
    (2317377739067442198, 5421397398321251836, 15696711376796289184)
    """
    digest = hashlib.sha256(json.dumps([seed, recording]).encode()).digest()
    return int.from_bytes(digest[:8])


def of_recording(options: Mapping[str, Any], recording: str) -> dict[str, Any]:
    """Options of a measure with chance for one recording; none for other measures."""
    return {"rng": seed_of(options["rng"], recording), "progress": False} if "rng" in options else {}
