# A deployment must be traceable to one commit.
package proofhouse.gate.source_clean

import rego.v1

title := "The source is exactly one commit"

exceptable := true

problem contains {"code": "source-dirty", "message": "the source differed from its commit when it was built"} if input.source.dirty

problem contains {"code": "source-no-commit", "message": "the source is not in version control"} if not input.source.commit

deny contains p if {
	some p in problem
	input.settings.requireCleanSource
}

warn contains p if {
	some p in problem
	not input.settings.requireCleanSource
}

looked_at contains sprintf("commit %s", [input.source.commit]) if input.source.commit
