"""Short texts of the forms: why referred, why this RAG, needs and goals of a plan, and what a compact asks."""

from collections.abc import Mapping

from portal.demo.people import vocabulary as v

REFERRAL = (
    "{few} crimes in 12 months, {crime} mostly, same small area. Supervised but not slowing down.",
    "OVP in the range we look at, two breaches since {month}, and no agency holding the whole picture.",
    "Named by neighbourhood team for {crime}. Probation agree that weekly reporting alone is not enough.",
    "Out {weekday} after {few} months. Same area, same friends, no address. Would rather start before the gate.",
    "Arrested {few} times since {month} and charged twice. Victims lose heart before court does. Asking "
    "panel to consider.",
    "Stepped down too early last year in my view. Back to {crime} inside {weeks}.",
    "Monthly extract flags {him} on score. Team knows the name: {crime}, usually to pay for use.",
    "Two agencies told us the same thing in one week, independently: {crime}, nights, round {place}.",
    "Order is half gone, {few} appointments missed, and a pattern of {crime} that starts when money stops.",
    "{Relative} rang the neighbourhood team and asked what there is before it gets worse. There is this.",
    "Was doing well until {month}. Back to {crime}, with an older group, and hiding it badly.",
    "Housing ask for help before they lose patience. ASB at the block tracks with {crime} nearby.",
)
YOUNG = (
    "Young adult, moved over from YJS with a pattern of {crime}. Risk of going up in seriousness.",
    "Under 22, {few} matters of {crime} in a year, first custody avoided by a whisker. Worth the effort now.",
    "School knew, YJS knew, we found out at charge: {crime}, with older boys watching.",
)
OUTCOME: Mapping[str, tuple[str, ...]] = {
    "Accepted": (
        "Panel agreed. Meets cohort, and there is work to do that one agency cannot.",
        "Accepted on priority crime and frequency. Lead to be probation.",
        "Accepted, panel not unanimous: health would rather have waited for assessment.",
        "Accepted after discussion. Police and housing to share a diary for the first month.",
        "Accepted. Criteria met on crime type and frequency, not on score. Reasons in the minutes.",
        "Accepted for six months, then to be argued for afresh.",
        "Accepted. Voluntary sector asked to make the first contact, not police.",
        "Accepted. Treatment place first, visits after.",
        "Accepted. Chair noted the score alone would not have been enough.",
    ),
    "Refused": (
        "Lower risk, one matter in two years. Back to referrer with advice on early help.",
        "Already MAPPA level 2 with a full plan, IOM would double it.",
        "Lives and offends in another force area, passed to their IOM.",
        "Sentence ends in under a month and nothing to hold on to. Neighbourhood team to keep an eye.",
    ),
    "More asked": (
        "Need the current OASys date, the one quoted is two years old.",
        "Panel want to hear from the school before deciding.",
        "Please confirm the address, three in circulation.",
    ),
}
RAG: Mapping[str, tuple[str, ...]] = {
    v.RED: (
        "Two arrests in {weeks}, missed appointments, whereabouts unclear at night.",
        "Out of treatment, out of money, known associates back. Offending likely within days.",
        "Tag strapped off once, breach pending. Victims repeat.",
        "No address since {weekday} and not answering. Recall being discussed.",
        "Seen twice in a week with the man {he} is not to see. Denies both.",
        "Missed depot, missed probation, missed {relative}'s birthday. That last is new.",
        "Debt to someone who collects. Thefts follow the dates it falls due.",
        "Bailed on Friday, three stops since. Every agency to see {him} this week.",
        "Out four weeks, three addresses. Nobody sure which is real.",
        "New offence same MO. Partners to meet before the weekend.",
    ),
    v.AMBER: (
        "Attending, mostly. One late return and a new group of friends at {place}.",
        "Accommodation ends next month, otherwise holding.",
        "Nothing new for {weeks} but the drink is creeping back, says {relative}.",
        "Kept going after a bad week, told us about it first.",
        "Steady in the day, out late. Curfew ends soon and then we shall see.",
        "Back at {relative}'s. Holds for now, has broken before.",
        "Engaging with two of us and avoiding the third. Fair enough, but watch.",
        "One positive test in {weeks}, owned up to it.",
        "Course finishes soon and nothing after it yet.",
        "Good with probation, poor with housing. Not there yet.",
        "Work fell through. Watching how {he} takes it.",
        "First month out. Too soon to say.",
    ),
    v.GREEN: (
        "No arrests since {month}, work steady, tests clear.",
        "Rings us now. Worth writing down.",
        "Two clean reviews in a row, tenancy safe, {trade} four days a week.",
        "Police have nothing, housing have nothing, {relative} has no complaints.",
        "Handled a bereavement without going back. Ready to talk about leaving.",
        "Plan goals mostly met. Review for step-down.",
        "Address, job, same partner. Quarterly check only.",
        "Kept every appointment for {weeks}. Curfew ended without breach.",
    ),
}
PLAN: Mapping[str, tuple[tuple[str, str], ...]] = {
    v.ACCOMMODATION: (
        ("Sofa surfing between {relative} and friends.", "A room of own by {month}, kept for six months."),
        ("Arrears of {sum} put the tenancy at risk.", "Arrears plan kept for three months running."),
        ("Nothing beyond the approved premises.", "Supported move-on place agreed before the end date."),
    ),
    v.ALCOHOL: (
        ("Weekend drinking comes before most arrests.", "Four dry weekends, diary kept."),
        ("Drinks alone since the split.", "Groups on {weekday}s and a GP check."),
    ),
    v.ATTITUDES: (
        ("Acts first. Sees every no as a challenge.", "Finish thinking skills, name three times it was used."),
        ("Goes along with older friends.", "Two new regular activities away from {place}."),
        ("Plays down harm to victims.", "Victim awareness module done and discussed."),
    ),
    v.FAMILY: (
        ("No contact with {his} son since {month}.", "Contact plan agreed with children's services."),
        ("{Relative} is worn out and close to saying no.", "Carer's assessment, one evening off a week."),
    ),
    v.DRUGS: (
        ("Offends to pay for use.", "Stay in treatment for 12 weeks."),
        ("Cannabis daily, says it is for sleep.", "Cut to weekends, try the sleep clinic."),
    ),
    v.WORK: (
        ("Never had a payslip.", "{course} card and one month of paid work."),
        ("Left school at 14, hides that reading is hard.", "Level 1 English, one to one."),
        ("Lost job at {trade} when recalled.", "Back in work within eight weeks."),
    ),
    v.FINANCE: (
        ("Fines and a catalogue, about {sum}.", "One affordable payment a month."),
        ("No bank account, wages go to {relative}.", "Basic account open and used."),
    ),
    v.HEALTH: (
        ("Misses appointments when anxious.", "One named worker, quiet room, kept for three months."),
        ("Not registered with a GP.", "GP registration and a health check."),
    ),
}
TERMS = (
    "I will answer the phone. If I can't, I ring back the same day. No surprise visits at {relative}'s without a call.",
    "Go to group, go to work, go home. Tell someone if I don't fancy any of the three. They sort {paper} by Friday.",
    "Stay out of {place} on Fridays and Saturdays. Fortnightly coffee with PC. Travel paid to {course}.",
    "One plan, one diary. Everyone puts my appointments in the same one so I stop being in two places.",
    "No pillion, no hire bikes, no lock-ups. I get help with {paper} and a letter for the landlord.",
    "I keep my kids' days and nobody books over them. I keep everything else.",
    "Test when asked and say before it comes back. Curfew as set. Team back me for {course}.",
    "See probation weekly and IOM police when they call. Be home by {few}. Keep {weekday} groups. Partners help with "
    "ID, travel and {paper}.",
    "I will keep my appointments, stay away from {place} and say before I move. They will help with "
    "housing and work and tell me what they write.",
    "Reside as told, test when asked, no contact with co-accused. In return: travel card, {course}, review every "
    "six weeks.",
    "Open the door to visits. Take calls. If I slip I say so first. Team will not go to the worst answer first.",
)
NOT_SIGNED = (
    "Says signing things is how he got here.",
    "Wants his solicitor to read it first.",
    "Happy to do it, will not sign. Terms explained anyway.",
    "Refused, walked out. Try again in a month.",
)
CONDITIONS = (
    "Reside as approved. Report as directed. Electronic curfew 1900–0700.",
    "Good behaviour, reside, report weekly. No contact with co-defendants.",
    "Report weekly. GPS tag 90 days. Not to enter the area on the map.",
    "RAR days and unpaid work. Notify any change of address or phone.",
    "Drug testing. Report as directed. Not to be in any vehicle without the keyholder.",
)
DIAGNOSES = (
    ("Generalised anxiety disorder", "Sertraline 50 mg"),
    ("PTSD, childhood", "Mirtazapine 30 mg nocte"),
    ("ADHD, adult diagnosis", "Methylphenidate MR 36 mg"),
    ("Depressive episode, moderate", "Fluoxetine 20 mg"),
    ("Emotionally unstable personality disorder", "None. DBT skills group"),
    ("Paranoid schizophrenia", "Paliperidone depot monthly"),
)
TREATMENT = (
    ("Heroin, crack", "Methadone 50 ml daily, supervised", "Opiates positive at start, negative on last two"),
    ("Crack cocaine", "Key work and CBT, no prescribing", "Cocaine positive"),
    ("Cannabis, daily", "Brief intervention, six sessions", "Not tested"),
    ("Alcohol", "Community detox done, relapse prevention group", "Breathalyser 0 at last four"),
    ("Heroin", "Buprenorphine 12 mg", "Negative"),
    ("Ketamine, cannabis", "Key work fortnightly", "Declined test"),
)
CHILDREN = (
    ("One daughter, in primary school", "Other parent. Alternate Saturdays", "None"),
    ("Two boys, twins", "Maternal grandmother", "Child in need"),
    ("Baby due in the new year", "Partner", "Pre-birth assessment"),
    ("Three, eldest at secondary", "Other parent, no contact order", "Child protection, neglect"),
)
VICTIM_NOTES = (
    "Contact through the independent adviser only. Never by phone before 3.",
    "Did not support charges. Safe word with call handlers. Do not disclose contact.",
    "Has moved. New borough told. Address not to be asked for or written here.",
    "Police marker on the address. Neighbour has agreed to ring.",
)
HOUSING_NOTES = (
    "",
    "Local connection accepted.",
    "Prefers not to be placed with others from the estate.",
    "Two failed placements since January, third provider asked.",
    "Ground floor, knee operation.",
    "Deposit scheme agreed in principle.",
    "Says mum will have {him} back. Mum says otherwise.",
)
BENEFITS = (
    "Universal Credit",
    "UC, limited capability",
    "None claimed",
    "UC with sanction",
    "ESA to UC, moving",
)
DEBTS = (
    "",
    "Fines {sum}",
    "Rent {sum}, advance {sum}",
    "Phone contract in default",
    "Council tax, amount not known",
)
SUBSTANCE_CONSENT = (
    "Three-way consent, engagement only.",
    "Consent to engagement, not to tests.",
    "Signed at assessment.",
)
OVERRIDE = "Caldicott lead agreed, reasons on the trust's file. Review in 3 months."
WARNINGS = (
    ("Bull-breed dog in the hall", "Phone from the gate, wait for it to be shut in the kitchen."),
    ("Carries blades", "Visit in pairs, meet in public rooms, do not sit with your back to {him}."),
    ("Needles in bedding at last search", "Gloves, do not put hands where you cannot see."),
    ("Has followed a worker to the bus stop", "Different exit, no lone late appointments."),
    ("Threats to female staff by phone", "Two workers or a male colleague, log every call."),
    ("Spits when arrested", "Masks to hand. Calm voice, give space."),
    ("Other tenants hostile to uniform", "Ask police before visiting in daylight hours."),
    ("Barricaded {himself} in once, gas on", "Fire service told. Do not force a door."),
)
NEEDS = (
    "Do not let medication run out over a weekend. Ring us if {he} is arrested on a Friday.",
    "Short instructions, one at a time, in writing too.",
    "Raised risk to {himself} in the week after court. Please tell us the result the same day.",
    "Cannot manage lifts or small rooms. Ground floor interview room.",
)

SELECTED_BECAUSE = (
    "Nine arrests in the year, most within a mile of home. Police and probation agree that short orders have not held.",
    "Score is only medium. Taken on for the pace of it: four offences since Easter, each a step up from the last.",
    "Housing and probation both asked. Nobody at the table against. Treatment to see {him} before the next panel.",
    "Meets fixed cohort. Panel wants the tag condition looked at, and one worker, not three.",
    "Divided: police for, youth justice unsure. Taken on for six months, then looked at again.",
    "Released next month to no address. Better known to us before than after.",
)
"""Why a panel took somebody on."""
STAYED_BECAUSE = (
    "Settled since the tenancy, but it is eight weeks. Too soon.",
    "Keeps appointments. Two stops in the old company this month. Stays, with less contact.",
    "In custody until spring. Stays, so that release is planned by those who know {him}.",
    "No progress on the plan. SPOCs to bring what they tried to the next meeting.",
)
"""Why somebody stayed."""
LEFT_BECAUSE = (
    "Fourteen months without an offence, in work, own tenancy. All agencies content.",
    "Moved out of London, accepted by the local team. Handed over in writing.",
    "Out of scope now: nothing but old matters. Door stays open.",
)
"""Why a panel de-selected somebody."""
