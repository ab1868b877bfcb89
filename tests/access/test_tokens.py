"""Tokens of others: what is believed, and every forgery that is not."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import ValidationError

from headwater.access.tokens import LEEWAY, Issuers, NotBelieved
from headwater.core.errors import RetryLater
from headwater.core.settings import Settings
from headwater.outside.jwks import FRESH, KeySet
from headwater.testing.fakes import FakeClock
from headwater.testing.issuer import AUDIENCE, DISCOVERY, Issuer, issuing
from headwater.wiring.identities import issuers as wired

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
SECRET = "a secret of a project that is long enough"
PROJECT = "https://abc.supabase.co"
RSA = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as found:
        yield found


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def believed(issuer: Issuer, clock: FakeClock) -> Issuers:
    return Issuers(keys=KeySet(issuer.root, clock), audience=AUDIENCE)


@pytest.fixture
def supabase() -> Issuers:
    return Issuers(supabase_secret=SECRET, supabase_issuer=f"{PROJECT}/auth/v1")


def of_supabase(secret: str = SECRET, algorithm: str = "HS256", **claims: object) -> str:
    said = {
        "iss": f"{PROJECT}/auth/v1", "aud": "authenticated", "sub": "u-1", "exp": AT + 60, "role": "authenticated",
        "app_metadata": {"tenant_id": "t", "role": "viewer"}, "user_metadata": {"role": "owner"},
    }  # fmt: skip
    return jwt.encode({k: v for k, v in (said | claims).items() if v is not None}, secret, algorithm)


def by_hand(header: dict[str, object], claims: dict[str, object], secret: bytes) -> str:
    """A token that a library would refuse to make."""
    parts = [base64.urlsafe_b64encode(orjson.dumps(one)).rstrip(b"=") for one in (header, claims)]
    signed = b".".join(parts)
    signature = base64.urlsafe_b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).rstrip(b"=")
    return b".".join([signed, signature if secret else b""]).decode()


async def test_a_true_token_says_who_it_is(issuer, believed):
    found = await believed.identity(issuer.token(NOW, email="a@b.c", email_verified=True), now=NOW)

    assert (found.issuer, found.subject, found.email) == (issuer.root, "person-1", "a@b.c")
    assert found.verified
    assert found.granted is None


@pytest.mark.parametrize(("said", "verified"), [(True, True), ("true", True), (False, False), (None, False), (1, False), ("yes", False), ([True], False)])  # fmt: skip
async def test_an_address_counts_only_where_the_issuer_says_it_is_verified(issuer, believed, said, verified):
    found = await believed.identity(issuer.token(NOW, email="a@b.c", email_verified=said), now=NOW)

    assert found.verified is verified


async def test_an_rsa_key_will_do_and_so_will_one_that_was_rotated_in(issuer, believed, clock):
    await believed.identity(issuer.token(NOW), now=NOW)
    issuer.rotate("two", RSA)
    clock.advance(61)

    assert (await believed.identity(issuer.token(NOW), now=NOW)).subject == "person-1"


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"aud": "somebody-else"}, "audience"),
        ({"aud": None}, "does not say 'aud'"),
        ({"aud": 7}, "audience"),
        ({"iss": "https://evil.example"}, "issuer is another"),
        ({"iss": None}, "issuer is another"),
        ({"exp": AT - int(LEEWAY.total_seconds()) - 1}, "expired"),
        ({"exp": None}, "does not say 'exp'"),
        ({"exp": "soon"}, "no time"),
        ({"exp": True}, "no time"),
        ({"exp": 10**400}, "no time"),
        ({"exp": -1}, "no time"),
        ({"nbf": AT + int(LEEWAY.total_seconds()) + 1}, "not valid yet"),
        ({"nbf": "x"}, "no time"),
        ({"sub": None}, "does not say 'sub'"),
        ({"sub": ""}, "names nobody"),
        ({"sub": "x\0y"}, "names nobody"),
        ({"sub": "x" * 300}, "names nobody"),
    ],
)
async def test_a_token_of_the_wrong_kind_is_not_believed(issuer, believed, claims, why):
    with pytest.raises(NotBelieved, match=why):
        await believed.identity(issuer.token(NOW, **claims), now=NOW)


async def test_clocks_may_differ_a_little(issuer, believed):
    little = int(LEEWAY.total_seconds()) - 1

    assert await believed.identity(issuer.token(NOW, exp=AT - little, nbf=AT + little), now=NOW)


async def test_a_token_without_a_signature_is_not_believed(issuer, believed, supabase):
    claims = issuer.claims(NOW)
    for header in ({"alg": "none", "kid": "one"}, {"alg": "None", "kid": "one"}, {"kid": "one"}):
        with pytest.raises(NotBelieved):
            await believed.identity(by_hand(header, claims, b""), now=NOW)
        with pytest.raises(NotBelieved):
            await supabase.identity(by_hand(header, claims, b""), now=NOW)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_a_public_key_is_no_secret(issuer, believed, algorithm):
    issuer.rotate("rsa", RSA)
    pem = RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    published = orjson.dumps(issuer.key_set()[0])

    for secret in (pem, pem.strip(), published):
        forged = by_hand({"alg": algorithm, "kid": "rsa"}, issuer.claims(NOW), secret)
        with pytest.raises(NotBelieved, match="algorithm"):
            await believed.identity(forged, now=NOW)


@pytest.mark.parametrize("algorithm", ["RS384", "PS256", "RS512"])
async def test_the_algorithm_is_the_keys_and_not_the_tokens(issuer, believed, algorithm):
    issuer.rotate("rsa", RSA)
    forged = jwt.encode(issuer.claims(NOW), RSA, algorithm, headers={"kid": "rsa"})

    with pytest.raises(NotBelieved, match="algorithm"):
        await believed.identity(forged, now=NOW)


async def test_a_key_that_comes_with_the_token_is_not_used(issuer, believed):
    own = ec.generate_private_key(ec.SECP256R1())
    public = orjson.loads(jwt.algorithms.ECAlgorithm.to_jwk(own.public_key()))
    for header in ({"jwk": public}, {"jku": f"{issuer.root}/mine"}, {"x5u": f"{issuer.root}/mine"}):
        forged = jwt.encode(issuer.claims(NOW), own, "ES256", headers={"kid": "one", **header})
        with pytest.raises(NotBelieved, match="signature"):
            await believed.identity(forged, now=NOW)
    assert "/mine" not in issuer.asked


async def test_a_key_of_nobody_and_one_that_was_taken_away_sign_nothing(issuer, believed, clock):
    stolen = issuer.token(NOW)
    unknown = jwt.encode(issuer.claims(NOW), RSA, "RS256", headers={"kid": "nobodys"})
    await believed.identity(stolen, now=NOW)
    issuer.rotate("two")
    clock.advance(FRESH.total_seconds() + 1)

    for forged in (stolen, unknown):
        with pytest.raises(NotBelieved, match="no such key"):
            await believed.identity(forged, now=NOW)


async def test_while_its_keys_cannot_be_had_nobody_is_believed_and_nobody_refused(issuer, believed):
    issuer.documents[DISCOVERY] = (500, b"", {})

    with pytest.raises(RetryLater, match="cannot be had"):
        await believed.identity(issuer.token(NOW), now=NOW)


@pytest.mark.parametrize(
    "text",
    ["", "..", "a.b.c", "a.b", "." * 1000, "я.я.я", "x" * 20_000, "eyJhbGciOiJIUzI1NiJ9..", "\0.\0.\0",
     base64.urlsafe_b64encode(b'{"alg":"HS256"}').decode() + "." + base64.urlsafe_b64encode(b"[" * 5000).decode() + ".x"],
)  # fmt: skip
async def test_what_is_no_token_is_said_to_be_none(believed, supabase, text):
    for one in (believed, supabase):
        with pytest.raises(NotBelieved):
            await one.identity(text, now=NOW)


async def test_a_header_that_must_be_understood_and_is_not_is_refused(supabase):
    claims = orjson.loads(base64.urlsafe_b64decode(of_supabase().split(".")[1] + "=="))

    for header in (
        {"alg": "HS256", "crit": ["new"], "new": 1},
        {"alg": "HS256", "kid": 7},
        {"alg": ["HS256"]},
    ):
        with pytest.raises(NotBelieved):
            await supabase.identity(by_hand(header, claims, SECRET.encode()), now=NOW)


async def test_a_token_of_the_project_says_what_its_administrators_wrote(supabase):
    found = await supabase.identity(of_supabase(email="a@b.c", email_verified=True), now=NOW)

    assert found.granted == {"tenant_id": "t", "role": "viewer"}
    assert not found.verified


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"secret": "another secret that is long enough too"}, "signature"),
        ({"aud": "anon"}, "audience"),
        ({"aud": None}, "does not say 'aud'"),
        ({"iss": "https://other.supabase.co/auth/v1"}, "issuer"),
        ({"iss": None}, "issuer|does not say"),
        ({"exp": AT - 31}, "expired"),
        ({"algorithm": "HS512"}, "algorithm"),
        ({"sub": None}, "does not say 'sub'"),
    ],
)
@pytest.mark.filterwarnings("ignore:The HMAC key")
async def test_a_forged_token_of_a_project_is_not_believed(supabase, words, why):
    with pytest.raises(NotBelieved, match=why):
        await supabase.identity(of_supabase(**words), now=NOW)


async def test_a_project_that_signs_with_keys_is_one_all_the_same(issuer, clock):
    both = Issuers(supabase_issuer=issuer.root, keys=KeySet(issuer.root, clock), audience=AUDIENCE)
    told = await both.identity(issuer.token(NOW, app_metadata={"role": "owner"}), now=NOW)
    untold = await both.identity(issuer.token(NOW, app_metadata="owner"), now=NOW)

    assert told.granted == {"role": "owner"}
    assert untold.granted == {}


async def test_metadata_of_another_issuer_grants_nothing(issuer, believed):
    assert (
        await believed.identity(issuer.token(NOW, app_metadata={"role": "owner"}), now=NOW)
    ).granted is None


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"supabase_jwt_secret": "x" * 31}, "under 32 bytes"),
        ({"supabase_jwt_secret": ""}, "under 32 bytes"),
        ({"oidc_issuer": "https://id.example"}, "for whom"),
        ({"oidc_issuer": "http://id.example", "oidc_audience": "x"}, "https"),
        ({"oidc_issuer": "file:///keys", "oidc_audience": "x"}, "https"),
        ({"supabase_url": "http://abc.supabase.co"}, "https"),
    ],
)
def test_settings_that_would_let_others_in_are_refused(tmp_path, settings, why):
    with pytest.raises(ValidationError, match=why):
        Settings(home=tmp_path, **settings)


async def test_what_settings_name_is_believed_and_without_them_nobody_is(tmp_path, issuer, clock):
    told = Settings(
        home=tmp_path, supabase_url=PROJECT + "/", supabase_jwt_secret=SECRET, oidc_issuer=issuer.root,
        oidc_audience=AUDIENCE,
    )  # fmt: skip
    found = wired(told, clock)

    assert wired(Settings(home=tmp_path), clock) is None
    assert found is not None
    assert (await found.identity(of_supabase(), now=NOW)).subject == "u-1"
    assert (await found.identity(issuer.token(NOW), now=NOW)).subject == "person-1"
