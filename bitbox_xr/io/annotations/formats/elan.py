"""ELAN, `.eaf`: XML with tiers of annotations, whose times (ms) are in a list of slots.

A tier depends on its parent in one of four ways. The annotations of Included_In and Time_Subdivision have
slots, and those between two parts of a subdivision can lack a time. Those of Symbolic_Association have the
times of their parent. Those of Symbolic_Subdivision divide the time of their parent equally.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bitbox_xr.core import validation
from bitbox_xr.core.errors import warn
from bitbox_xr.io.annotations.records import Annotations, Interval, IntervalOptions
from bitbox_xr.io.annotations.text import content, head_text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["read", "recognise"]

ROOT = "ANNOTATION_DOCUMENT"
SUBDIVISION = "Symbolic_Subdivision"


class Annotation(NamedTuple):
    """An annotation of a tier, with two slots or with the annotation that it refers to."""

    id: str
    label: str
    slots: tuple[str, str] | None
    parent: str
    previous: str
    tier: str
    subject: str
    divides: bool  # whether it shares its parent's time with its siblings


def recognise(path: Path, head: bytes) -> bool:
    """Whether the root element is that of ELAN."""
    return f"<{ROOT}" in head_text(head)


def read(path: Path, options: IntervalOptions) -> Annotations:
    """Read all tiers; the subject is the tier's participant."""
    root = _parsed(path)
    _check_clock(path.name, root)
    faults: list[str] = []
    annotations: dict[str, Annotation] = {}
    for own in _annotations(root):
        if own.id in annotations:
            faults.append(f"{_place(own)}: expected one annotation with the id {own.id}, got two; save the file again")
        annotations[own.id] = own
    slots = _slot_times(root, [*annotations.values()], faults)
    spans = _spans(annotations, slots, faults)
    intervals = [
        Interval(
            *spans[own.id],
            own.label,
            "point" if spans[own.id][0] == spans[own.id][1] else "state",
            _place(own),
            own.subject,
            own.tier,
        )
        for own in annotations.values()
        if own.id in spans
    ]
    return Annotations(intervals, faults, tiers=[tier.get("TIER_ID", "").strip() for tier in root.iter("TIER")])


def _place(own: Annotation) -> str:
    return f"annotation {own.id} of tier {own.tier!r}"


def _parsed(path: Path) -> "Element":
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(content(path))
    except DefusedXmlException as error:
        raise ValueError(
            f"{path.name}: expected a file of ELAN, got XML that defines entities or refers to other files "
            f"({type(error).__name__}); it is not read, because such files can harm a computer; save it again in ELAN"
        ) from None
    except (ParseError, ValueError, LookupError) as error:  # ValueError, LookupError: of the declared encoding
        raise ValueError(
            f"{path.name}: expected a file of ELAN, got XML that cannot be read ({error}); the file may be cut short"
        ) from None
    if root.tag != ROOT:
        raise ValueError(f"{path.name}: expected a file of ELAN with the root {ROOT}, got {root.tag}; see format=…")
    return root


def _check_clock(file: str, root: "Element") -> None:
    header = root.find("HEADER")
    unit = "milliseconds" if header is None else header.get("TIME_UNITS", "milliseconds")
    if unit != "milliseconds":
        raise ValueError(
            f"{file}: expected times in milliseconds, got TIME_UNITS={unit!r}; save the file again in ELAN"
        )
    media = root.iter("MEDIA_DESCRIPTOR")
    shifted = [
        (_base_name(own), own.get("TIME_ORIGIN")) for own in media if own.get("TIME_ORIGIN") not in (None, "", "0")
    ]
    if shifted:
        names = validation.listed(f"{name!r} by {origin} ms" for name, origin in shifted)
        warn(
            f"{file}: the annotation's clock differs from that of the media {names}; times are on the annotation's "
            "clock, so add an offset if the signals come from one of these media"
        )


def _base_name(medium: "Element") -> str:
    return medium.get("MEDIA_URL", "").replace("\\", "/").rpartition("/")[2]


def _annotations(root: "Element") -> Iterator[Annotation]:
    dividing = {
        kind.get("LINGUISTIC_TYPE_ID")
        for kind in root.iter("LINGUISTIC_TYPE")
        if kind.get("CONSTRAINTS") == SUBDIVISION
    }
    for tier in root.iter("TIER"):
        for own in tier.iterfind("ANNOTATION/*"):
            first, last = own.get("TIME_SLOT_REF1"), own.get("TIME_SLOT_REF2")
            yield Annotation(
                own.get("ANNOTATION_ID", ""),
                (own.findtext("ANNOTATION_VALUE") or "").strip(),
                (first, last) if first is not None and last is not None else None,
                own.get("ANNOTATION_REF", ""),
                own.get("PREVIOUS_ANNOTATION", ""),
                tier.get("TIER_ID", "").strip(),
                tier.get("PARTICIPANT", "").strip(),
                tier.get("LINGUISTIC_TYPE_REF") in dividing,
            )


# --- slots


def _slot_times(root: "Element", annotations: list[Annotation], faults: list[str]) -> dict[str, float]:
    """The time (ms) of every slot. Slots without one are spread evenly between the neighbours that have one."""
    known: dict[str, float] = {}
    order = []
    for slot in root.iterfind("TIME_ORDER/TIME_SLOT"):
        name, value = slot.get("TIME_SLOT_ID", ""), slot.get("TIME_VALUE")
        order.append(name)
        if value is not None and value.strip().lstrip("-").isdecimal():
            known[name] = float(value)
        elif value is not None:
            faults.append(f"time slot {name}: expected a time in whole ms, got {value!r}; correct it")
    chains = [*_chains([own.slots for own in annotations if own.slots], known), order]
    for chain in chains:  # the last one is for slots that no tier connects with two times
        _spread(chain, known)
    return known


def _chains(pairs: list[tuple[str, str]], known: dict[str, float]) -> Iterator[list[str]]:
    """Slots that follow each other in a tier, from one with a time over those without to the next with one."""
    following = {first: last for first, last in pairs if last not in known or first not in known}
    for start in [first for first in following if first in known]:
        chain = [start]
        while (after := following.get(chain[-1])) is not None and len(chain) <= len(following):
            chain.append(after)
            if after in known:
                yield chain
                break


def _spread(chain: list[str], known: dict[str, float]) -> None:
    """Give the slots of a chain that have no time one, evenly between their neighbours."""
    timed = [i for i, name in enumerate(chain) if name in known]
    for left, right in pairwise(timed):
        if right - left == 1:
            continue
        steps = np.linspace(known[chain[left]], known[chain[right]], right - left + 1)
        known.update(zip(chain[left + 1 : right], steps[1:-1].tolist(), strict=True))


# --- times of annotations


def _spans(
    annotations: dict[str, Annotation], slots: dict[str, float], faults: list[str]
) -> dict[str, tuple[float, float]]:
    """Onset and offset (s) of the annotations, those of parents before those of their children."""
    spans: dict[str, tuple[float, float]] = {}
    for own in annotations.values():
        if own.slots and all(slot in slots for slot in own.slots):
            spans[own.id] = (slots[own.slots[0]] / 1000, slots[own.slots[1]] / 1000)
        elif own.slots:
            faults.append(
                f"{_place(own)}: expected times for its slots {' and '.join(own.slots)}, got none; correct it"
            )
    children: dict[tuple[str, str], list[Annotation]] = {}
    for own in annotations.values():
        if own.slots is None:
            children.setdefault((own.parent, own.tier), []).append(own)
    by_parent: dict[str, list[list[Annotation]]] = {}
    for (parent, _), family in children.items():
        by_parent.setdefault(parent, []).append(family)
    waiting = [*spans]
    while waiting:
        parent = waiting.pop()
        for family in by_parent.pop(parent, []):
            spans |= _shares(family, spans[parent])
            waiting += [own.id for own in family]
    lost = [
        own for own in annotations.values() if own.slots is None and own.id not in spans and own.parent in by_parent
    ]
    faults += [
        f"{_place(own)}: expected it to refer to an annotation with a time, got {own.parent!r}; correct it"
        for own in lost
    ]
    return spans


def _shares(family: list[Annotation], span: tuple[float, float]) -> dict[str, tuple[float, float]]:
    """The times of the annotations of one tier that refer to the same parent."""
    if not family[0].divides:
        return {own.id: span for own in family}
    edges = [round(edge, 6) for edge in np.linspace(*span, len(family) + 1).tolist()]
    return {own.id: (edges[i], edges[i + 1]) for i, own in enumerate(_in_order(family))}


def _in_order(family: list[Annotation]) -> list[Annotation]:
    """The annotations in the order of their chain of previous ones; as in the file if the chain is broken."""
    after = {own.previous: own for own in family}
    ordered: list[Annotation] = []
    own = after.get("")
    while own is not None and len(ordered) < len(family):
        ordered.append(own)
        own = after.get(own.id)
    return ordered if len(ordered) == len(family) else family
