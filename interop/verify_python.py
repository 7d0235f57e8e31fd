"""Asks sigstore-python about bundles, offline and by its default policy.

Reads one question a line (JSON: bundle, artifact and root are paths; identity and issuer), answers one
line each. A whole run of hundreds of bundles costs one start of the interpreter.

What the library leaves to its caller is done here as its own command line does it: a bundle with an
envelope is asked with `verify_dsse`, the payload type must be in-toto's, and a subject of the statement
must be the artifact.
"""

import hashlib
import importlib.metadata
import json
import sys
from functools import cache
from pathlib import Path

from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity


@cache
def verifier(root):
    return Verifier(trusted_root=TrustedRoot.from_file(root))


def about(payload, artifact):
    digest = hashlib.sha256(artifact).hexdigest()
    subjects = json.loads(payload)["subject"]
    if not any(subject["digest"].get("sha256") == digest for subject in subjects):
        raise ValueError("no subject of the statement is the artifact")


def verify(question):
    bundle = Bundle.from_json(Path(question["bundle"]).read_bytes())
    artifact = Path(question["artifact"]).read_bytes()
    policy = Identity(identity=question["identity"], issuer=question["issuer"])
    asked = verifier(question["root"])
    if bundle._inner.dsse_envelope is None:
        asked.verify_artifact(artifact, bundle, policy)
        return
    kind, payload = asked.verify_dsse(bundle, policy)
    if kind != "application/vnd.in-toto+json":
        raise ValueError("the payload is not of in-toto's type")
    about(payload, artifact)


def answer(question):
    try:
        verify(question)
    except Exception as error:  # Whatever it raises, it did not accept.
        return {"verdict": "refused", "why": f"{type(error).__name__}: {error}"}
    return {"verdict": "ok"}


print(json.dumps({"verifier": "sigstore-python", "version": importlib.metadata.version("sigstore")}))
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
