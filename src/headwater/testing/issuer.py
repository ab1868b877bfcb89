"""An issuer of tokens on this machine: discovery, keys that it rotates, tokens true and forged."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

AUDIENCE = "headwater"
DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"
LIFETIME = 3600

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Issuer:
    """Signs with its newest key. `asked` are the paths that were fetched, `documents` what is answered
    instead of the truth: (status, body, headers) by path."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.keys: dict[str, Private] = {}
        self.asked: list[str] = []
        self.documents: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.rotate("one")

    def rotate(self, number: str, key: Private | None = None, *, keep: bool = False) -> None:
        """From now on it signs with this key; others are forgotten unless kept."""
        kept = self.keys if keep else {}
        self.keys = kept | {number: key or ec.generate_private_key(ec.SECP256R1())}

    def claims(self, now: datetime, **claims: Any) -> dict[str, Any]:
        """What a token says; a claim of None is left out."""
        at = int(now.timestamp())
        said = {"iss": self.root, "aud": AUDIENCE, "sub": "person-1", "iat": at, "exp": at + LIFETIME}
        return {name: value for name, value in (said | claims).items() if value is not None}

    def token(self, now: datetime, **claims: Any) -> str:
        """A true token."""
        number, key = list(self.keys.items())[-1]
        algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(self.claims(now, **claims), key, algorithm, headers={"kid": number})

    def key_set(self) -> list[dict[str, Any]]:
        """Its public keys, as it publishes them."""
        return [
            orjson.loads(
                RSAAlgorithm.to_jwk(key.public_key())
                if isinstance(key, rsa.RSAPrivateKey)
                else ECAlgorithm.to_jwk(key.public_key())
            )
            | {"kid": number, "use": "sig"}
            for number, key in self.keys.items()
        ]

    def answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        """What is said at a path."""
        self.asked.append(path)
        if path in self.documents:
            return self.documents[path]
        if path == DISCOVERY:
            return 200, orjson.dumps({"issuer": self.root, "jwks_uri": f"{self.root}{KEYS}"}), {}
        if path == KEYS:
            return 200, orjson.dumps({"keys": self.key_set()}), {}
        return 404, b"", {}


@contextmanager
def issuing() -> Iterator[Issuer]:
    """An issuer that answers while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, headers = issuer.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
