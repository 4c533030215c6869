"""Every code of the linter is tripped by one change of an agreement that is otherwise clean."""

from datetime import date
from pathlib import Path

import pytest

from isa.linting import RULES, lint
from isa.loading import load, loads

SMALL = Path(__file__).parent / "small.toml"
TEXT = SMALL.read_text(encoding="utf-8")
GRANT = """
[[clause]]
no = "5.20"
heading = "Added"
effect = "grant"
to = {to}
acting = {acting}
can = {can}
what = {what}
for = ["risk"]
{more}
prose = "{{to}}, acting as {{acting}}, may {{can}} {{what}} for {{for}}."
"""
DWP = """
[party.dwp]
name = "DWP"
short = "DWP"
controller = "mps"
kind = "dwp"
signatory = "Director"
contact = "the job centre"
[category.ete]
name = "Employment"
sensitivity = "official"
owners = ["dwp"]
retention = { after = "deselection", period = "P1Y", then = "erase" }
[kind.ete]
name = "Employment"
section = "Employment"
[field."ete.benefits"]
name = "Benefits"
category = "ete"
"""


def grant(
    to: str = '["police"]',
    acting: str = '["practitioner"]',
    can: str = '["read"]',
    what: str = '["category:identity"]',
    more: str = "",
) -> str:
    return GRANT.format(to=to, acting=acting, can=can, what=what, more=more)


def swap(old: str, new: str, after: str = "") -> str:
    at = TEXT.index(old, TEXT.index(after))
    return TEXT[:at] + new + TEXT[at + len(old) :]


EMERGENCY = '{ do = "review", by = "next-working-day" }'
TRIPS = {
    "L01": TEXT + '[category.mappa]\nname = "M"\nsensitivity = "official"\nowners = ["police"]\n'
    'retention = { after = "x", period = "P1Y", then = "erase" }\n',
    "L02": swap(', "category:intelligence"]', "]", 'no = "8.2"'),
    "L10": TEXT + grant(),
    "L11": swap('condition = "DPA 2018 Sch 1 para 10"\n', ""),
    "L12": swap('from = ["health"]', 'from = ["health"]', 'no = "5.10"').replace(
        'not_from = ["health"]', 'not_from = ["@case_working"]'
    ),
    "L13": swap("regime_change = true\n", "", 'no = "5.1"'),
    "L14": swap('"cda115", "confidence"]', '"cda115"]', 'no = "5.10"').replace("deny 1.4 near 5.10", "permit 5.10"),
    "L15": TEXT + DWP + grant(what='["category:ete"]', more='gateway = ["cda115"]'),
    "L16": swap('acts_for = "council"\ncontract = "Contract 12 of 2026"\n', "").replace('needs = ["contracted"]\n', ""),
    "L17": swap('contract = "Contract 12 of 2026"\n', ""),
    "L20": swap(" while {when}", "", 'no = "5.1"'),
    "L30": swap(f", {EMERGENCY}", "").replace("justify notify review", "justify notify"),
    "L31": swap('acting = ["@case_workers"]', 'acting = ["@case_workers", "attendee"]', 'no = "8.2"'),
    "L32": swap(
        'note = "Whether the person engages helps others to plan; the diagnosis does not leave the trust."\n', ""
    ),
    "L33": swap('retention = { after = "deselection", period = "P1Y", then = "erase" }\n', ""),
    "L34": swap('["read"]', '["read", "export"]', 'no = "5.11"'),
    "L35": swap('"coordinator"]', '"coordinator", "attendee"]', 'no = "5.1"'),
    "L36": swap('[log]\nretention = { after = "year_end", period = "P6Y", then = "erase" }\nclause = "9.31"\n', ""),
    "L37": swap('after = "deselection", period = "P1Y"', 'after = "deselection", period = "P6Y1M"'),
    "L38": swap('clause = "9.31"', 'clause = "9.32"'),
    "L40": TEXT + grant(acting='["dpo"]', more='gateway = ["cda115"]'),
    "L41": TEXT + grant(more='gateway = ["cda115"]\nregime_change = true\nwhen = ["assigned", "case_open"]'),
    "L42": TEXT + DWP,
    "L43": TEXT
    + grant(to='["council"]', what='["category:intelligence"]', more='gateway = ["cda115"]\ncondition = "x"'),
}


def codes(text: str) -> set[str]:
    return {finding.code for finding in lint(loads(text))}


def test_the_small_agreement_is_clean():
    assert lint(load(SMALL), date(2026, 11, 22)) == []


@pytest.mark.parametrize("code", sorted(TRIPS))
def test_each_code_is_tripped(code):
    assert code in codes(TRIPS[code])


HEALTH = {"to": '["bridges"]', "what": '["category:health_engagement"]'}
OWNED = 'from = ["health"]\ncondition = "x"\ngateway = '


def test_a_charity_needs_both_locks():
    """An override of confidence is no contract, and a contract does not lift confidence."""
    open_to_all = TEXT.replace('not_from = ["health"]\n', "")
    for gateway, missing in (
        ('["confidence"]', {"L16"}),
        ('["contract"]', {"L14"}),
        ('["contract", "confidence"]', set[str]()),
    ):
        assert codes(open_to_all + grant(**HEALTH, more=OWNED + gateway)) & {"L14", "L16"} == missing, gateway


def test_expiry_and_review_are_told_by_the_day():
    made = load(SMALL)
    assert [f.message for f in lint(made, date(2027, 3, 2))] == ["its review is overdue (review_by = 2027-03-01)"]
    assert {f.code for f in lint(made, date(2028, 3, 2))} == {"L18"}
    assert lint(made, date(2027, 3, 1)) == []


def test_no_code_is_without_a_test():
    assert set(RULES) == set(TRIPS) | {"L18"}


def test_a_finding_points_at_its_line():
    (finding,) = lint(loads(swap("regime_change = true\n", "", 'no = "5.1"')))
    assert TEXT.split("\n")[finding.line - 1] == "[[clause]]"
    assert TEXT.split("\n")[finding.line] == 'no = "5.1"'
    assert str(finding).startswith(f"line {finding.line}: L13 clause 5.1")
