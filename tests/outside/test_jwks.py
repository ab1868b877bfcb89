"""The keys of an issuer: fetched when needed and no more often, rotated, and not believed from anywhere else."""

from collections.abc import Iterator

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from headwater.core.errors import RetryLater
from headwater.outside import jwks
from headwater.outside.jwks import KeySet, secure
from headwater.testing.fakes import FakeClock
from headwater.testing.issuer import DISCOVERY, KEYS, Issuer, issuing

ONCE = [DISCOVERY, KEYS]


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as found:
        yield found


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keys(issuer: Issuer, clock: FakeClock) -> KeySet:
    return KeySet(issuer.root, clock)


async def test_keys_are_fetched_once_and_again_when_they_are_no_longer_fresh(issuer, keys, clock):
    first = await keys.key("one")
    again = await keys.key("one")
    asked = list(issuer.asked)
    clock.advance(jwks.FRESH.total_seconds() + 1)
    await keys.key("one")

    assert first is not None
    assert first.algorithm_name == "ES256"
    assert again is first
    assert asked == ONCE
    assert issuer.asked == ONCE * 2


async def test_a_rotated_key_is_found_at_once_and_unknown_ones_are_not_asked_for_again_and_again(
    issuer, keys, clock
):
    await keys.key("one")
    issuer.rotate("two")
    clock.advance(jwks.APART.total_seconds())

    assert await keys.key("two") is not None
    assert [await keys.key(f"no-{n}") for n in range(50)] == [None] * 50
    assert issuer.asked == ONCE * 2


async def test_a_key_that_the_issuer_took_away_opens_nothing_when_the_others_are_no_longer_fresh(
    issuer, keys, clock
):
    await keys.key("one")
    issuer.rotate("two")

    assert await keys.key("one") is not None
    clock.advance(jwks.FRESH.total_seconds() + 1)
    assert await keys.key("one") is None


async def test_while_the_issuer_is_away_its_keys_are_good_for_an_hour_and_then_it_is_said_so(
    issuer, keys, clock
):
    await keys.key("one")
    issuer.documents[DISCOVERY] = (503, b"", {})
    clock.advance(jwks.FRESH.total_seconds() + 1)

    assert await keys.key("one") is not None
    with pytest.raises(RetryLater, match="HTTP 503"):
        await keys.key("two")
    clock.advance(jwks.STALE.total_seconds())
    with pytest.raises(RetryLater, match="cannot be had"):
        await keys.key("one")
    issuer.documents.clear()
    clock.advance(jwks.APART.total_seconds())
    assert await keys.key("one") is not None


@pytest.mark.parametrize(
    ("path", "answer", "why"),
    [
        (DISCOVERY, (404, b"", {}), "HTTP 404"),
        (DISCOVERY, (302, b"", {"Location": "/elsewhere"}), "HTTP 302"),
        (DISCOVERY, (200, b"<html>", {}), "not JSON"),
        (DISCOVERY, (200, b"[]", {}), "no JSON object"),
        (DISCOVERY, (200, b'{"issuer": "https://other.example"}', {}), "calls itself"),
        (DISCOVERY, (200, b" " * (jwks.LIMIT_BYTES + 1), {}), "larger than"),
        (KEYS, (200, b"\xff\xfe", {}), "not JSON"),
        (KEYS, (500, b"", {}), "HTTP 500"),
    ],
)
async def test_what_cannot_be_used_is_named(issuer, keys, path, answer, why):
    issuer.documents[path] = answer

    with pytest.raises(RetryLater, match=why):
        await keys.key("one")


@pytest.mark.parametrize(
    "place",
    ["http://keys.example/", "file:///etc/passwd", "ftp://x", "", "https://", "http://127.0.0.1.evil/"],
)
async def test_keys_are_asked_for_over_tls_only(issuer, keys, place):
    said = {"issuer": issuer.root, "jwks_uri": place}
    issuer.documents[DISCOVERY] = (200, orjson.dumps(said), {})

    with pytest.raises(RetryLater, match="no https address"):
        await keys.key("one")
    assert not secure(place)


async def test_what_is_no_public_key_for_signatures_is_left_out(issuer, keys):
    private = ec.generate_private_key(ec.SECP256R1())
    short = rsa.generate_private_key(65537, 1024)
    good = issuer.key_set()[0]
    listed = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret", "alg": "HS256"},
        orjson.loads(ECAlgorithm.to_jwk(private)) | {"kid": "private"},
        orjson.loads(RSAAlgorithm.to_jwk(short.public_key())) | {"kid": "short"},
        good | {"kid": "sealing", "use": "enc"},
        good | {"kid": "confused", "alg": "HS256"},
        good | {"kid": ["a", "list"]},
        good | {"kid": "none", "alg": "none"},
        good | {"kid": "listed", "alg": ["ES256"]},
        good | {"kid": "bent", "x": 7},
        {"kid": "empty"},
        "no object",
        good,
    ]
    issuer.documents[KEYS] = (200, orjson.dumps({"keys": listed}), {})

    found = {
        one["kid"]: await keys.key(one["kid"])
        for one in listed
        if isinstance(one, dict) and isinstance(one["kid"], str)
    }

    assert {number for number, key in found.items() if key is not None} == {"one"}


async def test_a_token_without_a_number_means_the_only_key(issuer, keys, clock):
    assert await keys.key(None) is not None

    issuer.rotate("two", keep=True)
    clock.advance(jwks.FRESH.total_seconds() + 1)
    assert await keys.key(None) is None
