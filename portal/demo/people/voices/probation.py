"""Probation practitioners: fuller sentences, risk language, what was said and what it may mean."""

from portal.demo.people.voices.lines import lines

BEHAVIOUR = lines("""
= F | Office appointment | Attended {office} on time. We went through the week, benefits and {his} {relative}'s
    operation. Next appt {weekday} {clock}.
+ F | Office appointment | Attended, early for once. Completed the second thinking-skills session, gave a good
    example of walking away on {anyday}.
+ O | Office appointment | I am seeing real movement in {his} consequential thinking: {he} spoke of the victim by
    name and did not minimise.
- F | Office appointment | Did not attend {weekday} {clock}, {reason}. First warning issued. Second this year.
- F | Office appointment | DNA again. Text, call and letter. Enforcement discussed with SPO, decision by {weekday}.
- F | Office appointment | Attended {few}0 minutes late, smelling of alcohol. Seen briefly in reception with a
    colleague, sent home, warned.
= F | Phone call | Telephone contact, {he} could be heard in a shop. Confirmed address and {weekday}'s appointment.
= F | Home visit | Home visit with IOM police. {Relative} present, which limited what could be discussed. Bedroom
    seen.
+ F | Office appointment | {few} consecutive weeks of compliance. Reporting moved from weekly to fortnightly with
    SPO agreement.
- O | Office appointment | {His} account of {anyday} night does not add up with the tag data. I think {he} is
    testing the boundaries.
= O | Office appointment | Presents as flat and tired. Not a compliance worry but I would like health to see {him}
    before the review.
- F | Prison contact | Recalled on a {few}-week fixed term after failing to reside. In {prison}. Has {his} property
    but no phone number for {relative}.
= F | Prison contact | Video link to {prison}. Wants to come back to {borough}, accepts no address yet. Asked
    resettlement team for a duty to refer.
+ F | Unpaid work | {few}0 of 120 hours done. Supervisor says polite, works well, helps the others with lifting.
- F | Unpaid work | Stood down on {weekday}: on phone, argued with the supervisor, left site at {clock}.
+ F | Three-way meeting | Three-way with employer: {trade}, permanent from {month}. Disclosed offence {himself},
    employer content.
= F | OASys review | Review completed. Accommodation and finance remain linked to offending, drugs no longer scored
    as such.
- F | Office appointment | Disclosed {he} has been back to {place} and seen former associates. Reminded of
    non-association condition.
+ O | Office appointment | {He} asked what happens after de-selection. That {he} thinks there is an after is new.
""")
PRISON = lines("""
= F | Prison contact | Video link to {prison}, {clock}. Wants to come back to {borough}, accepts there is no address
    yet. Visits from
    {relative} booked.
+ F | Prison contact | Wrote to me from {prison}, two sides, legible and to the point. Asks for {course} on release.
- F | Prison contact | Would not come to the video link, said there was nothing to say. Tried again {weekday}, came,
    said it at length.
= F | Release planning | Release plan drafted with the offender manager at {prison}. Address check outstanding,
    three-way in {weeks}.
= O | Prison contact | Sober and thinking, as {he} always is inside. The test is the first fortnight out, so that is
    what we plan for.
- F | Release planning | Proposed address refused after the home visit: {relative} did not know {he} had offered it.
    {housing} asked.
""")
SENTENCE = lines("""
= F | Court result | {court}: 12-month community order, RAR {few}0 days, 80 hours unpaid work. First appointment
    given in the building.
- F | Breach | Breach laid, hearing {weekday} week at {court}. Two unacceptable absences, evidence bundle complete.
= F | Licence | Additional condition added by variation: not to enter the area around {place}. Map handed over and
    signed.
- F | Recall | Recall request signed off. Out of contact since {weekday}, not at approved address, risk no longer
    manageable in community.
= F | Court result | Fine {sum} for the earlier matter, collection order. No change to supervision.
""")
VICTIMS = lines("""
= F | Victim liaison | VLO letter returned unopened on {weekday}. New contact being sought, {few} weeks allowed.
= F | Victim liaison | Exclusion area asked for around a relative's home too. Map with the VLO, request goes in
    {weekday}.
- F | Victim liaison | Upset after seeing {him} at {place} on {anyday}. Chance meeting as far as we can tell. VLO to
    call {weekday}.
= F | Victim liaison | VLO has spoken to the family. They ask to be told of release date and any variation. Not to
    be shared beyond this group.
= F | Victim liaison | Restorative letter offered and declined. No further approach unless they ask.
""")
SUBSTANCE = lines("""
+ F | Drug test | Office test negative for opiates and cocaine. Third in a row.
- F | Drug test | Office test positive for cocaine. {He} says a one-off at a birthday. Provider told with consent.
= F | Office appointment | Says {he} is down to weekends. Agreed a three-way with {his} worker.
""")
TAILS = (
    "nDelius updated.", "OASys to be reviewed in {weeks}.", "Discussed in supervision.",
    "Will raise at the next panel.",
    "IOM police informed.", "Travel warrant issued.", "Letter sent to last known address.",
    "RAG to be looked at on {weekday}.",
)  # fmt: skip
