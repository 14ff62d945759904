"""The files that a demo writes, which replace those of an earlier demo and no others."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bitbox_xr.cohort.record import Record
from bitbox_xr.cohort.storage import held, staged
from bitbox_xr.cohort.targets import checked

__all__ = ["FACE_FILES", "FILES", "REPORT_FILES", "replaced"]

FILES = ("participant.nc", "model.nc", "imitation.nc", "imitation_stats.nc", "lag_profile.nc", "imitation.png")
FACE_FILES = ("face.nc", "expressivity.nc", "events.nc", "expressivity.png")
REPORT_FILES = ("report.html",)


@contextmanager
def replaced(out: Path, names: tuple[str, ...]) -> Iterator[Path]:
    """Yield a temporary folder, whose files then replace those of an earlier demo in `out`, and no others."""
    check = partial(checked, out, [*FILES, *FACE_FILES, *REPORT_FILES], {})
    with held(out, check, subject="demo") as parts, staged(parts) as folder:
        yield folder
        record = Record.of(out, parts)
        for name in names:
            record.publish(folder / name, out / name)
