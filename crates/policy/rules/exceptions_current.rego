# Exceptions end. An ended one is told, so that nobody wonders why a gate blocks again.
package proofhouse.gate.exceptions_current

import rego.v1

title := "Exceptions in force are known, and those that ended are told"

exceptable := false

warn contains {"code": "exception-expired", "message": sprintf("the exception of %s (\"%s\") ended on %s", [e.by, e.reason, e.expires])} if {
	some e in input.exceptions
	e.expires <= input.now
}

warn contains {"code": "exception-unentitled", "message": sprintf("the exception of %s (\"%s\", ledger entry %d) counts for nothing: it takes one of the roles %s", [e.by, e.reason, e.index, concat(", ", object.get(input.settings, "accepting", []))])} if {
	some e in input.exceptions
	e.unentitled
	e.expires > input.now
}

looked_at contains sprintf("exception %d by %s until %s", [e.index, e.by, e.expires]) if some e in input.exceptions
