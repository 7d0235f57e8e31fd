# Open weaknesses at or above the environment's threshold stop it; lower ones are told.
package proofhouse.gate.findings_threshold

import rego.v1

title := "No open weakness at or above the environment's threshold, unless excepted"

exceptable := true

rank := {"info": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}

weaknesses := [f | some f in input.findings; f.technique != "secrets"]

blocks(f) if rank[f.severity] >= rank[input.settings.block]

reason(f) := {
	"code": sprintf("finding-%s", [f.severity]),
	"message": sprintf("%s: %s at %s (%s %s)", [f.severity, f.title, f.place, f.scanner, f.rule]),
	"findings": [f.id],
}

deny contains reason(f) if {
	some f in weaknesses
	blocks(f)
}

warn contains reason(f) if {
	some f in weaknesses
	not blocks(f)
	rank[f.severity] >= rank[input.settings.warn]
}

looked_at contains sprintf("%d open findings; block at %s, warn at %s", [count(weaknesses), threshold("block"), threshold("warn")])

threshold(name) := input.settings[name] if input.settings[name]

threshold(name) := "never" if not input.settings[name]
