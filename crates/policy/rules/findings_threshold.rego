# Open weaknesses at or above the environment's threshold stop it; lower ones are told.
package proofhouse.gate.findings_threshold

import rego.v1

title := "No open weakness at or above the environment's threshold, unless excepted"

exceptable := true

rank := {"info": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}

all_weaknesses := [f | some f in input.findings; f.technique != "secrets"]

# Somebody with the role judged that it is no risk here, and the environment honours that.
is_left_out(f) if {
	input.settings.honourTriage
	f.judged.holds
}

weaknesses := [f | some f in all_weaknesses; not is_left_out(f)]

looked_at contains sprintf("left out: %s %s at %s (%s %s): %s by %s, ledger entry %d: %s", [f.severity, f.title, f.place, f.scanner, f.rule, f.judged.state, f.judged.by, f.judged.index, f.judged.reason]) if {
	some f in all_weaknesses
	is_left_out(f)
}

looked_at contains sprintf("counted although judged %s by %s (ledger entry %d): %s at %s: %s", [f.judged.state, f.judged.by, f.judged.index, f.title, f.place, f.judged.because]) if {
	some f in weaknesses
	input.settings.honourTriage
	not f.judged.holds
	f.judged.because
}

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
