"""Significance in a cohort: checks of its options, and the seed of each recording."""

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

__all__ = ["SEED", "faults", "kept_seed", "of_recording", "seed_of"]

SEED = "seed.txt"
SEED_BITS = 32  # of a new seed: short enough to type


def faults(options: Mapping[str, Any]) -> list[str]:
    """Faults of the options of a test, independent of recordings."""
    of, seed = options["of"], options["rng"]
    windows = {name: options[name] for name in windowing.Options._fields}
    found = windowing.Options(**windows).faults() + statistic_faults(options["statistic"])
    found += option_faults(options["surrogates"], options["n"], None)
    if options["surrogates"] == "permute" and options.get("by") is None:
        found.append("expected surrogates other than 'permute', which exchanges the intervals of by, got 'permute'")
    if of not in ("imitation", "coordination"):
        found.append(f"expected of to be 'imitation' or 'coordination', got {of!r}")
    if of == "coordination" and options["causal"] is not True:
        found.append("causal is for of='imitation': coordination has lags in both directions; leave causal out")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or seed < 0):
        found.append(f"expected rng to be a seed, a whole number of at least 0, got {seed!r}")
    return found


def kept_seed(run_folder: Path, seed: int | None) -> int:
    """Return the seed of a run and keep it in the hidden folder: `seed`, else the kept one, else a new one."""
    file = run_folder.parent / SEED
    if seed is None:
        seed = _read_seed(file) if file.is_file() else secrets.randbits(SEED_BITS)
    with atomic_text(file, run_folder) as stream:
        stream.write(f"{seed}\n")
    return seed


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
    """Options of `significance()` or `contingency()` for one recording; none for other measures."""
    return {"rng": seed_of(options["rng"], recording), "progress": False} if "rng" in options else {}
