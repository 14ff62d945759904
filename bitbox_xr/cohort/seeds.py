"""Significance in a cohort: what may be asked, and the seeds of its recordings."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bitbox_xr.cohort.storage import whole
from bitbox_xr.inference.significance import statistic_faults
from bitbox_xr.inference.surrogates import option_faults
from bitbox_xr.measures import windowing

__all__ = ["SEED", "faults", "kept_seed", "of_recording", "seed_of"]

SEED = "seed.txt"
BITS = 32  # of a seed that is made up: short enough to be typed


def faults(options: Mapping[str, Any]) -> list[str]:
    """What is wrong with the options of a test, whatever the recording."""
    of, seed = options["of"], options["rng"]
    windows = {name: options[name] for name in windowing.Options._fields}
    found = windowing.Options(**windows).faults() + statistic_faults(options["statistic"])
    found += option_faults(options["surrogates"], options["n"], None)
    if of not in ("imitation", "coordination"):
        found.append(f"of is {of!r}; 'imitation' or 'coordination' is wanted")
    if of == "coordination" and options["causal"] is not True:
        found.append("causal is for of='imitation'; coordination has lags both ways, leave it out")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or seed < 0):
        found.append(f"rng is {seed!r}; a seed, a whole number from 0, is wanted")
    return found


def kept_seed(parts: Path, seed: int | None) -> int:
    """The seed of a run, kept beside its folder: the given one, else that of the run before, else a new one."""
    file = parts.parent / SEED
    if seed is None:
        seed = _read_seed(file) if file.is_file() else secrets.randbits(BITS)
    with whole(file, parts) as stream:
        stream.write(f"{seed}\n")
    return seed


def _read_seed(file: Path) -> int:
    text = file.read_bytes().strip()
    if not text.isdigit():
        raise ValueError(f"{file} holds no seed, a whole number from 0; give rng, or remove the file")
    return int(text)


def seed_of(seed: int, recording: str) -> int:
    """The seed of a recording: its own, and the same whatever other recordings there are.

    >>> seed_of(0, "001"), seed_of(0, "002"), seed_of(1, "001")
    (2317377739067442198, 5421397398321251836, 15696711376796289184)
    """
    digest = hashlib.sha256(json.dumps([seed, recording]).encode()).digest()
    return int.from_bytes(digest[:8])


def of_recording(options: Mapping[str, Any], recording: str) -> dict[str, Any]:
    """What `significance()` is told of one recording; nothing to other measures."""
    return {"rng": seed_of(options["rng"], recording), "progress": False} if "rng" in options else {}
