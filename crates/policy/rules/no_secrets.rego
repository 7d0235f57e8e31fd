# A credential in the source is known to everyone who has the source.
package proofhouse.gate.no_secrets

import rego.v1

title := "No credential is in the source"

exceptable := true

secrets := [f | some f in input.findings; f.technique == "secrets"]

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
