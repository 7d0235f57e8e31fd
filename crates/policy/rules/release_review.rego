# An environment can demand that people in given roles signed a review of this very release. The review counts as
# long as nothing that it stands on has changed; each role is signed for by another person, and whoever took part
# in the change cannot sign alone.
package proofhouse.gate.release_review

import rego.v1

title := "The people who must have signed the review of this release"

# Whoever may accept the risk can sign the review.
exceptable := false

settings := input.settings.releaseReview

facts := input.releaseReview

is_fresh if facts.ageSeconds <= settings.withinSeconds

deny contains {"code": "release-review-missing", "message": sprintf("no review of this release for %s has been made; it needs %s", [input.environment, concat(", ", settings.roles)])} if {
	settings
	not facts
}

# Whatever the judgement found wrong denies, also a code that this rule does not know.
deny contains {"code": problem.code, "message": problem.message} if {
	settings
	some problem in facts.problems
}

deny contains {"code": "release-review-expired", "message": sprintf("the review of %s is older than this environment allows", [facts.at])} if {
	settings
	facts
	not is_fresh
}

deny contains {"code": "release-review-unsigned-role", "message": sprintf("nobody has signed the review (ledger entry %d) as %s", [facts.index, role])} if {
	settings
	facts
	some role in settings.roles
	not role in {s.role | some s in facts.signatures}
}

# One person counts once, whatever their roles.
deny contains {"code": "release-review-unsigned-role", "message": sprintf("%d people have signed the review, and %d roles must be signed for, each by another person", [count(people), count(settings.roles)])} if {
	settings
	facts
	people := {lower(s.name) | some s in facts.signatures; s.role in settings.roles}
	count(people) < count(settings.roles)
	every role in settings.roles {
		role in {s.role | some s in facts.signatures}
	}
}

deny contains {"code": "release-review-author-alone", "message": "everybody who has signed the review took part in the change; somebody else must sign too"} if {
	settings
	count(facts.signatures) > 0
	every s in facts.signatures {
		s.author != false
	}
}

looked_at contains sprintf("review of %s, ledger entry %d, until %s", [facts.at, facts.index, facts.expires]) if settings

looked_at contains sprintf("signed by %s as %s (%s, ledger entry %d)", [s.name, s.role, s.via, s.index]) if {
	settings
	some s in facts.signatures
}
