"""The day of release: what is to be arranged for it, by whom it may be, and whether it is. Pure; opens nothing."""

from collections.abc import Collection, Mapping
from typing import Literal

from portal.sharing.sight import READ, Sight

CUSTODY = "custody"
THINGS: Mapping[str, tuple[str, ...]] = {
    "address": ("release_address",),
    "appointment": ("release_appointment",),
    "prescription": ("release_medicine", "release_treatment"),
    "travel": ("release_travel",),
}
"""What is arranged → the kinds of record that say so, in the order in which a page asks."""
KINDS = tuple(kind for kinds in THINGS.values() for kind in kinds)
ARRANGED, NOT_ARRANGED, NOT_NEEDED = "Arranged", "Not arranged", "Not needed"
"""The choices of the field `state`."""

State = Literal["arranged", "open", "nobody", "not_needed", "unknown"]
GAPS: frozenset[State] = frozenset({"open", "nobody"})


def judged(stated: Mapping[str, Collection[str]], complete: bool) -> State:
    """How one thing stands: `stated` is what readable records say, by kind; `complete`: no other may exist that this
    reader may not read. Of one kind it is enough that one party has arranged it; another kind is another thing to get.

    Without `complete` it is never said that nobody arranges it: it might be false, and it would tell (clause 8.35).
    """
    each = [ARRANGED if ARRANGED in said else _worst(said) for said in stated.values() if said]
    if NOT_ARRANGED in each:
        return "open"
    if ARRANGED in each:
        return "arranged"
    if each:
        return "not_needed"
    return "nobody" if complete else "unknown"


def _worst(said: Collection[str]) -> str:
    """A record that does not say how it stands counts as not arranged."""
    return NOT_NEEDED if all(state == NOT_NEEDED for state in said) else NOT_ARRANGED


def reads_all(seen: Sight, kinds: Collection[str], signed: frozenset[str] | None, youth: bool | None) -> bool:
    """Whether every party that could arrange it, having signed, could only do so in a record that this reader reads.
    `youth`: the label that a record of this person gets now."""
    fields = (seen.agreement.fields[f"{kind}.state"] for kind in kinds)
    owners = ((f.key, owner) for f in fields for owner in f.owners if signed is None or owner in signed)
    return all(seen.decide(READ, key, owner, youth).permit for key, owner in owners)
