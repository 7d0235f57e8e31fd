"""Issuers of identity tokens on loopback: a real OpenID provider (oidc-provider-mock) and its code flow,
and beside it tokens made with joserfc for everything that a provider would not issue.

First argument: the claims of a job, JSON. Second: where to write the certificate of the issuer that speaks
https. Prints one line of JSON: addresses and tokens by name. Ends with
its standard input.
"""

import base64
import datetime
import hashlib
import hmac
import http.server
import json
import ssl
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import oidc_provider_mock
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

CLAIMS = json.loads(sys.argv[1])
AUDIENCE = "proofhouse"
KEYS = {
    "rs": RSAKey.generate_key(2048, {"kid": "rs", "use": "sig", "alg": "RS256"}),
    "es": ECKey.generate_key("P-256", {"kid": "es", "use": "sig", "alg": "ES256"}),
    "ed": OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig", "alg": "EdDSA"}),
    "enc": RSAKey.generate_key(2048, {"kid": "enc"}),
    "weak": RSAKey.generate_key(1024, {"kid": "weak", "use": "sig", "alg": "RS256"}),
}
PUBLIC = {"keys": [key.as_dict(private=False) for key in KEYS.values()]}
PUBLIC["keys"][3]["use"] = "enc"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def code_flow(issuer):
    """The ID token of the provider, by the authorization code flow with a confidential client."""
    query = {"client_id": AUDIENCE, "redirect_uri": "http://127.0.0.1/back", "response_type": "code",
             "scope": "openid", "nonce": "n"}
    address = f"{issuer}/oauth2/authorize?{urllib.parse.urlencode(query)}"
    try:
        opener = urllib.request.build_opener(NoRedirect)
        opener.open(address, urllib.parse.urlencode({"sub": CLAIMS["sub"]}).encode())
        raise SystemExit("no code")
    except urllib.error.HTTPError as answer:
        back = urllib.parse.urlparse(answer.headers["Location"])
    form = {"grant_type": "authorization_code", "code": urllib.parse.parse_qs(back.query)["code"][0],
            "redirect_uri": query["redirect_uri"], "client_id": AUDIENCE, "client_secret": "any"}
    with urllib.request.urlopen(f"{issuer}/oauth2/token", urllib.parse.urlencode(form).encode()) as answer:
        return json.load(answer)["id_token"]


def part(value):
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def tokens(issuer):
    now = int(time.time())
    claims = CLAIMS | {"iss": issuer, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 600}
    algorithms = ["RS256", "ES256", "EdDSA", "HS256", "PS256"]

    def made(key="rs", alg="RS256", header=None, **more):
        what = {name: value for name, value in (claims | more).items() if value is not None}
        head = {"alg": alg, "kid": key, "typ": "JWT"} | (header or {})
        return jwt.encode(head, what, KEYS[key], algorithms=algorithms)

    def signed_text(text):
        """A token whose payload no library would write."""
        from joserfc import jws
        return jws.serialize_compact({"alg": "RS256", "kid": "rs"}, text, KEYS["rs"])

    good = made()
    head, body, signature = good.split(".")
    shared = f'{part({"alg": "HS256", "kid": "rs"})}.{body}'
    mac = hmac.new(KEYS["rs"].as_pem(private=False), shared.encode(), hashlib.sha256).digest()
    twice = json.dumps(claims)[:-1] + ', "repository": "evil/app"}'
    return {
        "rs": good,
        "es": made("es", "ES256"),
        "ed": made("ed", "EdDSA"),
        "none": f'{part({"alg": "none", "kid": "rs"})}.{body}.',
        "none-cased": f'{part({"alg": "NoNe", "kid": "rs"})}.{body}.{signature}',
        "public-key-as-secret": f"{shared}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}",
        "pss": made("enc", "PS256", header={"kid": "rs"}),
        "expired": made(iat=now - 7200, nbf=now - 7200, exp=now - 3600),
        "endless": made(exp=None),
        "not-yet": made(nbf=now + 3600),
        "from-the-future": made(iat=now + 3600),
        "other-audience": made(aud="somebody-else"),
        "two-audiences": made(aud=[AUDIENCE, "somebody-else"]),
        "other-issuer": made(iss="https://evil.example"),
        "key-of-another": made("es", "ES256", header={"kid": "rs"}),
        "unknown-key": made(header={"kid": "gone"}),
        "no-key": f'{part({"alg": "RS256"})}.{body}.{signature}',
        "encryption-key": made("enc", header={"kid": "enc"}),
        "weak-key": made("weak", header={"kid": "weak"}),
        "own-key": made("rs", header={"jwk": KEYS["enc"].as_dict(private=False), "kid": "es"}),
        "changed": f'{head}.{part(json.loads(base64.urlsafe_b64decode(body + "==")) | {"actor": "eve"})}.{signature}',
        "critical": f'{part({"alg": "RS256", "kid": "rs", "crit": ["x"]})}.{body}.{signature}',
        "twice": signed_text(twice),
        "deep": signed_text('{"a":' + "[" * 200 + "]" * 200 + "}"),
        "huge": made(padding="x" * 40000),
        "cut": f"{head}.{body}",
        "other-commit": made(sha="0" * 40),
        "other-repository": made(repository="evil/app"),
        "no-subject": made(sub=None),
    }


class Server(http.server.BaseHTTPRequestHandler):
    """Below one path each: a good issuer, and bad ones. Also the service that hands a job its token."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        base = self.server.base
        address = urllib.parse.urlparse(self.path)
        _, place, *rest = address.path.split("/")
        issuer = f"{base}/{place}"
        if place == "service":
            query = urllib.parse.parse_qs(address.query)
            known = self.headers["Authorization"] == "Bearer of-this-job" and query.get("audience") == [AUDIENCE]
            return self.answer({"value": TOKENS["rs"]}) if known else self.answer({}, 401)
        if rest == [".well-known", "openid-configuration"]:
            if place == "redirecting":
                return self.answer({}, 302, {"Location": f"{base}/own/.well-known/openid-configuration"})
            keys = {"keys-redirecting": f"{issuer}/away", "keys-by-file": "file:///etc/passwd",
                    "keys-elsewhere": "http://169.254.169.254/keys"}.get(place, f"{issuer}/keys")
            return self.answer({"issuer": f"{base}/own" if place == "lying" else issuer, "jwks_uri": keys})
        if rest == ["away"]:
            return self.answer({}, 307, {"Location": f"{base}/own/keys"})
        if place == "many":
            return self.answer({"keys": [dict(PUBLIC["keys"][0], kid=str(n), n="AQAB") for n in range(10000)]})
        if place == "same-names":
            return self.answer({"keys": [PUBLIC["keys"][0], dict(PUBLIC["keys"][3], kid="rs", use="sig")]})
        if place == "endless":
            return self.answer({"keys": [], "x": "y" * (4 << 20)})
        return self.answer(PUBLIC)

    def answer(self, value, status=200, headers=None):
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


BAD = ["redirecting", "keys-redirecting", "keys-by-file", "keys-elsewhere", "lying", "many", "same-names", "endless"]


def serve(scheme, host, secure=None):
    """Answers from now on; the address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.base = f"{scheme}://{host}:{server.server_port}"
    if secure:
        server.socket = secure.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.base


def certified(place):
    """TLS for `localhost`, by a certificate of its own that is written to a file with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
    made = made.not_valid_after(now + datetime.timedelta(hours=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    certificate = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    with open(place, "wb") as file:
        file.write(certificate)
    with open(place + ".key", "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()))
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(place, place + ".key")
    return secure


base = serve("http", "127.0.0.1")
secure = serve("https", "localhost", certified(sys.argv[2]))
TOKENS = tokens(f"{base}/own")
user = oidc_provider_mock.User(sub=CLAIMS["sub"], claims=CLAIMS)
with oidc_provider_mock.run_server_in_thread(user_claims=[user]) as provider:
    issuer = f"http://localhost:{provider.server_port}"
    print(json.dumps({
        "base": base, "tokens": TOKENS, "keys": PUBLIC,
        "bad": {place: tokens(f"{base}/{place}")["rs"] for place in BAD},
        "secure": {"issuer": f"{secure}/own", "token": tokens(f"{secure}/own")["es"]},
        "provider": {"issuer": issuer, "token": code_flow(issuer)},
    }), flush=True)
    sys.stdin.read()
