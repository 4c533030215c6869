"""One row of a probation file, cell by cell, gathering every problem and note on the way."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import TypeVar

from portal.keys.index_tags import mixes_scripts
from portal.sharing import typed
from portal.sharing.days import age
from portal.sharing.fields import LOOK_ALIKE
from portal.sharing.importing import cells, words
from portal.sharing.importing.accepted import Accepted, Note, Problem
from portal.sharing.importing.cells import BadCell, Kind
from portal.sharing.importing.columns import Column, Header
from portal.sharing.importing.sheet import Row

T = TypeVar("T")

_LEGACY = {"OGRS3": (Column.OGRS3_1, Column.OGRS3_2), "OVP": (Column.OVP_1, Column.OVP_2)}
_FILL_IN = "Fill it in from the probation record."


class RowReader:
    """Reads one row once. After `read`: its problems, its notes, and the keys (CRN, PNC ID) that could be read."""

    def __init__(self, row: Row, header: Header, today: date) -> None:
        self.row = row
        self.problems: list[Problem] = []
        self.notes: list[Note] = []
        self.keys: dict[Column, str] = {}
        self.day_first = 0
        """Dates whose day is past the twelfth: they show that the file is not month first."""
        self._header = header
        self._today = today

    def read(self, served: Mapping[str, str]) -> Accepted | None:
        """The row in the agreement's words, or None if anything is wrong with it. `served` as in `words.borough`."""
        self._check_width()
        borough = self._take(Column.AUTHORITY, partial(words.borough, served=served), blank=True)
        person, born = self._person()
        accepted = Accepted(
            row=self.row.number,
            borough=borough or "",
            person=person,
            identifiers=self._identifiers(born),
            equality=_kept(ethnicity=self._take(Column.ETHNICITY, words.ethnicity)),
            sentence=(sentence := self._sentence(born)),
            sentence_summary=_summary(sentence),
            scores=(scores := self._scores())[0],
            bands=scores[1],
            mappa=_kept(flag=self._take(Column.MAPPA, words.mappa)),
            assignment=self._practitioner(),
            referral=self._referral(),
            unplaced=self._unplaced(),
        )
        return None if self.problems else accepted

    def plain(self, column: Column) -> str:
        """A cell for comparing: as written but for white space and case; blank where the column is not there."""
        return " ".join(self._cell(column).casefold().split())

    def _cell(self, column: Column) -> str:
        place = self._header.positions.get(column)
        return self.row.cells[place] if place is not None and place < len(self.row.cells) else ""

    def _wrong(self, column: Column | None, kind: Kind, message: str, remedy: str) -> None:
        self.problems.append(Problem(self.row.number, column, kind, message, remedy))

    def _note(self, column: Column, message: str) -> None:
        self.notes.append(Note(self.row.number, column, message))

    def _take(self, column: Column, reader: Callable[[str], T], blank: bool = False) -> T | None:
        """What the cell says; None when nothing is stated (unless `blank`: the reader judges) or it is wrong."""
        try:
            if self._header.positions.get(column) in self.row.formulas:
                raise BadCell(Kind.FORMULA, "The cell holds a formula.", "Copy the column and paste it as values.")
            text = cells.clean(self._cell(column))
            return reader(text) if blank or text.casefold() not in typed.NOT_STATED else None
        except BadCell as bad:
            self._wrong(column, bad.kind, bad.message, bad.remedy)
            return None

    def _check_width(self) -> None:
        """An address with a comma but no quotation marks pushes every later cell one column on."""
        if any(cell.strip() for cell in self.row.cells[len(self._header.cells) :]):
            message = "The row has more cells than there are headings."
            self._wrong(None, Kind.FORMAT, message, "Put quotation marks around a cell that holds a comma.")

    def _missing(self, column: Column) -> bool:
        """Whether a cell states nothing; a wrong one is not missing, it has its own problem."""
        return self.plain(column) in typed.NOT_STATED

    def _day(self, column: Column, past: bool = False) -> date | None:
        found = self._take(column, cells.day)
        if found and found.day > 12:
            self.day_first += 1
        if found and past and found > self._today:
            self._wrong(column, Kind.IMPOSSIBLE, f"{found:%d/%m/%Y} is in the future.", "Correct the date.")
            return None
        return found

    def _person(self) -> tuple[dict[str, str], date | None]:
        surname = self._take(Column.SURNAME, cells.name, blank=True)
        forename = self._take(Column.FORENAME, cells.name)
        for column, text in ((Column.SURNAME, surname), (Column.FORENAME, forename)):
            if mixes_scripts(text or ""):
                self._note(column, f"{column} {LOOK_ALIKE}")
        if self._missing(Column.FORENAME):
            self._note(Column.FORENAME, "No forename: kept under the surname alone.")
        born = self._day(Column.BORN, past=True)
        if self._missing(Column.BORN):
            self._wrong(Column.BORN, Kind.MISSING, "There is no date of birth.", _FILL_IN)
        if born:
            self._check_age(born)
        address = self._take(Column.ADDRESS, str)
        if address and address.casefold() in words.NO_ADDRESS_WORDS:
            address = words.NO_ADDRESS
        return _kept(
            surname=surname,
            forename=forename,
            date_of_birth=_iso(born),
            gender=self._take(Column.GENDER, partial(words.choice, words.GENDERS)),
            address=address,
            postcode=self._take(Column.POSTCODE, cells.postcode),
        ), born

    def _check_age(self, born: date) -> None:
        """An age that nobody here can have is refused. Eighteen: the adult criteria."""
        years = age(born, self._today)
        if typed.impossible_age(born, self._today) is not None:
            self._wrong(Column.BORN, Kind.IMPOSSIBLE, f"The person would be {years}.", "Correct the date.")
        elif years < 18:
            self._note(Column.BORN, f"Is {years}: the youth criteria apply, not the adult ones.")
        elif years > 100:
            self._note(Column.BORN, f"Is {years}: check the year of birth.")

    def _identifiers(self, born: date | None) -> dict[str, str]:
        crn = self._take(Column.CRN, cells.crn)
        if self._missing(Column.CRN):
            self._wrong(Column.CRN, Kind.MISSING, "There is no CRN.", _FILL_IN)
        pnc = self._take(Column.PNC, partial(cells.pnc, today=self._today))
        if self._missing(Column.PNC):
            self._note(Column.PNC, "No PNC ID: the person is matched by CRN alone.")
        if pnc and pnc != self._cell(Column.PNC).strip():
            self._note(Column.PNC, f"The PNC ID is kept in full as {pnc}.")
        if pnc and born and int(pnc[:4]) < born.year + 10:
            self._note(Column.PNC, "The PNC ID is older than the person's tenth year: check whose it is.")
        found = _kept(crn=crn, pnc=pnc)
        self.keys = {column: value for column, value in ((Column.CRN, crn), (Column.PNC, pnc)) if value}
        return found

    def _sentence(self, born: date | None) -> dict[str, str]:
        kind = self._take(Column.SENTENCE, str)
        offence = self._take(Column.OFFENCE, str)
        start, end = self._day(Column.START), self._day(Column.END)
        licence_end = self._day(Column.LICENCE_END)
        offence_date = self._day(Column.OFFENCE_DATE, past=True)
        for column, ends in ((Column.END, end), (Column.LICENCE_END, licence_end)):
            if start and ends and ends < start:
                message = f"{ends:%d/%m/%Y} is before the sentence starts ({start:%d/%m/%Y})."
                self._wrong(column, Kind.IMPOSSIBLE, message, "Correct one of the two dates.")
        for column, event in ((Column.START, start), (Column.OFFENCE_DATE, offence_date)):
            if born and event and event < born:
                self._wrong(
                    column, Kind.IMPOSSIBLE, "The date is before the person was born.", "Correct one of the two."
                )
        if start and start > self._today:
            self._note(Column.START, "The sentence has not started yet.")
        if start and offence_date and offence_date > start:
            self._note(Column.OFFENCE_DATE, "The offence is dated after the sentence starts.")
        if self._missing(Column.SENTENCE) and (start or end or licence_end):
            self._wrong(Column.SENTENCE, Kind.MISSING, "The sentence has dates but no type.", _FILL_IN)
        return _kept(
            type=kind,
            start=_iso(start),
            end=_iso(end),
            licence_end=_iso(licence_end),
            index_offence=offence,
            offence_date=_iso(offence_date),
        )

    def _scores(self) -> tuple[tuple[dict[str, str], ...], tuple[dict[str, str], ...]]:
        """Score records, one for each figure, and the bands that partners without the figures may see.

        OGRS3 and OVP are marked legacy: HMPPS now has successors. The band is of the two-year figure, as HMPPS's is.
        """
        assessed = self._day(Column.OASYS_DATE, past=True)
        when = _iso(assessed)
        scores: list[dict[str, str]] = []
        bands: list[dict[str, str]] = []
        for predictor, columns in _LEGACY.items():
            one, two = self._pair(predictor, *columns)
            for version, value in (("legacy, 1 year", one), ("legacy, 2 years", two)):
                if value is not None:
                    scores.append(_score(predictor, version, str(value), when))
            if two is not None:
                bands.append({"predictor": predictor, "band": words.band(predictor, two), "assessed_on": when})
        if rosh := self._rosh():
            scores.append(_score("RoSH", "OASys", rosh, when))
            bands.append({"predictor": "RoSH", "band": rosh, "assessed_on": when})
        if scores and self._missing(Column.OASYS_DATE):
            self._wrong(Column.OASYS_DATE, Kind.MISSING, "There are scores but no OASys date.", _FILL_IN)
        return tuple(scores), tuple(bands)

    def _pair(self, predictor: str, first: Column, second: Column) -> tuple[int | None, int | None]:
        before = len(self.problems)
        one, two = self._take(first, cells.score), self._take(second, cells.score)
        if one is not None and two is not None and one > two:
            message = f"{one} within one year is more than {two} within two."
            self._wrong(first, Kind.IMPOSSIBLE, message, "Correct the scores; they may have changed places.")
        elif two is None and len(self.problems) == before:
            self._note(
                second, f"{predictor}: not scored. No {predictor} band is kept; criteria that ask for it are not known."
            )
        return one, two

    def _rosh(self) -> str | None:
        if self.plain(Column.ROSH) in cells.NOT_SCORED:
            self._note(Column.ROSH, "RoSH: not assessed.")
            return None
        return self._take(Column.ROSH, partial(words.choice, words.ROSH))

    def _referral(self) -> dict[str, str]:
        """The referral repeats no score, offence or flag: selection data is read by more parties than those are."""
        domestic = self._take(Column.DOMESTIC, partial(words.choice, words.YES_NO)) == "Yes"
        return _kept(
            reason="Monthly referral from the Probation Service",
            source="Probation Service monthly file",
            referred_on=self._today.isoformat(),
            outcome="Waiting",
            priority_crime=words.priority(self._cell(Column.OFFENCE), domestic),
        )

    def _practitioner(self) -> dict[str, str]:
        practitioner = self._take(Column.PRACTITIONER, str)
        if not practitioner or practitioner.casefold() == "unallocated":
            return {}
        return {"practitioner": practitioner, "role": "Probation practitioner"}

    def _unplaced(self) -> dict[str, str]:
        return _kept(**{Column.CARE.value: self._take(Column.CARE, str)})


def _summary(sentence: Mapping[str, str]) -> dict[str, str]:
    """“Licence, until 6 January 2028”: the offence, which a summary might name too, is left to the full record."""
    if "type" not in sentence or "end" not in sentence:
        return {"text": sentence["type"]} if "type" in sentence else {}
    end = date.fromisoformat(sentence["end"])
    return {"text": f"{sentence['type']}, until {end.day} {end:%B %Y}"}


def _score(predictor: str, version: str, value: str, when: str) -> dict[str, str]:
    return {"predictor": predictor, "version": version, "value": value, "assessed_on": when, "source": "OASys"}


def _kept(**values: str | None) -> dict[str, str]:
    """The values there are: a blank one is left out."""
    return {name: value for name, value in values.items() if value}


def _iso(found: date | None) -> str:
    return found.isoformat() if found else ""
