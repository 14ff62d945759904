"""How the files of a recording become signals: the same options for all recordings and measures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

from bitbox_xr.cohort.manifest_options import RowOptions
from bitbox_xr.cohort.preparation import Mask, Step
from bitbox_xr.io.readers.options import open_options
from bitbox_xr.preprocessing.alignment import align

__all__ = ["ALIGN_OPTIONS", "Reading", "canonical"]

ALIGN_OPTIONS = tuple(name for name, p in signature(align).parameters.items() if p.kind is p.KEYWORD_ONLY)
# columns of the manifest that are options of open_signals(), by the name that the option has
READER_COLUMNS = {"fps": "fps", "reference_fps": "fps_y", "kind": "kind", "columns": "columns"}
OF_REFERENCE = ("reference_fps", "offset")


@dataclass(frozen=True)
class Reading:
    """How files become signals."""

    options: dict[str, Any]  # of open_signals(), also for the reference (`columns_y`)
    align: dict[str, Any] | None = None  # options of align(); None: recordings are not aligned
    by: str | None = None  # name of the coordinate with the labels of intervals
    each_interval: bool = False  # each interval has a different label
    intervals: dict[str, Any] = field(default_factory=dict)  # options of open_intervals() for these labels
    masks: tuple[Mask, ...] = ()
    steps: tuple[Step, ...] = ()

    def described(self, *, with_reference: bool) -> dict[str, Any]:
        """Everything that affects results; without what concerns the reference alone if a measure has none."""
        asked: dict[str, Any] = {"reader": open_options(self.options)}
        of_reference = open_options(self.options, of_y=True)
        if with_reference and of_reference != asked["reader"]:
            asked["reader_of_reference"] = of_reference
        if with_reference and self.align is not None:
            asked["align"] = self.align
        if self.by is not None:
            asked |= {"by": self.by, "intervals": self.intervals}
            asked |= {"each_interval": True} if self.each_interval else {}
        for name, used in (("mask", self.masks), ("prepare", self.steps)):
            if own := [one.described() for one in used if with_reference or one.of != "reference"]:
                asked[name] = own
        return asked

    @property
    def uses_intervals(self) -> bool:
        """Whether the manifest's files of intervals are read."""
        return self.by is not None or bool(self.masks)

    def reader(self, own: RowOptions, *, of_reference: bool) -> dict[str, Any]:
        """Options of `open_signals()` for a file of a recording with the options `own`."""
        columns = {option: own[column] for column, option in READER_COLUMNS.items() if column in own}
        return open_options(self.options | columns, of_y=of_reference)

    def own(self, options: RowOptions, *, with_reference: bool) -> dict[str, Any]:
        """The options of a recording that affect results; without those of the reference alone if it is not used."""
        return {name: value for name, value in options.items() if with_reference or name not in OF_REFERENCE}

    def align_options(self, own: RowOptions) -> dict[str, Any] | None:
        """Options of `align()` for a recording."""
        if self.align is None:
            return None
        return self.align | ({"offset": own["offset"]} if "offset" in own else {})


def canonical(value: object) -> Any:
    """Convert whole floats to integers: 1 and 1.0 are the same option."""
    if isinstance(value, Mapping):
        return {name: canonical(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
