"""Whether a name in an instruction is that of a place: by what it is called, what follows it, or because it is known.

A short list, for the boroughs here and what lies around. Another place is written with what it is: “Slough station”.
"""

import re

_SORTS = (
    "road|street|avenue|lane|close|drive|way|gardens|garden|terrace|crescent|court|house|rise|grove|place|mews|hill|walk"
    "|square|row|rd|st|ave|broadway|parade|circus|bridge|cross|common|green|park|town|village|estate|centre|center|market"
    "|station|stop|school|college|university|nursery|academy|playground|hospital|surgery|clinic|pharmacy|library|museum"
    "|church|mosque|temple|synagogue|cemetery|chapel|theatre|cinema|stadium|arena|gym|pool|pub|bar|club|hotel|hostel|shop"
    "|store|supermarket|mall|restaurant|cafe|office|building|tower|block|hall|prison|airport|heath|wood|woods|farm|field"
    "|canal|river|lake|reservoir|marsh|island|borough|district|area|line|motorway|roundabout|premises|north|south|east"
    "|west|upper|lower|high|saint|site|works|depot|garage|port|quay|wharf|gate|end|corner|side|vale"
)
_BEFORE = (
    "tube|underground|railway|train|bus|bowling|shopping|leisure|sports|community|youth|primary|secondary|health|retail"
    "|industrial|housing|town|city|council|job|high|civic|medical|petrol|police|fire|car|licensed"
)
_KNOWN = (
    "barnet|brent|harrow"
    "|hendon|finchley|colindale|edgware|cricklewood|burroughs|whetstone|totteridge|friern|arkley|osidge|hadley|childs"
    "|wembley|willesden|kilburn|neasden|harlesden|kingsbury|kenton|kensal|dollis|stonebridge|alperton|sudbury|dudden"
    "|tokyngton|queensbury|roxeth|pinner|stanmore|wealdstone|hatch|rayners|canons|chalkhill|fryent|headstone|roxbourne|burnt|golders|mill"
    "|london|camden|islington|haringey|enfield|hackney|ealing|hillingdon|hounslow|westminster|kensington|hammersmith"
    "|fulham|lambeth|southwark|lewisham|greenwich|bexley|bromley|croydon|richmond|wandsworth|newham|redbridge|havering"
    "|barking|dagenham|tottenham|edmonton|archway|highgate|muswell|hornsey|holloway|finsbury|stratford|ilford|romford"
    "|brixton|peckham|camberwell|deptford|woolwich|tooting|balham|clapham|battersea|putney|wimbledon|acton|southall"
    "|uxbridge|ruislip|northolt|greenford|hanwell|brentford|twickenham|watford|bushey|borehamwood|elstree|radlett"
    "|hertfordshire|middlesex|euston|paddington|marylebone|soho|mayfair|shoreditch|bethnal|whitechapel|hampstead|maida"
    "|tesco|sainsbury|asda|lidl|aldi|waitrose|morrisons|argos|primark|boots|greggs|nando|wetherspoon|domino|starbucks"
    "|facebook|instagram|snapchat|tiktok|whatsapp|twitter|youtube|telegram|internet"
    "|monday|tuesday|wednesday|thursday|friday|saturday|sunday|christmas|easter"
)
"""Districts of the three boroughs, the rest of London, towns beside it, where people meet without being anywhere, and
shops, days, which stand beside places.
What is as much a family name (Chelsea, Preston, Kent) is left out."""
PLACES = frozenset(f"{_SORTS}|{_KNOWN}".split("|"))
_AFTER = re.compile(rf"\s+(?:(?:{_BEFORE})\s+)?(?:{_SORTS})(?:e?s)?\b")
_OWNED = re.compile(r"['’]s$")


def is_place(name: str, after: str) -> bool:
    """Whether what is written like a name (“Burnt Oak”), with the text that comes after it, is a place and nobody."""
    words = [_OWNED.sub("", word.strip(".").casefold()) for word in re.split(r"[\s-]+", name)]
    if any(word in PLACES or word.removesuffix("s") in PLACES for word in words):
        return True
    return not _OWNED.search(name) and bool(_AFTER.match(after))
