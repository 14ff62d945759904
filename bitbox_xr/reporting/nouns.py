"""Numbers with their nouns, and series of them, as sentences have them."""

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["FRAME", "PAIR", "RECORDING", "Noun", "noun_of_signals", "series"]

WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Noun(NamedTuple):
    """A noun, which may be a phrase whose head is not its last word."""

    one: str
    many: str = ""  # default: with an s

    @property
    def plural(self) -> str:
        """The noun without a number, in general."""
        return self.many or f"{self.one}s"

    def counted(self, n: int) -> str:
        """A number and the noun; numbers below ten are words.

        >>> Noun("frame").counted(1), Noun("frame").counted(0), Noun("axis of a box", "axes of a box").counted(12)
        ('one frame', 'no frames', '12 axes of a box')
        """
        return f"{WORDS[n] if n < len(WORDS) else n} {self.one if n == 1 else self.plural}"


FRAME, PAIR, RECORDING = Noun("frame"), Noun("pair"), Noun("recording")

# by the attribute `schema`, which is more precise, or `kind`
OF_SCHEMAS = {
    "FACS": Noun("action unit"),
    "ARKit blendshapes": Noun("blendshape"),
}
OF_KINDS = {
    "expression": Noun("expression coefficient"),
    "landmark": Noun("landmark coordinate"),
    "landmark-can": Noun("canonicalized landmark coordinate"),
    "pose": Noun("coordinate of the head pose", "coordinates of the head pose"),
    "rectangle": Noun("coordinate of the face's rectangle", "coordinates of the face's rectangle"),
    "emotion": Noun("emotion"),
    "gaze": Noun("coordinate of the direction of gaze", "coordinates of the direction of gaze"),
    "motion-energy": Noun("motion energy of a body region", "motion energies of body regions"),
}


def noun_of_signals(kind: str, schema: str = "", tracker: str = "") -> Noun:
    """What a signal of this kind is called.

    Columns of a table and arrays have the kind "expression" by default. Without a schema and a tracker it is not known
    what they are.

    >>> noun_of_signals("expression", "FACS").plural, noun_of_signals("pose").plural
    ('action units', 'coordinates of the head pose')
    >>> noun_of_signals("expression", tracker="3DI").plural, noun_of_signals("expression").plural
    ('expression coefficients', 'signals')
    """
    if kind == "expression" and schema in OF_SCHEMAS:
        return OF_SCHEMAS[schema]
    if kind == "expression" and not schema and not tracker:
        return Noun("signal")
    return OF_KINDS.get(kind, Noun(f"signal of kind {kind}", f"signals of kind {kind}"))


def series(parts: Sequence[str], last: str = "and") -> str:
    """Parts of a sentence as a series; after parts that have commas themselves, the last one has a comma too.

    >>> series(["1", "2", "4"]), series(["1", "2"], "or"), series(["a, with b", "c, with d"])
    ('1, 2 and 4', '1 or 2', 'a, with b, and c, with d')
    """
    if len(parts) < 2:
        return "".join(parts)
    comma = "," if any("," in word for word in parts) else ""
    return f"{', '.join(parts[:-1])}{comma} {last} {parts[-1]}"
