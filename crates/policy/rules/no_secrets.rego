# A credential in the source is known to everyone who has the source.
package proofhouse.gate.no_secrets

import rego.v1

title := "No credential is in the source"

exceptable := true

all_secrets := [f | some f in input.findings; f.technique == "secrets"]

# Somebody with the role judged that it is no risk here, and the environment honours that.
is_left_out(f) if {
	input.settings.honourTriage
	f.judged.holds
}

secrets := [f | some f in all_secrets; not is_left_out(f)]

looked_at contains sprintf("left out: %s %s at %s (%s %s): %s by %s, ledger entry %d: %s", [f.severity, f.title, f.place, f.scanner, f.rule, f.judged.state, f.judged.by, f.judged.index, f.judged.reason]) if {
	some f in all_secrets
	is_left_out(f)
}

looked_at contains sprintf("counted although judged %s by %s (ledger entry %d): %s at %s: %s", [f.judged.state, f.judged.by, f.judged.index, f.title, f.place, f.judged.because]) if {
	some f in secrets
	input.settings.honourTriage
	not f.judged.holds
	f.judged.because
}

reason(f) := {
	"code": "secret-found",
	"message": sprintf("%s at %s (%s)", [f.title, f.place, f.rule]),
	"findings": [f.id],
}

deny contains reason(f) if {
	some f in secrets
	input.settings.blockSecrets
}

warn contains reason(f) if {
	some f in secrets
	not input.settings.blockSecrets
}

looked_at contains sprintf("%d secrets found", [count(secrets)])
