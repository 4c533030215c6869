"""Housing officers, job coaches, the voluntary sector, prisons, youth justice and the council's own officers."""

from portal.demo.people.voices.lines import lines

HOUSING = lines("""
= F | Housing application | Duty to refer received. {housing} opened an application, interview {weekday} {clock}.
    Needs {paper}.
- F | Landlord | Arrears now {sum}. NOSP drafted, not served while IOM plan runs. Direct payments requested.
- F | Landlord | {few} ASB logs this month, music and people on stairs at {night}. Warning letter hand delivered.
+ F | Landlord | Arrears clear for the first time since sign-up. Starter tenancy review passed.
= F | Hostel | Room inspection {hostel}, fine. Kettle removed, says it is for noodles.
- F | Hostel | Final warning at {hostel}: visitor after hours, again. Manager will hold the room if {he} meets us
    {weekday}.
+ F | Hostel | Move-on panel said yes. Studio from {month}, deposit through the council scheme.
- F | Housing application | Decision: homeless, not priority need. s.184 letter collected. Review rights explained,
    21 days.
= F | Phone call | {He} called from {relative}'s. Can stay till {weekday}, sofa only, no tenancy rights there.
- F | Outreach | Bedded down near {place} {night}. StreetLink alert verified. Declined the shelter, dog not allowed.
+ F | Home visit | Settling-in visit. Carpet, curtains, a bed. Gas uncapped {weekday}.
= F | Landlord | Boiler job raised. {He} rang twice, was civil, waited in for the engineer.
- F | Home visit | Flat door kicked in overnight, boarded up. {He} says does not know who. Police ref awaited.
= O | Home visit | Coping, just. Post unopened behind the door. Would do better in supported.
""")
WORK = lines("""
+ F | Work coach | Started {trade} on {weekday}. UC nil award first month, warned {him}. Travel paid from the fund.
= F | Work coach | Commitments reviewed. Two evenings a week job search agreed round {his} reporting.
- F | Work coach | Missed interview, {reason}. Good-reason letter sent before any sanction. IOM diary checked, no
    clash.
- F | Work coach | Sanction applied from {weekday}. Hardship form done together. Food bank voucher.
= F | Work coach | Budgeting advance {sum} agreed, repaid over 12 months. Bank account open, card in post.
+ F | Work coach | CV done. Offence wording practised, {he} can say it in two sentences now.
= F | Work coach | Still waiting for {paper}. Cannot verify claim till seen.
+ F | Employer | Trial shift at {trade} firm went well, supervisor would have {him} back {weekday}.
""")
BRIDGES = lines("""
+ F | Mentoring | Met for coffee, {place}. Passed {course}! Wants a photo for {his} {relative}.
= F | Mentoring | Walk and talk round the park. Mostly football. Said {he} will come to the {weekday} group.
- F | Mentoring | No show at the centre, {reason}. Waited 30 mins. Trying again {weekday}.
+ F | Course | Fourth session of {course}. Tutor says quickest in the room.
= F | Mentoring | Helped with online form for {paper}. Took two goes.
- F | Mentoring | Came but left at the break. Someone in the room {he} owes money to.
+ O | Mentoring | Proud of {him} today. Held the door, held the baby, held {his} tongue.
= F | Debt advice | List of debts made, {sum} in fines and a catalogue. Offer letters go out {weekday}.
""")
PRISON = lines("""
= F | Resettlement interview | Wants ID, a bank card and a phone that works before anything else. Sent for {paper}.
+ F | Wing report | Listener training finished. Two officers spoke for {him} at the board.
- F | Wing report | On report: refused to share. Back on basic for a fortnight, calls to {relative} stopped
    meanwhile.
= F | Education | Sat {course} assessment in the library. Result in {weeks}.
= F | Resettlement interview | Duty to refer sent to {housing} with consent. {He} asked twice whether it had gone.
= F | Resettlement interview | Seen on the wing at {prison}. Wants {borough}. Bank account application sent, ID held
    in property.
+ F | Wing report | Enhanced. Works in the kitchens. No adjudications in {weeks}.
- F | Adjudication | Proven: unauthorised article. 14 days' loss of earnings.
= F | Resettlement interview | Release paperwork checked with {him}. First appointment slip and map in the release
    pack.
- F | Wing report | Asked to be moved, says {he} has trouble with others from {place}. Moved to C wing.
= F | Resettlement interview | Declined to discuss address until {he} has spoken to {relative}. Phone credit
    arranged.
""")
YOUTH = lines("""
= F | YJS contact | Seen at college, 20 mins. AIM session {few}. Polite, phone face down for once.
- F | YJS contact | Missed {weekday}. Mum says still in bed at noon. Compliance meeting called.
+ F | Reparation | Reparation at the allotment: {few} hours, no lateness, asked to stay on.
- F | School | Excluded for {few} days after a fight at the gates. Return meeting {weekday}.
= O | YJS contact | Older in front of {his} friends than on {his} own. The one to one is where the work gets done.
+ F | Family meeting | Mum and nan both came. Agreed home by nine and who rings whom.
""")
PANEL = lines("""
= F | Panel | In custody, stays on the list. Release board in {weeks}. Nobody to visit without telling the lead.
= F | Panel | Panel asked that release not fall on a Friday if the prison can help it. Letter sent to the governor.
+ F | Panel | Good prison report read out. Place held, plan for the gate to be ready in {weeks}.
""")
COUNCIL = lines("""
= F | Panel | Discussed at panel. Remains in cohort, RAG to stand, review in {weeks}.
- F | ASB team | Two residents at {place} have named {him} for shouting and mopeds. CPW under consideration.
+ F | Panel | Panel noted {weeks} without new offences. Lead to test readiness for step-down.
= F | Town centre team | Wardens know {him} now. Says hello, moves on when asked.
- F | CCTV | Control room: at {place} {night} with {man}, sitting on parked mopeds. Dispersal notice given by
    police.
= F | Letter | IOM letter hand delivered with PC. Read it on the step, had questions, took the card.
+ F | Phone call | {Relative} rang to say thank you. Not a call I often get.
""")
TAILS = (
    "",
    "Will update {weekday}.",
    "Emailed probation.",
    "Note to SPOC.",
    "Next contact {weekday} {clock}.",
    "Rest on our own system.",
)
