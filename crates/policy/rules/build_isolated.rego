# The build ran in the sandbox and reached only what its rules name.
package proofhouse.gate.build_isolated

import rego.v1

title := "The artifact was built in the sandbox, without network unless the environment allows it"

exceptable := true

deny contains {"code": "build-unknown", "message": "no build provenance names this artifact"} if not input.build

deny contains {"code": "build-not-isolated", "message": sprintf("the build ran with isolation %q", [input.build.isolation])} if {
	input.build
	not input.build.isolation in {"root", "rootless"}
}

deny contains {"code": "build-network-allowed", "message": sprintf("the build could reach %s", [concat(", ", input.build.networkAllowed)])} if {
	count(input.build.networkAllowed) > 0
	not input.settings.allowBuildNetwork
}

warn contains {"code": "build-network-refused", "message": sprintf("the build tried to reach %s and was refused", [concat(", ", input.build.networkRefused)])} if {
	count(input.build.networkRefused) > 0
}

warn contains {"code": "build-downloads", "message": sprintf("a step before the build downloaded packages from %s", [concat(", ", input.build.downloadedFrom)])} if {
	count(input.build.downloadedFrom) > 0
	not input.settings.allowBuildNetwork
}

looked_at contains sprintf("isolation %s, builder %s, %d tools", [input.build.isolation, input.build.builder, count(input.build.tools)]) if input.build
