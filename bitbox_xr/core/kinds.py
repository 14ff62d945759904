"""Kinds of signals: their names and units, and the message for an unknown kind."""

__all__ = ["ACTIVE", "KINDS", "kind_faults"]

# kind: long_name and units of its values
KINDS = {
    "expression": ("expression coefficient", "1"),
    "landmark": ("landmark coordinate in the image", "pixel"),
    "landmark-can": ("canonicalized landmark coordinate", "mm"),
    "pose": ("head pose", "mm (Tx, Ty, Tz), rad (Rx, Ry, Rz)"),
    "rectangle": ("face rectangle", "pixel"),
    "emotion": ("emotion", "1"),
    "gaze": ("direction of gaze", "1 (vectors), rad (angles)"),
    "motion-energy": ("motion energy", "1"),
}
ACTIVE = ("expression", "motion-energy")  # kinds with activations: rises from rest, and falls


def kind_faults(kind: object, name: str = "kind") -> list[str]:
    """Faults of a kind of signals; `name` is what the message calls it."""
    known = isinstance(kind, str) and kind in KINDS
    return [] if known else [f"expected {name} to be one of {', '.join(KINDS)}, got {kind!r}"]
