#!/usr/bin/env bash
# Runs Proofhouse on real projects, as a newcomer does, and prints the table of projects.md.
#
#   docs/evidence/projects.sh PROOFHOUSE FOLDER [PROJECT...]
#
# PROOFHOUSE is the binary, FOLDER a folder that is made. The projects come as source from the package
# registries that pip, npm and cargo are configured for; without one of the three its projects are left
# out. Each project gets a folder and an installation of its own:
#
#   1. `proofhouse init && proofhouse plan && proofhouse run`, and `run` again: nothing is edited
#   2. `findings`, `ledger verify`, and `verify` of an artifact that `outputs --to` wrote
#   3. the file is committed with an environment for the artifact, `run` and `gate explain` once more
#
# Everything that was printed stays in FOLDER/PROJECT/*.log and *.json.
set -euo pipefail

proofhouse=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
shift 2

# ecosystem, name, version, artifact
projects=(
    "python itsdangerous 2.2.0 dist/itsdangerous-2.2.0-py3-none-any.whl"
    "python markupsafe 2.1.5 -"
    "python flask 3.0.3 dist/flask-3.0.3-py3-none-any.whl"
    "node ms 2.1.3 dist/ms-2.1.3.tgz"
    "node minimist 1.2.8 dist/minimist-1.2.8.tgz"
    "node date-fns 3.6.0 dist/date-fns-3.6.0.tgz"
    "rust itoa 1.0.11 target/release/libitoa.rlib"
    "rust libc 0.2.155 target/release/liblibc.rlib"
    "rust hexyl 0.14.0 target/release/hexyl"
)

# Puts the source of a project into a new folder.
fetch() {
    local ecosystem=$1 name=$2 version=$3 to=$4 download
    download=$(mktemp -d "$folder/download-XXXXXX")
    mkdir -p "$to"
    case $ecosystem in
    python)
        python3 -m pip download --quiet --no-binary :all: --no-deps --dest "$download" "$name==$version"
        tar -xzf "$download"/*.tar.gz -C "$to" --strip-components=1
        ;;
    node)
        (cd "$download" && npm pack --silent "$name@$version" >/dev/null)
        tar -xzf "$download"/*.tgz -C "$to" --strip-components=1
        ;;
    rust)
        mkdir "$download/src"
        touch "$download/src/lib.rs"
        printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n%s = "=%s"\n' \
            "$name" "$version" >"$download/Cargo.toml"
        (cd "$download" && CARGO_HOME="$download/home" cargo fetch --quiet 2>/dev/null)
        tar -xzf "$download"/home/registry/cache/*/"$name-$version.crate" -C "$to" --strip-components=1
        ;;
    esac
    rm -rf "$download"
}

# Runs a command, with its output and exit status in files, and its time in milliseconds in $took.
took=0
timed() {
    local log=$1 start
    shift
    start=$(date +%s%N)
    "$@" >"$log.json" 2>"$log.log" && echo 0 >"$log.status" || echo $? >"$log.status"
    took=$((($(date +%s%N) - start) / 1000000))
    echo "$took" >"$log.time"
}

commit() {
    git add --all
    git -c user.name=Newcomer -c user.email=newcomer@localhost -c commit.gpgsign=false \
        commit --quiet --allow-empty -m "$1"
}

try() {
    local ecosystem=$1 name=$2 version=$3 artifact=$4 at
    at="$folder/$name"
    rm -rf "$at"
    mkdir -p "$at"
    fetch "$ecosystem" "$name" "$version" "$at/source"
    find "$at/source" -type f | wc -l >"$at/files"
    export PROOFHOUSE_HOME="$at/home"
    cd "$at/source"

    timed "$at/init" "$proofhouse" init --format json
    timed "$at/plan" "$proofhouse" plan --format json
    timed "$at/run1" "$proofhouse" run --format json
    timed "$at/run2" "$proofhouse" run --format json
    timed "$at/findings" "$proofhouse" findings --most 100000 --format json
    timed "$at/ledger" "$proofhouse" ledger verify --format json

    # A run that failed has no artifact to deploy.
    if [ "$artifact" = - ]; then
        artifact=$("$proofhouse" outputs --format json 2>/dev/null | python3 -c '
import json, sys
files = [o["path"] for o in json.load(sys.stdin) if not o["directory"]]
print(next((f for f in files if f.startswith("dist/")), "-"))' || echo -)
    fi
    timed "$at/outputs" "$proofhouse" outputs --to "$at/out"
    timed "$at/verify" "$proofhouse" verify "$at/out/$artifact" --format json
    printf '\nenvironments:\n  staging:\n    driver: host\n    artifact: %s\n    run: [python3, -m, http.server, "{port}"]\n    port: 18099\n' \
        "$artifact" >>proofhouse.yaml
    git init --quiet .
    commit "With an environment"
    timed "$at/run3" "$proofhouse" run --format json
    timed "$at/gate" "$proofhouse" gate explain staging --format json
    cd "$folder"
}

report() {
    python3 - "$folder" "$@" <<'END'
import json, pathlib, sys

folder, projects = pathlib.Path(sys.argv[1]), [p.split() for p in sys.argv[2:]]


def load(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def row(ecosystem, name, version, _):
    at = folder / name
    text = lambda file: (at / file).read_text().strip()
    seconds = lambda run: f"{int(text(run + '.time')) / 1000:.1f} s"
    first, second = load(at / "run1.json"), load(at / "run2.json")
    if not first or not second:
        return [name, version, ecosystem, "", "", "no run: see run1.log", "", "", "", "", "", ""]
    steps = ", ".join(f"{s['name']} {s['result']}" for s in first["steps"])
    cached = ", ".join(s["name"] for s in second["steps"] if s["cached"]) or "nothing"
    cached = "all" if all(s["cached"] for s in second["steps"]) else cached
    counts = {}
    for finding in load(at / "findings.json") or []:
        finding = finding.get("finding", finding)
        counts[finding["severity"]] = counts.get(finding["severity"], 0) + 1
    order = ["critical", "high", "medium", "low", "info"]
    findings = ", ".join(f"{counts[s]} {s}" for s in order if s in counts) or "none"
    ledger = load(at / "ledger.json") or {}
    statements = ledger.get("stored", {}).get("ledger", {}).get("records", "?")
    intact = "intact" if text("ledger.status") == "0" else "NOT INTACT"
    gate = load(at / "gate.json")
    if gate:
        reasons = [r for rule in gate["verdict"]["rules"] for r in rule.get("reasons", [])]
        denies = sorted({r["code"] for r in reasons if r["outcome"] == "deny"})
        gate = gate["verdict"]["outcome"] + (": " + ", ".join(denies) if denies else "")
    else:
        gate = "no run passed"
    verified = {"0": "verified"}.get(text("verify.status"), "–")
    found = ", ".join((load(at / "init.json") or {}).get("recognised", []))
    isolation = first["steps"][0]["isolation"]
    return [name, version, found, text("files"), steps, first["result"], seconds("run1"),
            f"{seconds('run2')}; cached: {cached}", findings, f"{statements}, {intact}", verified, f"{gate}", isolation]


head = ["project", "version", "recognised", "files", "steps", "run", "first", "second", "findings",
        "statements", "artifact", "gate (default)", "isolation"]
print("| " + " | ".join(head) + " |")
print("|" + "---|" * len(head))
for project in projects:
    print("| " + " | ".join(str(cell) for cell in row(*project)) + " |")
END
}

chosen=()
for project in "${projects[@]}"; do
    read -r ecosystem name version artifact <<<"$project"
    [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
    client=$(case $ecosystem in python) echo python3 ;; node) echo npm ;; rust) echo cargo ;; esac)
    if ! command -v "$client" >/dev/null; then
        echo "$name is left out: $client is not here" >&2
        continue
    fi
    echo "$name $version" >&2
    try "$ecosystem" "$name" "$version" "$artifact"
    chosen+=("$project")
done
[ ${#chosen[@]} -eq 0 ] || report "${chosen[@]}"
