"""The Probation Service's codes and the words of the agreement's fields that they stand for."""

from collections.abc import Mapping

from portal.sharing.importing.cells import BadCell, Kind, quoted

GENDERS: Mapping[str, str] = {
    "m": "Male",
    "male": "Male",
    "f": "Female",
    "female": "Female",
    "x": "Non-binary",
    "non-binary": "Non-binary",
    "u": "Not known",
    "not known": "Not known",
    "unknown": "Not known",
}

ETHNICITIES: Mapping[str, str] = {
    "A1": "Asian or Asian British: Indian",
    "A2": "Asian or Asian British: Pakistani",
    "A3": "Asian or Asian British: Bangladeshi",
    "A4": "Asian or Asian British: Chinese",
    "A9": "Asian or Asian British: any other",
    "B1": "Black or Black British: Caribbean",
    "B2": "Black or Black British: African",
    "B9": "Black or Black British: any other",
    "M1": "Mixed: White and Black Caribbean",
    "M2": "Mixed: White and Black African",
    "M3": "Mixed: White and Asian",
    "M9": "Mixed: any other",
    "O1": "Chinese",
    "O2": "Arab",
    "O9": "Any other ethnic group",
    "W1": "White: British",
    "W2": "White: Irish",
    "W3": "White: Gypsy or Irish Traveller",
    "W4": "White: Roma",
    "W9": "White: any other",
    "NS": "Not stated",
}
"""Self-defined ethnicity, the 16+1 codes of the criminal-justice agencies with the additions of 2011 and 2021."""

ROSH: Mapping[str, str] = {
    "low": "Low",
    "l": "Low",
    "medium": "Medium",
    "med": "Medium",
    "m": "Medium",
    "high": "High",
    "h": "High",
    "very high": "Very high",
    "v high": "Very high",
    "vhigh": "Very high",
    "vh": "Very high",
}

YES_NO: Mapping[str, str] = {
    "y": "Yes",
    "yes": "Yes",
    "true": "Yes",
    "1": "Yes",
    "n": "No",
    "no": "No",
    "false": "No",
    "0": "No",
}

MAPPA_LEVELS: Mapping[str, str] = {
    **{f"{before}{level}": "Yes" for level in "123" for before in ("", "level ", "l")},
    **dict.fromkeys(("0", "n", "no", "none"), ""),
}
"""The agreement shares the flag only, never the level; no level says nothing, so no flag is set."""

NO_ADDRESS = "No fixed abode"
NO_ADDRESS_WORDS = frozenset(
    {"nfa", "n.f.a.", "no fixed abode", "no fixed address", "homeless", "rough sleeping", "rough sleeper"}
)

BANDS: Mapping[str, tuple[tuple[int, str], ...]] = {
    "OVP": ((80, "Very high"), (60, "High"), (30, "Medium"), (0, "Low")),
    "OGRS3": ((90, "Very high"), (75, "High"), (50, "Medium"), (0, "Low")),
}
"""HMPPS's bands of the two-year figure, from the top: violent reoffending (OVP), all reoffending (OGRS3)."""

_PRIORITIES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("coercive", "domestic"), "Domestic abuse"),
    (("burglary",), "Burglary"),
    (("robbery",), "Robbery"),
    (("bladed", "knife", "pointed article", "offensive weapon"), "Knife carrying"),
    (("pwits", "intent to supply"), "Possession with intent to supply"),
    (("vehicle",), "Motor-vehicle crime"),
    (("gbh", "abh", "wounding", "grievous", "actual bodily", "assault on emergency worker"), "Violence with injury"),
)


def band(predictor: str, value: int) -> str:
    """The band of a two-year score from 0 to 100."""
    return next(words for least, words in BANDS[predictor] if value >= least)


def priority(offence: str, domestic: bool) -> str | None:
    """The local priority crime a referral is made under: Other where it is none of them, None without an offence.

    What probation says of the person (domestic abuse) goes before what the index offence suggests.
    """
    if domestic:
        return "Domestic abuse"
    plain = offence.casefold()
    found = (words for marks, words in _PRIORITIES if any(mark in plain for mark in marks))
    return next(found, "Other") if plain.strip() else None


def choice(words: Mapping[str, str], text: str) -> str:
    """The value a code or word stands for. Raises BadCell naming every word that would do."""
    found = words.get(text.casefold())
    if found is None:
        offered = ", ".join(dict.fromkeys(words.values()))
        raise BadCell(Kind.CHOICE, f"{quoted(text)} is not one of the choices.", f"Write one of: {offered}.")
    return found


def mappa(text: str) -> str:
    """Yes for a level from 1 to 3, blank for words that say there is none."""
    if (found := MAPPA_LEVELS.get(text.casefold())) is None:
        raise BadCell(Kind.CHOICE, f"{quoted(text)} is not a MAPPA level.", "Write 1, 2 or 3, or leave it blank.")
    return found


def ethnicity(text: str) -> str:
    """The words of an ethnicity code; words already written out stay as written."""
    if found := ETHNICITIES.get(text.upper()):
        return found
    if len(text) <= 2:
        raise BadCell(Kind.CHOICE, f"{quoted(text)} is not an ethnicity code.", "Write a 16+1 code such as W1, or NS.")
    return text


def borough(text: str, served: Mapping[str, str]) -> str:
    """The borough as its agreement names it. `served` maps `plain_borough(name)` to the name.

    Raises BadCell naming the boroughs served; the row belongs to no agreement here, so nobody here may hold it.
    """
    found = served.get(plain_borough(text))
    if found is None:
        names = ", ".join(sorted(served.values()))
        message = f"{quoted(text)} is not a borough served here." if text else "There is no local authority."
        kind = Kind.CHOICE if text else Kind.MISSING
        raise BadCell(kind, message, f"Send the row to its own borough, or correct it: {names}.")
    return found


def plain_borough(text: str) -> str:
    """A borough's name without the words around it: “London Borough of Barnet” and “LB Barnet” are “barnet”."""
    words = text.casefold().replace(",", " ").split()
    return " ".join(word for word in words if word not in {"london", "royal", "borough", "of", "lb", "council", "the"})
