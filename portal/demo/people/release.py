"""Custody and the day of release of the people around the told ones: who holds them, and what is arranged or is not."""

from collections.abc import Mapping
from random import Random

from portal.demo.people import staff
from portal.demo.people import vocabulary as v
from portal.demo.people.casebook import Casebook
from portal.demo.people.profile import Profile
from portal.demo.people.voices.lines import Slots

_HELD = {"Remand": "Remand", "Recalled on licence": "Recall"}
_SOON = 30  # days before release that the day is talked about
_ADDRESS = {
    "Arranged": (
        "Room at {hostel} from noon, keys at the desk.",
        "Back to {relative}, checked by phone and in person.",
    ),
    "Not arranged": ("Two refusals so far. {hostel} answers by {weekday}.", "Duty to refer sent, no offer yet."),
}
_APPOINTMENT = (
    "{office}, by 14:00 on the day. Bring the discharge papers.",
    "{office} reception, then the drug worker.",
)
_TRAVEL = ("Met at the gate by car.", "Travel warrant to the station, somebody waits there.")
_SCRIPT = ("Supervised at the chemist by the station from the same day.", "Bridging script to {weekday}, then clinic.")


def gate(book: Casebook, p: Profile) -> None:
    """By a chance of its own: the rest of the telling is as it would be without."""
    if p.state != v.IN_CUSTODY or "Youth" in p.sentence:
        return
    rng = Random(f"{book.reference} release")  # noqa: S311 invented people need no secrets
    words = Slots(rng, p.words)
    out = "" if p.sentence == "Remand" or p.released is None else book.day(p.released).isoformat()
    book.add(
        book.ago(p.inside, "11:40"), p.worker("prisons"), "custody", prison=f"HMP {words['prison']}",
        held_as=_HELD.get(p.sentence, "Sentence"), since=book.on(p.inside).isoformat(), release_on=out,
    )  # fmt: skip
    if not out or p.released is None or p.released < -_SOON:
        return
    _say(book, p, rng, "release_address", "housing" if "housing" in p.team else "probation", _ADDRESS)
    _say(book, p, rng, "release_appointment", "probation", {"Arranged": _APPOINTMENT})
    _say(book, p, rng, "release_travel", rng.choice(("police", "prisons")), {"Arranged": _TRAVEL})
    if {v.DRUGS, v.ALCOHOL} & set(p.pathways):
        _say(book, p, rng, "release_treatment", "substance", {"Arranged": _SCRIPT})


def _say(book: Casebook, p: Profile, rng: Random, kind: str, by: str, words: Mapping[str, tuple[str, ...]]) -> None:
    """One thing: arranged, said not to be, or said by nobody."""
    state = rng.choice(("Arranged", "Arranged", "Not arranged", ""))
    if not state or by not in p.team:
        return
    author = p.worker(by)
    detail = rng.choice(words[state]).format_map(Slots(rng, p.words)) if state in words else ""
    book.add(
        book.ago(rng.randrange(1, min(9, p.inside) + 1), "15:50"), author, kind, state=state,
        who=staff.by_key()[author].name, detail=detail,
    )  # fmt: skip
