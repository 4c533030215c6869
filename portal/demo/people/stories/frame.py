"""What every told case begins with: the forms of the first day, so that a story can go straight to the story."""

from portal.demo.people import numbers
from portal.demo.people.casebook import Casebook

_BANDS = {"OVP": (30, 60, 80), "OGRS3": (50, 75, 90)}


def identify(book: Casebook, back: int, by: str, *, entered: int, prison: bool, **person: str) -> int:
    """Who this is, with PNC, CRN and prison number `back` days ago; returns the handle of the person record."""
    handle = book.add(book.ago(back, "09:10"), by, "person", date_of_birth=book.birth.isoformat(), **person)
    book.add(book.ago(back, "09:14"), "walsh", "identifiers", pnc=numbers.pnc(book.number, entered))
    book.add(book.ago(back, "09:16"), "okonkwo", "identifiers", crn=numbers.crn(book.number))
    if prison:
        book.add(book.ago(back, "11:48"), "whitmore", "identifiers", nomis=numbers.nomis(book.number))
    return handle


def score(book: Casebook, back: int, by: str, ovp: int, ogrs3: int, rosh: str = "") -> None:
    """The OASys scores of a day, each with its band."""
    at = book.ago(back, "10:25")
    on = at.date().isoformat()
    for predictor, value in (("OVP", ovp), ("OGRS3", ogrs3)):
        band = ("Low", "Medium", "High", "Very high")[sum(value >= limit for limit in _BANDS[predictor])]
        book.add(
            at, by, "score", predictor=predictor, version="OASys legacy", value=str(value), assessed_on=on,
            source="OASys",
        )  # fmt: skip
        book.add(at, by, "score_band", predictor=predictor, band=band, assessed_on=on)
    if rosh:
        book.add(at, by, "score_band", predictor="RoSH", band=rosh, assessed_on=on)


def consent(book: Casebook, back: int, by: str, label: str, note: str, ground: str = "Consent") -> int:
    """The basis on which a service lets partners know of engagement; returns its handle, for a withdrawal."""
    at = book.ago(back, "11:15")
    return book.add(at, by, "basis", label=label, ground=ground, given_on=at.date().isoformat(), note=note)


def refer(book: Casebook, back: int, crime: str, reason: str, source: str, outcome: str) -> None:
    """The referral as the coordinator keeps it, accepted by the panel five days on."""
    at = book.ago(back, "09:35")
    handle = book.add(
        at, "rahman", "referral", reason=reason, priority_crime=crime, referred_on=at.date().isoformat(), source=source,
        outcome="Waiting",
    )  # fmt: skip
    book.edit(handle, book.ago(back - 5, "12:45"), "rahman", outcome="Accepted", outcome_reason=outcome)
