"""The people told in depth, by the key of their `Nominal`, with the sentence that introduces each in the demo."""

from collections.abc import Mapping
from types import MappingProxyType

CAST: Mapping[str, str] = MappingProxyType(
    {
        "rudd": "A burglar of 24, care leaver, released on Friday and homeless",
        "pryce": "A domestic-abuse perpetrator of 38 with an exclusion zone, and an officer of the same surname",
        "keating": "A woman of 31, shop theft and heroin: partners see that she is engaging, never the diagnosis",
        "warsame": "He turned 18 this week: what was written of a child keeps its youth label",
        "hylton": "A man of 45, two years clean and due to be de-selected",
        "mensah-november": "Daniel Mensah, born in November, nearly taken for another of that name",
        "mensah-march": "Daniel Mensah, born in March, whose note stood on another man's record",
        "strickland": "A man of 33 in custody who comes out next week, with a room and a lift still to be found",
    }
)
CURIOUS = "pryce"
"""The staff key of the officer who shares a surname with a nominal and is assigned to no case."""
