"""Asks the classes that other projects publish for predicates whether they can read ours.

Reads evidence (one bundle a line) and prints one line of JSON for each: predicate type, and `ok`, `refused`
with why, or `unknown` where nobody publishes a class. in-toto's classes are made from its protobuf files; SPDX
has a parser and validator of its own.
"""

import base64
import json
import sys
import tempfile
from pathlib import Path

from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.predicates.scai.v0 import scai_pb2
from in_toto_attestation.predicates.scai.v0.scai import AttributeAssertion
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.predicates.vsa.v1 import vsa_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from spdx_tools.spdx.parser.json import json_parser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document


def descriptors(found):
    for one in found:
        ResourceDescriptor.copy_from_pb(one).validate()


def parse(predicate, message):
    # Parsing rules of in-toto: fields that are not known are ignored.
    return json_format.ParseDict(predicate, message, ignore_unknown_fields=True)


def provenance(predicate):
    message = parse(predicate, provenance_pb2.Provenance())
    assert message.build_definition.build_type and message.run_details.builder.id
    assert message.run_details.metadata.invocation_id
    assert len(message.build_definition.external_parameters) > 0
    descriptors(message.build_definition.resolved_dependencies)
    descriptors(message.run_details.byproducts)


def summary(predicate):
    # In this version of the class the levels are one string, unlike in the specification.
    levels = predicate.pop("verifiedLevels")
    assert levels and all(isinstance(level, str) for level in levels)
    message = parse(predicate, vsa_pb2.VerificationSummary())
    assert message.verifier.id and message.resource_uri and message.policy.uri
    assert message.verification_result in ("PASSED", "FAILED")
    assert all(one.digest for one in message.input_attestations)


def attributes(predicate):
    # The report's own `copy_from_pb` fails in this version, whatever it is given; its parts can be asked.
    message = parse(predicate, scai_pb2.AttributeReport())
    assert message.attributes
    for one in message.attributes:
        AttributeAssertion.copy_from_pb(one).validate()
    descriptors([message.producer])


def test_result(predicate):
    message = parse(predicate, test_result_pb2.TestResult())
    assert message.result in ("PASSED", "WARNED", "FAILED")
    descriptors(message.configuration)


def spdx(predicate):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "document.spdx.json")
        path.write_text(json.dumps(predicate))
        problems = validate_full_spdx_document(json_parser.parse_from_file(str(path)))
    if problems:
        raise ValueError("; ".join(problem.validation_message for problem in problems[:5]))


KNOWN = {
    "https://slsa.dev/provenance/v1": provenance,
    "https://slsa.dev/verification_summary/v1": summary,
    "https://in-toto.io/attestation/scai/attribute-report/v0.2": attributes,
    "https://in-toto.io/attestation/test-result/v0.1": test_result,
    "https://spdx.dev/Document/v2.3": spdx,
}


def answer(line):
    payload = base64.b64decode(json.loads(line)["dsseEnvelope"]["payload"])
    statement = json.loads(payload)
    kind = statement["predicateType"]
    try:
        Statement.copy_from_pb(json_format.Parse(payload, statement_pb2.Statement())).validate()
        check = KNOWN.get(kind)
        if check is not None:
            check(statement["predicate"])
    except Exception as error:  # Whatever it raises, it did not accept.
        return {"type": kind, "verdict": "refused", "why": f"{type(error).__name__}: {error}"}
    return {"type": kind, "verdict": "ok" if check else "unknown"}


for line in sys.stdin:
    print(json.dumps(answer(line)), flush=True)
