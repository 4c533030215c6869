"""The three boroughs: their parties by kind, invented streets under right postcodes, and places people speak of."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Borough:
    """What a story needs to know of a borough. `parties` maps a party kind to the party's id in the agreement."""

    name: str
    agreement: str
    prefix: str
    parties: Mapping[str, str]
    postcodes: tuple[str, ...]
    streets: tuple[str, ...]
    places: tuple[str, ...]
    hostels: tuple[str, ...]
    court: str
    probation_office: str
    housing_office: str


def _parties(council: str, trust: str) -> Mapping[str, str]:
    own = {kind: f"{council}_{party}" for kind, party in _OWN.items()}
    return MappingProxyType({kind: kind for kind in _LONDON} | own | {"health": trust})


_LONDON = ("police", "probation", "prisons", "dwp", "mopac")
_OWN = {
    "council": "safety",
    "housing": "housing",
    "children": "children",
    "adult_care": "adults",
    "youth_justice": "youth",
    "substance": "recovery",
    "voluntary": "bridges",
}

BARNET = Borough(
    name="Barnet",
    agreement="barnet-iom",
    prefix="BN",
    parties=_parties("barnet", "ntmh"),
    postcodes=("N2", "N3", "N11", "N12", "N20", "NW2", "NW4", "NW7", "NW9", "NW11", "HA8", "EN4", "EN5"),
    streets=(
        "Fenwick Rise", "Harebell Close", "Old Brickfield Lane", "Larkmead Way", "Silverdale Walk", "Tannery Court",
        "Copperbeech Drive", "Wickham Terrace", "St Osyth's Gardens", "Marlpit Road", "Aerodrome Mews",
        "Hallswick Avenue", "Dollisbrook Crescent", "Quernmore Street", "Penniwell Path", "Ashcombe House Lane",
    ),
    places=(
        "Burnt Oak Broadway", "Brent Cross bus station", "Ballards Lane", "Grahame Park concourse", "Cricklewood Lane",
        "North Finchley tally-ho", "Edgware station", "the Spires in High Barnet", "Colindale Avenue",
        "Mill Hill Broadway",
        "Finchley Central", "the parade at West Hendon", "Golders Green bus garage", "Whetstone High Road",
    ),
    hostels=("Rowan House", "Elm Lodge", "the Crescent project"),
    court="Willesden Mags",
    probation_office="Hendon probation",
    housing_office="Barnet Homes",
)  # fmt: skip

BRENT = Borough(
    name="Brent",
    agreement="brent-iom",
    prefix="BR",
    parties=_parties("brent", "wlmh"),
    postcodes=("NW2", "NW6", "NW10", "HA0", "HA9"),
    streets=(
        "Carrow Lane", "Stonebow Gardens", "Olympia Way Mews", "Harlesfield Road", "Tubbs Mill Close", "Alder Rise",
        "Welbeck Parade", "Neasham Street", "Chapel End Walk", "Brookhurst Avenue", "Sudley Crescent",
    ),
    places=(
        "Harlesden High Street", "Wembley Central", "Kilburn High Road", "Church End", "Willesden Green station",
        "Neasden shopping parade", "Ealing Road", "St Raph's", "South Kilburn", "Chalkhill",
    ),
    hostels=("Pound House", "Livingstone Court", "the Tavern Lane scheme"),
    court="Willesden Mags",
    probation_office="Wembley probation",
    housing_office="Brent Housing Needs",
)  # fmt: skip

HARROW = Borough(
    name="Harrow",
    agreement="harrow-iom",
    prefix="HR",
    parties=_parties("harrow", "wlmh"),
    postcodes=("HA1", "HA2", "HA3", "HA5", "HA7"),
    streets=(
        "Bessborough Close", "Headstone Copse", "Grimsditch Way", "Pinnerwood Lane", "Kentonbrook Road",
        "Orchard Byway", "Roxley Gardens", "Belmore Terrace", "Weald Cottages", "Lowick Avenue",
    ),
    places=(
        "Wealdstone High Street", "Harrow bus station", "St Ann's Road", "Rayners Lane", "South Harrow market",
        "Harrow Weald rec", "Byron Park", "Stanmore station car park", "Northolt Road",
    ),
    hostels=("Atlee House", "the Sheepcote project"),
    court="Uxbridge Mags",
    probation_office="Harrow probation",
    housing_office="Harrow Housing Needs",
)  # fmt: skip

BOROUGHS = (BARNET, BRENT, HARROW)
