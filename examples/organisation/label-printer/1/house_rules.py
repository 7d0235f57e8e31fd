"""What C of this house does not call, as SARIF."""

import json
import pathlib
import re

NOT_CALLED = {
    "gets": (242, "reads without a limit"),
    "strcpy": (120, "copies without a limit"),
    "sprintf": (120, "writes without a limit"),
    "system": (78, "starts a shell"),
}
RULES = [
    {
        "id": name,
        "shortDescription": {"text": f"{name} {why}"},
        "properties": {"tags": [f"external/cwe/cwe-{cwe}"], "security-severity": "8.0"},
    }
    for name, (cwe, why) in NOT_CALLED.items()
]


def results(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        for name, (_, why) in NOT_CALLED.items():
            if re.search(rf"\b{name}\s*\(", line):
                place = {"artifactLocation": {"uri": path.as_posix()}, "region": {"startLine": number}}
                yield {
                    "ruleId": name,
                    "level": "error",
                    "message": {"text": f"{name} {why}"},
                    "locations": [{"physicalLocation": place}],
                }


if __name__ == "__main__":
    files = sorted(pathlib.Path("src").glob("*.[ch]"))
    run = {
        "tool": {"driver": {"name": "house-rules", "version": "1.0", "rules": RULES}},
        "invocations": [{"executionSuccessful": True}],
        "artifacts": [{"location": {"uri": path.as_posix()}, "roles": ["analysisTarget"]} for path in files],
        "results": [result for path in files for result in results(path)],
    }
    pathlib.Path("house.sarif").write_text(json.dumps({"version": "2.1.0", "runs": [run]}))
    print(f"{len(files)} files, {len(run['results'])} found")
