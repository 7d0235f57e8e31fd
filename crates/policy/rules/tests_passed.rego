# Tests that ran must have passed. That they ran at all is evidence_present's concern.
package proofhouse.gate.tests_passed

import rego.v1

title := "Every test step passed"

exceptable := true

deny contains {"code": "test-failed", "message": sprintf("test step %s failed", [t.name])} if {
	some t in input.tests
	not t.passed
}

looked_at contains sprintf("%s: %s", [t.name, outcome(t)]) if some t in input.tests

outcome(t) := "passed" if t.passed

outcome(t) := "failed" if not t.passed
