# Only statements that the organisation signed and the ledger contains count.
package proofhouse.gate.evidence_signed

import rego.v1

title := "Every statement relied on is signed by the organisation and proven to be in the ledger"

exceptable := false

deny contains {"code": "evidence-unsigned", "message": sprintf("statement %d (%s): its signature does not verify", [s.index, s.kind])} if {
	some s in input.statements
	not s.signed
}

deny contains {"code": "evidence-unlogged", "message": sprintf("statement %d (%s): not proven to be in the ledger", [s.index, s.kind])} if {
	some s in input.statements
	not s.logged
}

looked_at contains sprintf("%d statements", [count(input.statements)])
