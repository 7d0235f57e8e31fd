# The technology catalogue that the project names: technologies on hold, versions that are not allowed, what is in
# no entry, and reviews that are overdue. A denial with a grace day warns until that day (UTC) is over. A project
# that names a catalogue and has none, or nothing to hold against it, is denied.
package proofhouse.gate.technologies

import rego.v1

title := "What is shipped is in the technology catalogue, where the project names one"

exceptable := true

facts := input.technologies

today := substring(input.now, 0, 10)

# A grace day that is not a day would never be over; it is none.
in_grace(v) if {
	regex.match(`^\d{4}-\d{2}-\d{2}$`, v.until)
	today <= v.until
}

warns(v) if v.enforce == "warn"

warns(v) if in_grace(v)

deny contains {"code": "catalogue-unusable", "message": sprintf("the technology catalogue %s cannot be used: %s", [facts.catalogue, facts.unusable])} if {
	facts.unusable
}

deny contains {"code": "catalogue-unusable", "message": sprintf("the technology catalogue %s is not pinned by a digest", [facts.catalogue])} if {
	facts
	not facts.digest
	not facts.unusable
}

deny contains {"code": "catalogue-without-sbom", "message": sprintf("no bill of materials of this run can be held against %s", [facts.catalogue])} if {
	count(facts.sboms) == 0
}

deny contains {"code": "catalogue-sbom-partial", "message": sprintf("the bill of materials has a gap: %s", [gap])} if {
	some gap in facts.gaps
}

deny contains {"code": v.code, "message": v.message} if {
	some v in facts.violations
	not warns(v)
}

warn contains {"code": v.code, "message": v.message} if {
	some v in facts.violations
	warns(v)
}

looked_at contains sprintf("%s: %d listed, %d unlisted, %d violations", [facts.catalogue, facts.listed, facts.unlisted, count(facts.violations)])

looked_at contains sprintf("catalogue sha256:%s", [facts.digest])

looked_at contains "the project names no catalogue" if not input.technologies
