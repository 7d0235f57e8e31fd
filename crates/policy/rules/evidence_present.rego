# Nothing passes by absence: what was expected must be there, whole, fresh and from the pinned tool.
package proofhouse.gate.evidence_present

import rego.v1

title := "Every expected piece of evidence is present, complete, fresh and from the pinned tool"

exceptable := true

label(e) := sprintf("%s scan", [e.technique]) if e.technique

label(e) := sprintf("%s %s", [e.kind, e.name]) if {
	not e.technique
	e.name
}

label(e) := e.kind if {
	not e.technique
	not e.name
}

matches(e, s) if {
	s.kind == e.kind
	object.get(e, "technique", "") in {"", object.get(s, "technique", "")}
	object.get(e, "name", "") in {"", object.get(s, "name", "")}
	object.get(e, "origin", "") in {"", object.get(s, "origin", "")}
}

right_tool(e, s) if not e.tool

right_tool(e, s) if {
	s.tool.name == e.tool.name
	s.tool.version == e.tool.version
	object.get(s.tool, "digest", "") == object.get(e.tool, "digest", "")
}

fresh(e, s) if not e.maxAgeSeconds

fresh(e, s) if {
	s.ageSeconds <= e.maxAgeSeconds
	s.ageSeconds >= -300
}

candidates(e) := [s | some s in input.statements; matches(e, s)]

from_right_tool(e) := [s | some s in candidates(e); right_tool(e, s)]

deny contains {"code": "evidence-missing", "message": sprintf("%s: expected, but there is none", [label(e)])} if {
	some e in input.expected
	count(candidates(e)) == 0
}

deny contains {"code": "evidence-incomplete", "message": message} if {
	some e in input.expected
	some s in candidates(e)
	not s.complete
	message := sprintf("%s: incomplete (%s)", [label(e), object.get(s, "incompleteBecause", "no coverage stated")])
}

deny contains {"code": "evidence-wrong-tool", "message": sprintf("%s: made by another tool or version than the pinned one", [label(e)])} if {
	some e in input.expected
	count(candidates(e)) > 0
	count(from_right_tool(e)) == 0
}

deny contains {"code": "evidence-stale", "message": message} if {
	some e in input.expected
	count(from_right_tool(e)) > 0
	count([s | some s in from_right_tool(e); fresh(e, s)]) == 0
	message := sprintf("%s: older than %d s, or dated in the future", [label(e), e.maxAgeSeconds])
}

deny contains {"code": "evidence-nothing-expected", "message": "the gate expects no evidence at all, so it cannot decide"} if count(input.expected) == 0

looked_at contains sprintf("expected: %s", [label(e)]) if some e in input.expected

looked_at contains sprintf("%s: %s", [label(e), s.remark]) if {
	some e in input.expected
	some s in candidates(e)
	s.remark
}
