# An environment can demand that no periodic review is overdue: of the build process, deployment practice, scanners,
# tools, the technology catalogue and access rights.
package proofhouse.gate.reviews_current

import rego.v1

title := "No periodic review is overdue, where the environment demands it"

exceptable := true

demanded if input.settings.reviewsCurrent == true

reviews := object.get(input, "reviews", [])

deny contains {"code": "reviews-unknown", "message": "it is not known when periodic reviews are due"} if {
	demanded
	count(reviews) == 0
}

# Whatever is not known to be in time is overdue.
deny contains {"code": "review-overdue", "message": sprintf("the review of %s has been due since %s", [review.kind, review.due])} if {
	demanded
	some review in reviews
	review.overdue != false
}

looked_at contains sprintf("%s: due %s", [review.kind, review.due]) if {
	demanded
	some review in reviews
}
