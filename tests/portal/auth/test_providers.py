"""The providers file: everything wrong is said at once, and a user belongs to exactly one party or to none."""

from pathlib import Path

import pytest

from portal.auth.errors import SignInRefused
from portal.auth.providers import Catalogue, PartyRule, Provider, load_catalogue, safe_address
from portal.errors import Misconfigured

GOOD = """format = 1
[[provider]]
id = "police"
name = "Police"
issuer = "https://login.example/tenant"
client_id = "portal"
secret_file = "police.secret"
[[party]]
id = "police"
provider = "police"
equals = "https://login.example/tenant"
"""


def load(folder: Path, text: str, parties=None, demo=False, mode=0o600):
    secret = folder / "police.secret"
    secret.write_text("s" * 32)
    secret.chmod(mode)
    path = folder / "providers.toml"
    path.write_text(text)
    return load_catalogue(path, parties, demo)


def test_a_good_file(tmp_path):
    catalogue = load(tmp_path, GOOD, frozenset({"police"}))
    provider = catalogue.provider("police")
    assert (provider.algorithms, provider.step_up, provider.back_channel_logout) == (["RS256"], "none", False)
    assert catalogue.credential(provider) == "s" * 32
    assert catalogue.party(provider, {"iss": "https://login.example/tenant"}) == "police"
    with pytest.raises(SignInRefused, match="provider-unknown"):
        catalogue.provider("other")


def test_every_error_of_shape_is_named_at_once(tmp_path):
    text = GOOD.replace('"portal"', '""').replace("equals", "equal") + '[[provider]]\nid = "B"\nalgorithms = ["none"]\n'
    with pytest.raises(Misconfigured) as wrong:
        load(tmp_path, text)
    for part in (
        "provider.0.client_id",
        "provider.1.id",
        "provider.1.issuer",
        "provider.1.algorithms",
        "party.0.equal",
    ):
        assert part in str(wrong.value)


def test_every_error_of_sense_is_named_at_once(tmp_path):
    other = GOOD.split("format = 1\n")[1].split("[[party]]")[0].replace("https", "http").replace('"police"', '"two"')
    text = (
        GOOD + other.replace("police.secret", "absent.secret") + '[[party]]\nid = "x"\nprovider = "y"\nequals = "z"\n'
    )
    with pytest.raises(Misconfigured) as wrong:
        load(tmp_path, text, frozenset({"police"}), mode=0o644)
    for part in (
        "provider y is not declared",
        "no agreement knows a party x",
        "provider two: no party rule",
        "provider two: issuer must begin with https://",
        "cannot read absent.secret",
        "police.secret can be read by others",
    ):
        assert part in str(wrong.value)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_algorithms_without_a_public_key_are_no_choice(tmp_path, algorithm):
    with pytest.raises(Misconfigured, match="algorithms"):
        load(tmp_path, GOOD.replace("client_id", f'algorithms = ["{algorithm}"]\nclient_id'))


@pytest.mark.parametrize(
    ("address", "demo", "safe"),
    [
        ("https://login.example/x", False, True),
        ("http://login.example/x", True, False),
        ("http://127.0.0.1:9000/x", True, True),
        ("http://127.0.0.1:9000/x", False, False),
        ("http://127.0.0.1.evil.example/", True, False),
        ("https://user@login.example/", False, False),
        ("javascript:alert(1)", True, False),
        ("https:///x", False, False),
    ],
)
def test_addresses(address, demo, safe):
    assert safe_address(address, demo) is safe


PROVIDER = Provider(id="p", name="P", issuer="https://p.example", client_id="c", secret_file="s")


@pytest.mark.parametrize(
    ("test", "claims", "fits"),
    [
        ({"claim": "tid", "equals": "t1"}, {"tid": "t1"}, True),
        ({"claim": "tid", "equals": "t1"}, {"tid": "T1"}, False),
        ({"claim": "tid", "equals": "t1"}, {"tid": ["t1"]}, False),
        ({"claim": "tid", "equals": "t1"}, {}, False),
        ({"claim": "groups", "contains": "g"}, {"groups": ["f", "g"]}, True),
        ({"claim": "groups", "contains": "g"}, {"groups": "g and more"}, False),
        ({"claim": "email", "email_domain": "a.uk"}, {"email": "x@A.uk", "email_verified": True}, True),
        ({"claim": "email", "email_domain": "a.uk"}, {"email": "x@a.uk", "email_verified": False}, False),
        ({"claim": "email", "email_domain": "a.uk"}, {"email": "x@a.uk"}, False),
        ({"claim": "email", "email_domain": "a.uk"}, {"email": "x@b.a.uk", "email_verified": True}, False),
        ({"claim": "email", "email_domain": "a.uk"}, {"email": "x@evil-a.uk", "email_verified": True}, False),
        ({"claim": "email", "email_domain": "a.uk"}, {"email": "x@evil.uk@a.uk", "email_verified": True}, False),
        ({"claim": "email", "email_domain": "a.uk"}, {"email": "x@a.uk", "email_verified": "yes"}, False),
    ],
)
def test_rules(test, claims, fits, tmp_path):
    catalogue = Catalogue([PROVIDER], [PartyRule(id="a", provider="p", **test)], tmp_path)
    if fits:
        assert catalogue.party(PROVIDER, claims) == "a"
    else:
        with pytest.raises(SignInRefused, match="no-party"):
            catalogue.party(PROVIDER, claims)


def test_two_rules_of_one_party_agree_and_of_two_parties_refuse(tmp_path):
    rules = [
        PartyRule(id=id, provider="p", claim="groups", contains=g) for id, g in (("a", "1"), ("a", "2"), ("b", "3"))
    ]
    other = PartyRule(id="c", provider="q", claim="groups", contains="1")
    catalogue = Catalogue([PROVIDER], [*rules, other], tmp_path)
    assert catalogue.party(PROVIDER, {"groups": ["1", "2"]}) == "a"
    with pytest.raises(SignInRefused, match="two-parties"):
        catalogue.party(PROVIDER, {"groups": ["1", "3"]})
