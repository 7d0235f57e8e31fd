"""moto's server, and the one thing its KMS lacks: `MessageType: DIGEST` (it hashes the digest again).

Started by kms.rs with the Python of moto's environment. Keys, signatures and the check of the requests'
signatures (botocore) are moto's own.
"""

import sys
import threading

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from moto.kms.responses import KmsResponse
from moto.kms.utils import ECDSAPrivateKey
from moto.server import main

asked = threading.local()
answer, sign_message = KmsResponse.sign, ECDSAPrivateKey.sign


def sign(self):
    asked.digest = self._get_param("MessageType") == "DIGEST"
    return answer(self)


def sign_digest(self, message, signing_algorithm):
    if not asked.digest or signing_algorithm != "ECDSA_SHA_256":
        return sign_message(self, message, signing_algorithm)
    return self.private_key.sign(message, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


KmsResponse.sign, ECDSAPrivateKey.sign = sign, sign_digest
main(sys.argv[1:])
