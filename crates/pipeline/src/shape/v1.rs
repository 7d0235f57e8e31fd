//! The table of `proofhouse.yaml`, version 1: every key, what it holds, what it means.

use std::time::Duration;

use super::{Field, Kind, Shape, kinds};
use crate::config::{CoverageReport, StepKind, Trace};

pub(super) const fn field(key: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { key, doc, shape, required: false, default: None }
}

pub(super) const fn required(key: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { key, doc, shape, required: true, default: None }
}

const fn with(key: &'static str, shape: Shape, default: &'static str, doc: &'static str) -> Field {
    Field { key, doc, shape, required: false, default: Some(default) }
}

const fn list(item: &'static Shape) -> Shape {
    Shape::List { item, min: 0, max: 1000 }
}

pub(super) const fn text(kind: &'static Kind) -> Shape {
    Shape::Text(kind)
}

static GLOB: Shape = text(&kinds::GLOB);
static OUTPUT: Shape = text(&kinds::OUTPUT);
static STEP_NAME: Shape = text(&kinds::STEP);
static TOOL_NAME: Shape = text(&kinds::TOOL);
static WORD: Shape = text(&kinds::WORD);
static TEMPLATE: Shape = text(&kinds::TEMPLATE);
static VARIABLE: Shape = text(&kinds::VARIABLE);
static DESTINATION: Shape = text(&kinds::NETWORK);
static EXPECT: Shape = text(&kinds::EXPECT);
static ABSOLUTE: Shape = text(&kinds::ABSOLUTE);
static ROLE: Shape = Shape::Choice(ROLES);

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);
const TECHNIQUES: &[&str] = &["sast", "secrets", "sca", "config", "dast", "iast", "manual"];
const ROLES: &[&str] = &["devops", "security", "compliance", "developer", "architect", "manager", "admin"];
const THRESHOLDS: &[&str] = &["critical", "high", "medium", "low", "info", "never"];

/// The whole file.
pub(crate) static FILE: Shape = Shape::Object(&[
    required("version", Shape::Choice(&["1"]), "Version of this format."),
    required("project", text(&kinds::PROJECT), "Name of the project."),
    field(
        "tools",
        Shape::Map { key: &kinds::TOOL, value: &TOOL, min: 0, max: 100 },
        "Programs that steps use. Each is found, pinned in proofhouse.lock and checked before every run.",
    ),
    required(
        "steps",
        Shape::Map { key: &kinds::STEP, value: &STEP, min: 1, max: 500 },
        "What is run, by name. Steps run in parallel as soon as what they need is done.",
    ),
    field("scans", Shape::Object(SCANS), "Built-in checks of the source; all are on unless switched off."),
    field(
        "catalogue",
        text(&kinds::BESIDE),
        "Technology catalogue that gates hold what is shipped against: a path from the root of the tree, which \
         may begin with `../`.",
    ),
    field("gate", Shape::Object(GATE), "What must be proven before any deployment."),
    field(
        "environments",
        Shape::Map { key: &kinds::ENVIRONMENT, value: &ENVIRONMENT, min: 0, max: 100 },
        "Where artifacts may be deployed, by name.",
    ),
]);

static TOOL: Shape = Shape::Object(&[
    with("provider", Shape::Provider, "\"host\"", "How the tool is found: `host` looks in PATH."),
    required("command", text(&kinds::COMMAND), "Command name, or absolute path."),
    field("version", text(&kinds::REQUIREMENT), "Version it must have, such as `>=3.9` or `>=1.80, <2`."),
    field("paths", list(&ABSOLUTE), "Further folders that belong to it; pinned and readable in steps."),
]);

static STEP: Shape = Shape::Object(&[
    required(
        "kind",
        Shape::Choice(StepKind::NAMES),
        "`build` and `package` make signed outputs, `test` gives a test result, `scan` imports a report.",
    ),
    required("run", Shape::Command, "A script for `/bin/sh -eu`, or a list: program and arguments."),
    with("inputs", list(&GLOB), "[\"**\"]", "Files it sees; `!` excludes. `*` stops at `/`, `**` does not."),
    with("outputs", list(&OUTPUT), "[]", "Files and folders it makes, inside the tree."),
    with("needs", list(&STEP_NAME), "[]", "Steps that come first; their outputs are laid over the inputs."),
    with("tools", list(&TOOL_NAME), "[]", "Declared tools that it uses."),
    with(
        "network",
        list(&DESTINATION),
        "[]",
        "Destinations it may reach: `host`, `host:port`, `*.domain`, `registry:NAME`. Empty: none.",
    ),
    with("secrets", list(&VARIABLE), "[]", "Secrets it is given, as environment variables of that name."),
    field(
        "env",
        Shape::Map { key: &kinds::VARIABLE, value: &WORD, min: 0, max: 200 },
        "Environment variables.",
    ),
    field("limits", Shape::Object(LIMITS), "Ceilings of one attempt."),
    with("timeout", Shape::Duration { min: SECOND, max: DAY }, "\"30m\"", "Longest time of one attempt."),
    with("retries", Shape::Whole { min: 0, max: 10 }, "0", "Further attempts after a failure."),
    field(
        "cache",
        Shape::Bool,
        "Whether an equal earlier result may be used. Left out: unless it has a network or secrets, on which \
         its result may depend.",
    ),
    with(
        "trace",
        Shape::Choice(Trace::NAMES),
        "\"processes\"",
        "What is observed: nothing, programs and connections, or also every file opened.",
    ),
    field("report", Shape::Object(REPORT), "The report it writes. Required for `scan`."),
    field("coverage", Shape::Object(COVERAGE), "The report of how much code its tests run; only for `test`."),
]);

const LIMITS: &[Field] = &[
    with("memory", Shape::Size { min: 1 << 20 }, "\"4GiB\"", "Memory of all its processes together."),
    with("processes", Shape::Whole { min: 1, max: 100_000 }, "1024", "Processes and threads at one moment."),
    field("cpu", Shape::Percent, "Share of one core: `200%` is two cores. Default: all cores."),
    with("disk", Shape::Size { min: 1 << 20 }, "\"8GiB\"", "Bytes written to the tree and /tmp."),
    with("output", Shape::Size { min: 1 << 10 }, "\"64MiB\"", "Bytes of log."),
];

const REPORT: &[Field] = &[
    required("format", Shape::ReportFormat, "Format of the report; `junit` for tests."),
    required("path", text(&kinds::OUTPUT), "Where it is, inside the tree."),
    field("tool", text(&kinds::TOOL), "Name of the scanner, when the report does not say."),
    field("technique", Shape::Choice(TECHNIQUES), "Family of testing, when not the format's usual one."),
];

const COVERAGE: &[Field] = &[
    required("format", Shape::Choice(CoverageReport::FORMATS), "Format of the report."),
    required("path", text(&kinds::OUTPUT), "Where it is, inside the tree."),
];

const SCANS: &[Field] = &[
    with("sast", Shape::Bool, "true", "Static analysis rules."),
    with("secrets", Shape::Bool, "true", "Credentials in files."),
    with("sca", Shape::Bool, "true", "Known vulnerabilities of components."),
    with("config", Shape::Bool, "true", "Dockerfiles and CI configuration."),
    with("sbom", Shape::Bool, "true", "Software bill of materials."),
    with("exclude", list(&GLOB), "[]", "Files that no built-in check looks at."),
];

const GATE: &[Field] = &[
    field(
        "expect",
        list(&EXPECT),
        "Evidence that must be there, complete and fresh. Default: provenance, sbom, the built-in scans \
         that are on, and test when there is a test step.",
    ),
    with(
        "max-age",
        Shape::Duration { min: SECOND, max: Duration::from_secs(3650 * 86_400) },
        "\"7d\"",
        "Oldest evidence that still counts.",
    ),
    with(
        "manual-max-age",
        Shape::Duration { min: SECOND, max: Duration::from_secs(3650 * 86_400) },
        "\"365d\"",
        "Oldest test by people that meets `scan:manual`, by the day of the test.",
    ),
    with("rules", list(&GLOB), "[]", "The project's own Rego rules."),
];

static ENVIRONMENT: Shape = Shape::Object(&[
    required("driver", Shape::Choice(&["host"]), "How it is reached: `host` is this machine."),
    required(
        "artifact",
        text(&kinds::OUTPUT),
        "What is deployed: a declared output of a step, or a file in a folder that is one.",
    ),
    field("root", text(&kinds::ABSOLUTE), "Folder in which releases live."),
    required(
        "run",
        Shape::List { item: &TEMPLATE, min: 1, max: 1000 },
        "Program and arguments; `{artifact}`, `{port}`, `{release}` and `{data}` are replaced.",
    ),
    required("port", Shape::Whole { min: 1, max: 65_535 }, "TCP port on 127.0.0.1 that it serves."),
    field(
        "env",
        Shape::Map { key: &kinds::VARIABLE, value: &TEMPLATE, min: 0, max: 200 },
        "Environment variables; placeholders as in `run`.",
    ),
    field("user", text(&kinds::USER), "Operating-system user it runs as."),
    field("health", Shape::Object(HEALTH), "How to see that it works."),
    field("dast", Shape::Object(DAST), "Dynamic checks of the deployed address."),
    field("gate", Shape::Object(DEPLOY_GATE), "How strict its gate is."),
    with("keep", Shape::Whole { min: 1, max: 100 }, "5", "Releases kept for roll-back."),
]);

const HEALTH: &[Field] = &[
    with("path", text(&kinds::URL_PATH), "\"/\"", "Path that is asked for."),
    with("status", Shape::Whole { min: 100, max: 599 }, "200", "Expected HTTP status."),
    with("timeout", Shape::Duration { min: SECOND, max: DAY }, "\"30s\"", "How long to keep asking."),
    with(
        "interval",
        Shape::Duration { min: Duration::from_millis(10), max: DAY },
        "\"500ms\"",
        "Pause between questions.",
    ),
];

const DAST: &[Field] = &[
    with("enabled", Shape::Bool, "true", "Whether they run."),
    field("openapi", text(&kinds::TREE_PATH), "OpenAPI description in the tree that declares routes."),
    with(
        "reverse-at",
        Shape::Choice(THRESHOLDS),
        "\"critical\"",
        "A finding at or above this reverses the deployment.",
    ),
    with("max-requests", Shape::Whole { min: 1, max: 1_000_000 }, "400", "Most requests sent."),
    with("max-time", Shape::Duration { min: SECOND, max: DAY }, "\"60s\"", "Longest time spent."),
];

const DEPLOY_GATE: &[Field] = &[
    with("block", Shape::Choice(THRESHOLDS), "\"high\"", "Findings at or above this deny."),
    with("warn", Shape::Choice(THRESHOLDS), "\"medium\"", "Findings at or above this warn."),
    with("block-secrets", Shape::Bool, "true", "Secrets found deny."),
    with("require-clean-source", Shape::Bool, "true", "A source that differs from its commit denies."),
    with("allow-build-network", Shape::Bool, "false", "Builds may have had network destinations."),
    field(
        "requirements",
        text(&kinds::MILESTONE),
        "Milestone whose security requirements must be met: `level-1` to `level-3`, or one of your own.",
    ),
    field(
        "release-review",
        Shape::Object(RELEASE_REVIEW),
        "Review of the release that people must have signed.",
    ),
    field("reviews", Shape::Choice(&["current"]), "`current`: no periodic review may be overdue."),
    field(
        "accepting",
        Shape::List { item: &ROLE, min: 1, max: 7 },
        "Of the roles that may accept risks, those whose exceptions and waivers count here; usually all of them.",
    ),
    with(
        "triage",
        Shape::Choice(&["ignore", "honour"]),
        "\"ignore\"",
        "`honour`: what somebody with the role `security` judged to be a false positive or not affected does not count.",
    ),
];

const RELEASE_REVIEW: &[Field] = &[
    required(
        "roles",
        Shape::List { item: &ROLE, min: 1, max: 7 },
        "Roles that must sign, each by another person.",
    ),
    with(
        "within",
        Shape::Duration { min: SECOND, max: Duration::from_secs(366 * 86_400) },
        "\"14d\"",
        "Oldest review that counts.",
    ),
];
