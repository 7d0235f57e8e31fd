# The security requirements of the demanded milestone are met: tested and passing, waived until a date, or
# not applicable. One whose test did not run is pending, and a milestone without requirements is not reached.
package proofhouse.gate.requirements_met

import rego.v1

title := "The security requirements of the milestone are met"

# Each requirement can be waived by itself, with a reason and a date.
exceptable := false

milestone := input.settings.requirements

demanded := object.get(input, "requirements", [])

met := {"passing", "waived", "not-applicable"}

deny contains {"code": "requirements-none", "message": sprintf("no security requirement belongs to the milestone %s", [milestone])} if {
	milestone
	count(demanded) == 0
}

# Whatever is not known to be met denies, also a state that this rule does not know.
unmet[state] contains r.id if {
	milestone
	some r in demanded
	state := r.state
	not state in met
}

deny contains {"code": sprintf("requirements-%s", [state]), "message": sprintf("milestone %s: %d %s: %s", [milestone, count(ids), state, concat(", ", sort(ids))])} if {
	some state, ids in unmet
}

looked_at contains sprintf("milestone %s: %d of %d requirements met", [milestone, count([r | some r in demanded; r.state in met]), count(demanded)]) if milestone

looked_at contains sprintf("%s %s: %s", [r.id, r.state, r.because]) if {
	milestone
	some r in demanded
	r.state in {"waived", "not-applicable"}
}
