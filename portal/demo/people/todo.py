"""What is to be done about the people around the told ones: a few actions each, overdue, ahead or done."""

from random import Random

from portal.demo.people import vocabulary as v
from portal.demo.people.casebook import Casebook
from portal.demo.people.profile import Profile
from portal.demo.people.stories.tasks import Task, write
from portal.demo.people.voices.lines import Slots

_BY_KIND = {
    "probation": (
        ("behaviour", "Ask {him} for the new tenancy papers at the next appointment."),
        ("behaviour", "Ring {Relative} about {weekday}, {he} did not pick up."),
        ("sentence", "Send the enforcement letter for the appointment on {weekday}."),
        ("behaviour", "Book the room at {office} for the three-way on {weekday}."),
        ("behaviour", "Read the last three weeks to {him} and write down what {he} says."),
    ),
    "police": (
        ("behaviour", "Call at the address one evening this week and say hello."),
        ("behaviour", "Show {his} picture at the briefing, the one from {month}."),
        ("behaviour", "Ask the {place} shops whether they have seen {him}."),
    ),
    "housing": (
        ("housing", "Ring {hostel} about a bed from {weekday}."),
        ("housing", "Chase the duty to refer, sent in {month}."),
    ),
}
_ASKED = (
    "Say by {weekday} whether there is anything before the panel.",
    "Tell us how {he} was when you last saw {him}.",
    "Come to the meeting at {office} on {weekday}.",
)
_CAME = (
    "Done, {he} was polite about it.",
    "Done by phone.",
    "Spoke to {Relative} instead. Sorted.",
    "Sent on {weekday}.",
)


def to_do(book: Casebook, p: Profile) -> None:
    """Actions on an open case, by chance of its own: the rest of the telling is as it would be without."""
    rng = Random(p.number)  # noqa: S311 — invention, not secrecy
    if p.state in (v.DESELECTED, v.REFERRED) or p.opened < 30 or rng.random() > 0.6:
        return
    words = Slots(rng, p.words)
    lead = "youth_justice" if "Youth" in p.sentence else "probation"
    for _ in range(rng.randrange(1, 4)):
        kind = rng.choice(
            [k for k in (lead, "police", *("housing" for w in p.pathways if w == v.ACCOMMODATION)) if k in p.team]
        )
        label, text = rng.choice(_BY_KIND.get(kind, _BY_KIND["police"]))
        by, back, due = p.worker(kind), rng.randrange(3, 20), rng.randrange(-12, 9)
        to, other = by, p.worker("police" if kind != "police" else lead)
        if label == "behaviour" and rng.random() < 0.25:
            text, to = rng.choice(_ASKED), book.party_of(other)
        closed = rng.randrange(1, back) if rng.random() < 0.35 else 0
        who = by if to == by else other
        outcome = rng.choice(_CAME).format_map(words) if closed else ""
        write(book, Task(back, by, label, to, min(due, back), text.format_map(words), closed, who, outcome))
