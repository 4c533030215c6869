"""People whom the example monthly file of the Probation Service names too, so that an import meets them.

Copied by hand from that file (all invented), so that the demo shows what "changed" and "unchanged" look like.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Known:
    """The identity under which the monthly file lists someone."""

    borough: str
    crn: str
    pnc: str
    surname: str
    forenames: str
    birth: date
    woman: bool
    ethnicity: str
    postcode: str
    offence: str


KNOWN = (
    Known(
        "Barnet",
        "V396366",
        "2015/6033943L",
        "Khan",
        "Nicole",
        date(1991, 4, 25),
        True,
        "W2",
        "N12 7UX",
        "PWITS class B",
    ),
    Known(
        "Barnet",
        "E537922",
        "1998/1500651H",
        "Ali",
        "Connor",
        date(1979, 9, 21),
        False,
        "M1",
        "N3 6YX",
        "Assault on emergency worker",
    ),
    Known(
        "Brent", "F312547", "2015/9400058G", "O'Connor", "Yusuf", date(1998, 12, 5), False, "A9", "N2 1AN", "S.20 GBH"
    ),
    Known(
        "Barnet",
        "W687759",
        "2000/8364810J",
        "Williams",
        "Shane",
        date(1977, 9, 9),
        False,
        "M2",
        "NW4 4QR",
        "Robbery of business property",
    ),
    Known(
        "Barnet",
        "Q932014",
        "2002/7058645V",
        "Núñez",
        "Connor",
        date(1988, 10, 12),
        False,
        "W1",
        "N20 4WY",
        "Shoplifting",
    ),
    Known(
        "Barnet",
        "N724154",
        "2017/0162980K",
        "Bennett",
        "Ricardo",
        date(1992, 11, 11),
        False,
        "A3",
        "EN4 1JF",
        "S.20 GBH",
    ),
    Known(
        "Harrow", "Q813437", "2000/4567397L", "Cooper", "Jade", date(1972, 1, 10), True, "B2", "N3 8YA", "PWITS class B"
    ),
    Known(
        "Barnet",
        "K274091",
        "2008/2147269J",
        "Popescu",
        "Yusuf Jason",
        date(1983, 10, 20),
        False,
        "W9",
        "HA8 8LD",
        "Theft from the person",
    ),
    Known(
        "Barnet",
        "F921557",
        "2018/9059752E",
        "Thompson",
        "Andre",
        date(2004, 8, 22),
        False,
        "W1",
        "HA8 6GG",
        "Possession of bladed article",
    ),
    Known(
        "Barnet", "P681752", "2003/5167098F", "Chowdhury", "Dean", date(1979, 2, 26), False, "O9", "N2 8LL", "S.20 GBH"
    ),
    Known(
        "Barnet",
        "V206156",
        "2012/7336718A",
        "Young",
        "Ibrahim Marcus",
        date(1992, 4, 18),
        False,
        "B9",
        "NW2 6DY",
        "S.20 GBH",
    ),
    Known(
        "Harrow",
        "N879084",
        "2010/1736417L",
        "Fitz-Gerald",
        "Jason Kyle",
        date(1991, 8, 17),
        False,
        "W9",
        "NW9 9UD",
        "Shoplifting",
    ),
    Known(
        "Brent",
        "V943367",
        "2019/6139062G",
        "Morris",
        "Shane",
        date(1998, 10, 9),
        False,
        "O9",
        "NW2 8NA",
        "Theft from motor vehicle",
    ),
    Known(
        "Harrow",
        "B147094",
        "2024/8020750W",
        "Singh",
        "Tariq Marcus",
        date(2002, 4, 13),
        False,
        "A1",
        "EN5 2ZX",
        "Assault on emergency worker",
    ),
    Known(
        "Brent",
        "E672189",
        "2000/2832177C",
        "Williams",
        "Ricardo Dwayne",
        date(1977, 11, 24),
        False,
        "B2",
        "N12 3QD",
        "Burglary dwelling",
    ),
)
