"""Signs a file with sigstore-python: shows that services which are played for the tests speak what a client of
other people expects.

Arguments: signing config, trusted root, file with the identity token, the file, where the bundle goes. The
library has no way for a client without network to be given these, so they are put together here.
"""

import sys
from pathlib import Path

from sigstore.models import SigningConfig, TrustedRoot
from sigstore.oidc import IdentityToken
from sigstore.sign import SigningContext

config, root, token, artifact, bundle = (Path(argument) for argument in sys.argv[1:])
services = SigningConfig.from_file(str(config))
context = SigningContext(
    fulcio=services.get_fulcio(),
    rekor=services.get_tlogs()[0],
    trusted_root=TrustedRoot.from_file(str(root)),
    tsa_clients=services.get_tsas(),
)
with context.signer(IdentityToken(token.read_text())) as signer:
    bundle.write_text(signer.sign_artifact(artifact.read_bytes()).to_json())
