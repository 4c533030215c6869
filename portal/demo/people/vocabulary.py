"""The choices of the agreement files that the demo writes, in one place: the test compares them with the files."""

REFERRED, SELECTED, ACTIVE = "Referred", "Selected", "Active"
IN_CUSTODY, SUSPENDED, DESELECTED = "In custody", "Suspended", "De-selected"
RED, AMBER, GREEN = "Red", "Amber", "Green"
FIXED, FLEX, FREE = "Fixed", "Flex", "Free"

BURGLARY, ROBBERY, VIOLENCE = "Burglary", "Robbery", "Violence with injury"
KNIFE, DOMESTIC, SUPPLY, VEHICLE = (
    "Knife carrying",
    "Domestic abuse",
    "Possession with intent to supply",
    "Motor-vehicle crime",
)
OTHER_CRIME = "Other"

ACCOMMODATION, ALCOHOL, ATTITUDES = "Accommodation", "Alcohol", "Attitudes, thinking and behaviour"
FAMILY, DRUGS, WORK = "Children and family", "Drugs", "Education, training and employment"
FINANCE, HEALTH = "Finance", "Mental and physical health"

FACT, OPINION = "Fact", "Opinion"
YES, NO = "Yes", "No"

# Which kind of party leads on a pathway, and under which category its plan is kept.
SPOC = {
    ACCOMMODATION: "housing", ALCOHOL: "substance", ATTITUDES: "probation", FAMILY: "children",
    DRUGS: "substance", WORK: "dwp", FINANCE: "dwp", HEALTH: "health",
}  # fmt: skip
LABEL = {
    ACCOMMODATION: "housing", ALCOHOL: "substance_engagement", ATTITUDES: "behaviour", FAMILY: "children",
    DRUGS: "substance_engagement", WORK: "ete", FINANCE: "ete", HEALTH: "health_engagement",
}  # fmt: skip
