"""Simulated recordings with known imitation and known activations, and what the measures find in them."""

from bitbox_xr.demo.dyads import DYAD_FILES, Dyad, make_dyad, write_dyad
from bitbox_xr.demo.face import MIN_RISE, make_face, run_face
from bitbox_xr.demo.files import FACE_FILES, FILES
from bitbox_xr.demo.pair import MAX_MINUTES, MIN_MINUTES, make_pair, run
from bitbox_xr.demo.studies import study

__all__ = [
    "DYAD_FILES",
    "FACE_FILES",
    "FILES",
    "MAX_MINUTES",
    "MIN_MINUTES",
    "MIN_RISE",
    "Dyad",
    "make_dyad",
    "make_face",
    "make_pair",
    "run",
    "run_face",
    "study",
    "write_dyad",
]


def __dir__() -> list[str]:
    """List the public names for tab completion, without the modules."""
    return __all__
