"""Asks in-toto's Python packages about the envelope and the statement in a bundle.

They know nothing of Sigstore bundles: no certificate path, log or time-stamp is looked at, only the
envelope's signature by a key that the caller trusts, and the statement's form. Reads one question a line
(JSON: bundle (or envelope) and artifact are paths; key is PEM of a public key and keyid its name, or
certificate is base64 of DER), answers one line each.

`securesystemslib` finds keys by the `keyid` of a signature. With a name the envelope is read as it is, and must
have that one. DSSE makes it optional, and the key of a certificate has none: a key without a name gets the one
that the signature uses, even if that is none.
"""

import base64
import hashlib
import importlib.metadata
import json
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.protobuf import json_format
from in_toto.models.metadata import Metadata
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.signer import SSlibKey


def public_key(question):
    if question.get("certificate"):
        return x509.load_der_x509_certificate(base64.b64decode(question["certificate"])).public_key()
    return load_pem_public_key(question["key"].encode())


def verify(question):
    document = json.loads(Path(question["bundle"]).read_bytes())
    envelope = document.get("dsseEnvelope", document)
    keyid = question.get("keyid", "")
    if not keyid:
        for signature in envelope["signatures"]:
            keyid = signature.setdefault("keyid", keyid)
    key = SSlibKey.from_crypto(public_key(question), keyid=keyid)
    metadata = Metadata.from_dict(envelope)
    metadata.verify_signature({"keyid": keyid, **key.to_dict()})
    message = json_format.Parse(metadata.payload, statement_pb2.Statement())
    Statement.copy_from_pb(message).validate()
    digest = hashlib.sha256(Path(question["artifact"]).read_bytes()).hexdigest()
    if not any(subject.digest.get("sha256") == digest for subject in message.subject):
        raise ValueError("no subject of the statement is the artifact")


def answer(question):
    try:
        verify(question)
    except Exception as error:  # Whatever it raises, it did not accept.
        return {"verdict": "refused", "why": f"{type(error).__name__}: {error}"}
    return {"verdict": "ok"}


print(json.dumps({"verifier": "in-toto", "version": importlib.metadata.version("in-toto")}))
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
