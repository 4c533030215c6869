"""Numbers that look right and belong to nobody: PNC, CRN, NOMIS, telephones.

All are functions of a whole number, so that two people never share one, at any size.
"""

from portal.keys.index_tags import check_letter

_CRN = "BDEFGHJKNPQVWX"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def pnc(number: int, year: int) -> str:
    """The PNC id of the `number`th person, first entered in `year`: "2015/6033943L". Distinct below 10,000,000."""
    serial = (number * 7_368_787 + 1_204_513) % 10_000_000
    return f"{year:04d}/{serial:07d}{check_letter(year, serial)}"


def crn(number: int) -> str:
    """The probation case reference of the `number`th person: "V396366". Distinct below 14,000,000."""
    mixed = (number * 5_237_941 + 3_108_727) % (len(_CRN) * 1_000_000)
    return f"{_CRN[mixed // 1_000_000]}{mixed % 1_000_000:06d}"


def nomis(number: int) -> str:
    """The prison number of the `number`th person: "A4821EK". Distinct below 5,000,000."""
    mixed = (number * 2_746_693 + 1_918_277) % 5_760_000
    tail, digits = divmod(mixed, 10_000)
    return f"A{digits:04d}{_LETTERS[tail // 24]}{_LETTERS[tail % 24]}"


def mobile(number: int) -> str:
    """A mobile number of the thousand that Ofcom keeps for drama (07700 900000 to 900999)."""
    return f"07700 900{(number * 367 + 41) % 1000:03d}"


def landline(number: int) -> str:
    """A London number of the thousand that Ofcom keeps for drama (020 7946 0000 to 0999)."""
    return f"020 7946 0{(number * 389 + 113) % 1000:03d}"
