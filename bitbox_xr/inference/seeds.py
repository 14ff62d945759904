"""The option `rng`: a seed, or a generator from which a seed is drawn."""

import numpy as np

__all__ = ["rng_faults", "seed_of"]


def rng_faults(rng: object) -> list[str]:
    """Problems with the option `rng`."""
    whole = isinstance(rng, int | np.integer) and not isinstance(rng, bool) and rng >= 0
    if rng is None or whole or isinstance(rng, np.random.Generator):
        return []
    return [f"expected rng to be a seed (an integer of at least 0) or a numpy.random.Generator, got {rng!r}"]


def seed_of(rng: int | np.random.Generator | None) -> int:
    """The seed that `rng` gives; a random one for None."""
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0]) if rng is None else int(rng)
