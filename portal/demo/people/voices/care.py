"""Nurses, drug workers, children's social workers and adult care: careful about what is said and what is not."""

from portal.demo.people.voices.lines import lines

HEALTH_ENGAGEMENT = lines("""
+ F | Clinic | Attended clinic as planned. Engaging. Next contact {weekday}, four weeks.
+ F | Clinic | Attended {few} in a row and rang in good time to move the next one.
- F | Clinic | Did not attend x2. Opt-in letter sent. Discharged to GP if no reply in {weeks}.
= F | Phone call | Telephone contact only this month. Remains open to the team. Nothing further to share.
- F | Outreach | Cold call with outreach, not in. Card left. Third attempt.
= F | Liaison and diversion | Seen in the custody suite by L&D. Agreed to referral. GP confirmed.
+ F | Clinic | Came with {his} {relative}. Wants to carry on. Agreed that partners are told {he} is attending and no
    more.
= F | Clinic | Reminded {him} what partners are and are not told. Content with engagement being shared.
- F | Clinic | Left the waiting room before being seen, said too many people. Quieter slot offered.
""")
HEALTH_NEED = lines("""
= F | Clinic | Crowded waiting rooms and shouting are hard for {him}. Quiet room, one person talking, short
    appointments.
- F | Clinic | Needs an early appointment before {weekday}: running out of what {he} relies on. Please do not let a
    missed bus become a breach.
= F | Clinic | Does not read well under stress. Say it, then give it on one page.
- F | Clinic | Recent loss in the family. Expect poor sleep and short temper for some weeks. Please go gently and
    ring us if worried.
""")
SUBSTANCE_ENGAGEMENT = lines("""
+ F | Key work | Attended key work and group. Engaging well, {few} sessions in a row.
- F | Key work | DNA {weekday}. Text sent, no reply. Slot held open {weekday} {clock}.
= F | Key work | Sporadic. Comes when it suits, friendly when here. Keeping {him} on the list.
+ F | Key work | Asked to move to the morning group so it does not clash with work. Done.
- F | Key work | Walked out of group after ten minutes, words with another client. Will see 1:1.
= F | Phone call | Check-in by phone. Remains in treatment. Reviewed plan, no change.
+ O | Key work | More honest this month than in the whole of last year. Early days.
= F | Outreach | Met at {place} by outreach. Took kit and a sandwich, will come in {weekday}.
""")
SUBSTANCE_NEED = lines("""
= F | Key work | Needs appointments after 11 and not on {weekday}s. Daily pick-up makes mornings impossible.
- F | Key work | Risk of overdose is raised after time away. Please ask whether {he} carries a naloxone kit.
= F | Key work | Wants to avoid {place} altogether for now. Please meet elsewhere.
""")
CHILDREN = lines("""
+ F | Nursery | Staff say drop-off on {weekday}s is calm now. {He} knows every child's name and they all know {him}.
= F | Core group | Core group {weekday}. Agreed who does what for {weeks}. {He} sent apologies and then came.
- F | Social work visit | Missed contact {weekday}, {reason}. Child waited by the window. Told {him} that plainly.
= F | Social work visit | Supervised contact took place {weekday} at the centre, an hour and a half. No concerns.
    Next in a fortnight.
+ F | Social work visit | Child in need review: {he} attended, listened, agreed the school-run plan. Case likely to
    step down in {month}.
- F | School | School report the children late {few} times and collected by a {man}. Core group told.
- F | Strategy meeting | Strategy discussion held {weekday} {clock}. {He} is not to be at the address overnight
    until assessment is done.
= F | Leaving care | PA visit. Pathway plan reviewed, setting-up-home grant partly used, receipts wanted.
+ F | Leaving care | PA took {him} to view the studio. {He} asked sensible questions about the meter.
""")
BEHAVIOUR = lines("""
= F | Assessment | Care Act conversation held with {him} and {his} {relative}. No eligible needs today, carer's
    assessment offered.
= F | Phone call | Welfare check after neighbour's call. Eating, heating on. Wants to be left alone and said so
    civilly.
+ F | Home visit | Accepted the key safe and a fall alarm for {relative}. Helped fit it.
""")
TAILS = ("Consent re-confirmed.", "Copy to file.", "Will update in {weeks}.", "Supervision {weekday}.", "")
