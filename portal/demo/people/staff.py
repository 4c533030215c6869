"""The invented staff: everyone who may sign in to the demo, over all parties of the three boroughs."""

from functools import cache

from portal.demo.people import numbers
from portal.demo.people.shapes import Staff

# key | name | party | roles | borough | also (party:role). "-" is none. Keys are what drafts and assignments name.
_ROSTER = """
walsh      | PC Siobhan Walsh           | police          | practitioner         | barnet-iom | -
adebayo    | PC Tunde Adebayo-Clarke    | police          | practitioner         | barnet-iom | -
pryce      | PC Ffion Pryce             | police          | practitioner         | barnet-iom | -
gill       | DS Harpreet Gill           | police          | lead spoc            | barnet-iom | -
brodie     | PC Callum Brodie           | police          | -                    | barnet-iom | -
okonkwo    | Stacey Okonkwo-Reid        | probation       | practitioner         | barnet-iom | -
feeney     | Daniel Feeney              | probation       | practitioner         | barnet-iom | -
achterberg | Ruth Achterberg            | probation       | lead spoc            | barnet-iom | -
whitmore   | Carl Whitmore              | prisons         | practitioner         | -          | -
dube       | Angela Dube                | prisons         | spoc                 | -          | -
rahman     | Nadia Rahman               | barnet_safety   | coordinator          | barnet-iom | -
llewellyn  | Peter Llewellyn            | barnet_safety   | chair                | barnet-iom | -
fairweather| Leanne Fairweather        | barnet_safety   | practitioner        | barnet-iom | barnet_youth:practitioner
nwosu      | Chidi Nwosu                | barnet_housing  | practitioner         | barnet-iom | -
coyle      | Bernadette Coyle           | barnet_housing  | spoc                 | barnet-iom | -
ridley     | Tamsin Ridley              | barnet_children | practitioner         | barnet-iom | -
siddiqui   | Farah Siddiqui             | barnet_children | spoc                 | barnet-iom | -
morris     | Gwen Morris-Hughes         | barnet_adults   | practitioner         | barnet-iom | -
baptiste   | Jerome Baptiste            | barnet_youth    | practitioner         | barnet-iom | -
nibhriain  | Aoife Ní Bhriain           | barnet_youth    | lead spoc            | barnet-iom | -
moyo       | Precious Moyo              | ntmh            | practitioner         | barnet-iom | -
fernandes  | Dr Anselm Fernandes        | ntmh            | lead spoc            | barnet-iom | -
wojcik     | Kasia Wójcik               | barnet_recovery | practitioner         | barnet-iom | -
latchford  | Dean Latchford             | barnet_recovery | spoc                 | barnet-iom | -
castell    | Yvonne Castell             | dwp             | practitioner         | -          | -
tetteh     | Samuel Tetteh              | barnet_bridges  | practitioner         | barnet-iom | -
penhaligon | Rosie Penhaligon           | barnet_bridges  | lead admin           | barnet-iom | -
quayle     | Insp Robert Quayle         | police          | attendee             | -          | -
hartigan   | Niamh Hartigan             | barnet_adults   | attendee             | barnet-iom | -
narang     | Meera Narang               | ntmh            | attendee             | barnet-iom | -
marsh      | Gillian Marsh              | police          | dpo                  | -          | -
tran       | Kevin Tran                 | police          | admin                | -          | -
varma      | Sunil Varma                | probation       | dpo                  | -          | -
beattie    | Lorna Beattie              | probation       | admin                | -          | -
sowande    | Femi Sowande               | prisons         | admin                | -          | -
ashworth   | Helen Ashworth             | barnet_safety   | dpo                  | barnet-iom | -
katz       | Dr Miriam Katz             | barnet_safety   | partnership_dpo      | barnet-iom | -
bankole    | Olu Bankole                | barnet_safety   | admin                | barnet-iom | -
peel       | Graham Peel                | barnet_safety   | technical_admin      | barnet-iom | -
marchetti  | Jodie Marchetti            | barnet_safety   | analyst              | barnet-iom | -
lindqvist  | Karin Lindqvist            | barnet_safety   | signatory            | barnet-iom | -
osullivan  | Maeve O'Sullivan           | barnet_housing  | admin dpo            | barnet-iom | -
trimble    | Alan Trimble               | barnet_children | admin                | barnet-iom | -
bristow    | Hannah Bristow             | barnet_adults   | spoc admin           | barnet-iom | -
ekwueme    | Ngozi Ekwueme              | barnet_youth    | admin                | barnet-iom | -
crane      | Judith Crane               | ntmh            | dpo                  | barnet-iom | -
pillai     | Anand Pillai               | ntmh            | admin signatory      | barnet-iom | -
szabo      | Réka Szabó                 | barnet_recovery | admin dpo            | barnet-iom | -
tomlin     | Brian Tomlin               | dwp             | spoc admin           | -          | -
farrant    | Edmund Farrant             | mopac           | analyst              | -          | -
hewlett    | Imogen Hewlett             | mopac           | admin                | -          | -
leeming    | Supt Andrew Leeming        | police          | signatory            | -          | -
hussain    | PC Zainab Hussain          | police          | practitioner         | brent-iom  | -
carrick    | PC Dominic Carrick         | police          | practitioner lead    | brent-iom  | -
malik      | Kieran Malik               | probation       | practitioner         | brent-iom  | -
obeng      | Patience Obeng             | probation       | lead spoc            | brent-iom  | -
fontaine   | Denise Fontaine            | brent_safety    | coordinator admin    | brent-iom  | -
pathak     | Rohit Pathak               | brent_safety    | chair dpo            | brent-iom  | -
mcnally    | Terry McNally              | brent_housing   | practitioner spoc    | brent-iom  | -
lovelace   | Sian Lovelace              | brent_children  | practitioner         | brent-iom  | -
adomako    | Grace Adomako              | brent_adults    | practitioner         | brent-iom  | -
desai      | Mihir Desai                | brent_youth     | practitioner lead    | brent-iom  | -
kearney    | Orla Kearney               | wlmh            | practitioner spoc    | -          | -
hollander  | Dr Pieter Hollander        | wlmh            | dpo admin            | -          | -
bright     | Tolu Bright                | brent_recovery  | practitioner spoc    | brent-iom  | -
maddox     | Carmel Maddox              | brent_bridges   | practitioner         | brent-iom  | -
sheridan   | PC Luke Sheridan           | police          | practitioner         | harrow-iom | -
vekaria    | PC Bhavna Vekaria          | police          | practitioner lead    | harrow-iom | -
ellery     | Joanna Ellery              | probation       | practitioner         | harrow-iom | -
danso      | Kojo Danso                 | probation       | lead spoc            | harrow-iom | -
thackray   | Susan Thackray             | harrow_safety   | coordinator admin    | harrow-iom | -
mistry     | Nayan Mistry               | harrow_safety   | chair dpo            | harrow-iom | -
osgood     | Phil Osgood                | harrow_housing  | practitioner spoc    | harrow-iom | -
rennie     | Catriona Rennie            | harrow_children | practitioner         | harrow-iom | -
halloran   | Teresa Halloran            | harrow_adults   | practitioner         | harrow-iom | -
oduya      | Blessing Oduya             | harrow_youth    | practitioner lead    | harrow-iom | -
sandler    | Joel Sandler               | wlmh            | practitioner         | harrow-iom | -
gunawardena| Dilini Gunawardena         | harrow_recovery | practitioner spoc    | harrow-iom | -
kilbride   | Fergus Kilbride            | harrow_bridges  | practitioner         | harrow-iom | -
mercer     | Imani Mercer               | barnet_housing  | -                    | barnet-iom | -
stavrou    | Nico Stavrou               | barnet_housing  | -                    | barnet-iom | -
attwood    | Keeley Attwood             | barnet_housing  | -                    | barnet-iom | -
probation-feed | Probation monthly extract | probation    | feed                 | -          | -
"""

# Mail domains end in .example, which RFC 2606 keeps from ever being registered.
_DOMAIN = {
    "police": "police", "probation": "justice", "prisons": "justice", "dwp": "dwp", "mopac": "mopac",
    "ntmh": "norththames-mh", "wlmh": "westway-mh",
}  # fmt: skip


@cache
def roster() -> tuple[Staff, ...]:
    """Everyone who may sign in, in a fixed order; the last is the automated account of the probation feed."""
    return tuple(_member(number, line) for number, line in enumerate(_ROSTER.strip().splitlines()))


@cache
def by_key() -> dict[str, Staff]:
    """The roster by staff key."""
    return {member.key: member for member in roster()}


@cache
def workers(party: str, agreement: str) -> tuple[str, ...]:
    """Keys of a party's practitioners, leads and SPOCs who work under an agreement, practitioners first."""
    held = [
        member
        for member in roster()
        if member.party == party
        and member.borough in (agreement, None)
        and {"practitioner", "lead", "spoc"} & set(member.roles)
        and member.key != "pryce"  # neighbourhood team, not IOM: assigned to nobody
    ]
    return tuple(m.key for m in sorted(held, key=lambda m: "practitioner" not in m.roles))


def _member(number: int, line: str) -> Staff:
    key, name, party, roles, borough, also = (cell.strip() for cell in line.split("|"))
    return Staff(
        key=key,
        name=name,
        party=party,
        roles=() if roles == "-" else tuple(roles.split()),
        email=f"{key}@{_mail_domain(party)}.example",
        borough=None if borough == "-" else borough,
        elsewhere=() if also == "-" else ((also.split(":")[0], also.split(":")[1]),),
        telephone=numbers.landline(number),
    )


def _mail_domain(party: str) -> str:
    council, _, service = party.partition("_")
    if service in ("recovery", "bridges"):
        return f"{council}-{service}"
    return _DOMAIN.get(party, council)
