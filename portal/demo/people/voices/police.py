"""Police officers between jobs: short, timed, abbreviated."""

from portal.demo.people.voices.lines import lines

BEHAVIOUR = lines("""
= F | Patrol | Seen {place} {clock}, on foot, alone. Polite. Says stopping at same address. No offences disclosed.
= F | Home visit | IOM visit {clock}, door answered by {relative}. Nominal in, just up. Curfew explained again.
= F | Home visit | No reply x2 this week, {clock} and {night}. Card left. Neighbour says {he} is about.
+ F | Home visit | Visit with probation. In, sober, flat tidy. Showed us {his} {course} certificate unprompted.
+ F | Phone call | Rang me {himself} re the letter from court. Six months ago {he} would have binned it.
- F | Stop and search | S1 stop {place} {night} w/ {man}. Found: {thing}. Details on the search record.
- F | Patrol | In company of {man} at {place} {night}. Made off on foot towards estate when {he} saw us.
- F | Custody record | Arrested {anyday} {night}, theft shop {shop}, {goods} value {sum}. Charged, bailed to
    {court}.
- F | Custody record | In custody overnight, vehicle interference, {place}. NFA'd this morning, ID not good enough.
- F | Crime report | Named by store staff, {shop}: {goods}, {sum}. CCTV viewed, I am content it is {him}. To be
    circulated.
= F | Curfew check | Tag company confirm no breaches in last {few} wks. Quarterly check done.
- F | Curfew check | Tag company report {few} late returns this month, longest 50 mins. {He} puts it down to buses.
+ F | Home visit | {He} is working, {trade}, up at 5. Van on drive is the boss's, checked, all in order.
= O | Patrol | {He} is about more in the evenings than {he} was. Nothing to hang on it yet.
+ O | Home visit | Best I have seen {him} in a year. Clear-eyed, talking about {his} kids, not about the job that
    went wrong.
- O | Home visit | Evasive, kept us on the step. Think someone else is stopping there. Will try again with housing.
- O | Patrol | Back at {place} with the old lot. Would not bet on {him} making next appt.
= F | Court | {court} {weekday}: adjourned for reports. Conditions unchanged, reside and sleep, report {weekday}s.
- F | Court | {court}: FTA. Warrant no bail. Tried last known, not there, {relative} unhelpful.
= F | Phone call | {He} phoned the office asking for {his} phone back. Told property store {weekday} with {paper}.
+ F | Other | Handed in a bag found at {place}, gave proper details. Exhibit booked. Credit where due.
""")
INTELLIGENCE = lines("""
- F | Source report | Reported to be moving bikes for a male known as Stretch, lock-up off {place}. Unproven. Do not
    action without speaking to DS.
- F | Source report | Said to be holding for others since {weekday}. {vehicle} used. Handling per the form.
- F | Officer report | Seen {night} {place}, boot of {vehicle} open, {man} present, bag exchanged. Index incomplete.
- O | Officer report | Assessed as fallen out with the {place} group over a debt. Risk both ways.
= F | Phone download | Numbers on download link {him} to two subjects of another op. Not to be put to {him}.
= F | Source report | Told to have stopped running with the group after {his} {relative} was threatened. Single
    strand.
- F | Crime analysis | Three walk-in burglaries in a week within half a mile of {place}, MO as {his}, rear window,
    tea-towel over glass.
""")
SANITISED = lines("""
- F | Police information | Partners should know {he} may be carrying other people's property. Please tell us of
    items in {his} room that do not fit.
- F | Police information | {He} may be at risk from people {he} owes money. Avoid appointments near {place} after
    dark.
= F | Police information | Information that {he} is using {place} most evenings. No action wanted, please note
    sightings.
- F | Police information | There may be pressure on {him} to let others use the address. Housing colleagues please
    look out for extra people.
+ F | Police information | We believe {he} has stepped away from former associates. Please do not ask {him} about
    it, tell us if that changes.
= F | Police information | A {vehicle} may be calling at the address. Partners: note time only, do not approach.
""")
SAFETY = lines("""
- F | Home visit | Staffordshire-type dog loose in the hall, not controlled. Phone ahead so that {relative} can shut
    it away.
- F | Custody record | Spat at officers on last two arrests. Masks and space.
- F | Crime report | Threatened a worker with a screwdriver at the flat. Visit in pairs.
- F | Home visit | Two males not known to us in the back room at {clock}, would not give names. Leave and ring.
- F | Phone call | Told reception on {weekday} {he} would "sort" the next worker who came. Visits by two until
    {month}.
= F | Home visit | Door opens inwards onto a flight of stairs. Stand to the left. Dog is friendly, {relative} is
    not.
= F | Home visit | Stairwell light out and needles on second landing. Gloves, torch.
- O | Custody record | Quick to anger when told no. Have the exit behind you and the news on paper.
""")
VICTIMS = lines("""
= F | Victim contact | Rang on {weekday} {clock}. Quiet at the address for {weeks}. Wants the door lock done before
    {month}.
= F | Victim contact | Safety plan gone through again, {few} points, copy left with neighbour and not in the house.
- F | Victim contact | Messages from a new number, {few} in an evening. Screenshots taken. Statement booked
    {weekday} {clock}.
- F | Crime report | {few} silent calls from withheld number since {weekday}. Linked to the earlier crime, not yet
    proved.
= F | Victim contact | Adviser says school run has been changed. Nothing more here on purpose.
= F | Victim contact | Complainant spoken to by OIC. Does not want {him} told of the contact. Preferred contact by
    text only.
- F | Crime report | Repeat victim at same address. Markers placed. Do not discuss with the nominal or {his} family.
= F | Victim contact | Witness has moved out of borough. New address held on crime report only, not here.
""")
TAILS = (
    "Body worn on.", "Update IIP pls.", "Will re-visit nights next week.", "OIC informed.", "No further at this time.",
    "Passed to {weekday} late turn.", "Probation told by phone.", "CAD no. on the crime report.",
    "Will raise at panel.",
)  # fmt: skip
