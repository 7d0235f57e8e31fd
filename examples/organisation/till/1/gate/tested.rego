# Money is moved by nothing that was not tested: a run without tests is refused, whatever else is expected.
package proofhouse.gate.tested

import rego.v1

title := "What moves money was tested"

deny contains {"code": "not-tested", "message": "no test of this run is known"} if count(input.tests) == 0

looked_at contains sprintf("test steps: %d", [count(input.tests)])
