-- Every table that follows from the ledger. Types are placeholders that `dialect/` fills in:
-- only 64-bit integers and text. `idx` is the ledger index of the statement that caused the row.
-- Moments are microseconds since 1970 (UTC); digests are lower-case hex.

CREATE TABLE projected (
    id {int} NOT NULL PRIMARY KEY,
    next_index {int} NOT NULL
);

CREATE TABLE statements (
    idx {int} NOT NULL PRIMARY KEY,
    envelope {text} NOT NULL,
    predicate_type {text} NOT NULL,
    kind {text} NOT NULL,
    logged_at {int} NOT NULL,
    project {text},
    run {text},
    step {text},
    subjects {text} NOT NULL,
    error {text}
);
CREATE INDEX statements_envelope ON statements (envelope);
CREATE INDEX statements_project ON statements (project, idx);
CREATE INDEX statements_run ON statements (run, idx);
CREATE INDEX statements_kind ON statements (kind, idx);

CREATE TABLE subjects (
    idx {int} NOT NULL,
    position {int} NOT NULL,
    algorithm {text} NOT NULL,
    name {text} NOT NULL,
    digest {text} NOT NULL,
    PRIMARY KEY (idx, position, algorithm)
);
CREATE INDEX subjects_digest ON subjects (digest, idx);

CREATE TABLE projects (
    name {text} NOT NULL PRIMARY KEY,
    idx {int} NOT NULL
);

CREATE TABLE runs (
    run {text} NOT NULL PRIMARY KEY,
    idx {int} NOT NULL,
    finished_idx {int},
    project {text} NOT NULL,
    status {text} NOT NULL,
    started {int} NOT NULL,
    ended {int},
    commit_id {text},
    branch {text},
    tree {text} NOT NULL,
    dirty {int} NOT NULL,
    cause {text} NOT NULL,
    actor {text} NOT NULL,
    config {text} NOT NULL,
    steps {int} NOT NULL,
    passed {int} NOT NULL,
    failed {int} NOT NULL,
    cached {int} NOT NULL
);
CREATE INDEX runs_project ON runs (project, idx);
CREATE INDEX runs_idx ON runs (idx);

CREATE TABLE steps (
    run {text} NOT NULL,
    position {int} NOT NULL,
    idx {int} NOT NULL,
    name {text} NOT NULL,
    kind {text} NOT NULL,
    needs {text} NOT NULL,
    result {text} NOT NULL,
    cached {int} NOT NULL,
    action {text},
    exit_code {int},
    message {text},
    started {int},
    ended {int},
    isolation {text},
    log {text},
    tools {text} NOT NULL,
    attempts {int} NOT NULL,
    PRIMARY KEY (run, position)
);

CREATE TABLE artifacts (
    run {text} NOT NULL,
    step {text} NOT NULL,
    path {text} NOT NULL,
    idx {int} NOT NULL,
    project {text} NOT NULL,
    digest {text} NOT NULL,
    size {int} NOT NULL,
    directory {int} NOT NULL,
    PRIMARY KEY (run, step, path)
);
CREATE INDEX artifacts_digest ON artifacts (digest, idx);

CREATE TABLE streams (
    stream {int} NOT NULL PRIMARY KEY,
    project {text} NOT NULL,
    technique {text} NOT NULL,
    tool {text} NOT NULL,
    target {text} NOT NULL,
    UNIQUE (project, technique, tool, target)
);

CREATE TABLE scans (
    idx {int} NOT NULL PRIMARY KEY,
    envelope {text} NOT NULL,
    stream {int} NOT NULL,
    project {text} NOT NULL,
    run {text},
    deployment {text},
    tool {text} NOT NULL,
    technique {text} NOT NULL,
    target {text} NOT NULL,
    commit_id {text},
    findings {int} NOT NULL,
    by_severity {text} NOT NULL,
    blob {text} NOT NULL,
    coverage {text} NOT NULL,
    complete {int} NOT NULL,
    origin {text} NOT NULL,
    started {int} NOT NULL,
    ended {int} NOT NULL,
    changes {text} NOT NULL,
    open {text} NOT NULL
);
CREATE INDEX scans_stream ON scans (stream, idx);
CREATE INDEX scans_project ON scans (project, idx);
CREATE INDEX scans_run ON scans (run, idx);
CREATE INDEX scans_deployment ON scans (deployment, idx);

CREATE TABLE findings (
    stream {int} NOT NULL,
    id {text} NOT NULL,
    project {text} NOT NULL,
    target {text} NOT NULL,
    technique {text} NOT NULL,
    scanner {text} NOT NULL,
    rule {text} NOT NULL,
    severity {int} NOT NULL,
    confidence {text} NOT NULL,
    title {text} NOT NULL,
    message {text} NOT NULL,
    cwe {text} NOT NULL,
    aliases {text} NOT NULL,
    place {text} NOT NULL,
    place_label {text} NOT NULL,
    fix {text},
    help {text},
    cvss {text},
    motion {text},
    status {text} NOT NULL,
    first_idx {int} NOT NULL,
    first_seen {int} NOT NULL,
    last_idx {int} NOT NULL,
    last_seen {int} NOT NULL,
    changed_idx {int} NOT NULL,
    moved_from {text},
    moved_to {text},
    PRIMARY KEY (stream, id)
);
CREATE INDEX findings_page ON findings (project, severity, stream, id);

CREATE TABLE finding_events (
    idx {int} NOT NULL,
    stream {int} NOT NULL,
    id {text} NOT NULL,
    kind {text} NOT NULL,
    at {int} NOT NULL,
    other {text},
    PRIMARY KEY (idx, id, kind)
);
CREATE INDEX finding_events_id ON finding_events (stream, id);

CREATE TABLE sboms (
    idx {int} NOT NULL PRIMARY KEY,
    envelope {text} NOT NULL,
    project {text},
    run {text},
    subjects {text} NOT NULL,
    spec_version {text} NOT NULL,
    components {int} NOT NULL,
    logged_at {int} NOT NULL
);
CREATE INDEX sboms_project ON sboms (project, idx);
CREATE INDEX sboms_run ON sboms (run, idx);

CREATE TABLE components (
    idx {int} NOT NULL,
    position {int} NOT NULL,
    purl {text},
    package {text},
    name {text} NOT NULL,
    version {text},
    kind {text} NOT NULL,
    licenses {text} NOT NULL,
    PRIMARY KEY (idx, position)
);
CREATE INDEX components_package ON components (package, idx);

CREATE TABLE test_results (
    idx {int} NOT NULL PRIMARY KEY,
    envelope {text} NOT NULL,
    project {text} NOT NULL,
    run {text} NOT NULL,
    step {text},
    result {text} NOT NULL,
    passed {int} NOT NULL,
    warned {int} NOT NULL,
    failed {int} NOT NULL,
    failed_tests {text} NOT NULL,
    finished {int} NOT NULL
);
CREATE INDEX test_results_run ON test_results (run, idx);

CREATE TABLE traces (
    idx {int} NOT NULL PRIMARY KEY,
    envelope {text} NOT NULL,
    project {text} NOT NULL,
    run {text} NOT NULL,
    step {text},
    processes {int} NOT NULL,
    network {text} NOT NULL,
    files {int} NOT NULL,
    dropped {int} NOT NULL
);
CREATE INDEX traces_run ON traces (run, idx);

CREATE TABLE decisions (
    idx {int} NOT NULL PRIMARY KEY,
    envelope {text} NOT NULL,
    project {text} NOT NULL,
    environment {text} NOT NULL,
    run {text},
    at {int} NOT NULL,
    outcome {text} NOT NULL,
    subjects {text} NOT NULL,
    levels {text} NOT NULL,
    inputs {text} NOT NULL,
    verdict {text} NOT NULL
);
CREATE INDEX decisions_project ON decisions (project, environment, idx);
CREATE INDEX decisions_run ON decisions (run, idx);
CREATE INDEX decisions_envelope ON decisions (envelope);

CREATE TABLE exceptions (
    idx {int} NOT NULL PRIMARY KEY,
    envelope {text} NOT NULL,
    project {text} NOT NULL,
    finding {text},
    rule {text},
    environment {text},
    reason {text} NOT NULL,
    accepted_by {text} NOT NULL,
    at {int} NOT NULL,
    expires {int} NOT NULL
);
CREATE INDEX exceptions_project ON exceptions (project, expires);

CREATE TABLE deployments (
    deployment {text} NOT NULL PRIMARY KEY,
    idx {int} NOT NULL,
    envelope {text} NOT NULL,
    project {text} NOT NULL,
    environment {text} NOT NULL,
    driver {text} NOT NULL,
    run {text},
    artifact {text} NOT NULL,
    digest {text} NOT NULL,
    decision {text} NOT NULL,
    previous {text},
    actor {text} NOT NULL,
    started {int} NOT NULL,
    ended {int} NOT NULL,
    result {text} NOT NULL,
    stages {text} NOT NULL,
    health {text},
    address {text},
    variables {text} NOT NULL
);
CREATE INDEX deployments_idx ON deployments (idx);
CREATE INDEX deployments_project ON deployments (project, environment, idx);
CREATE INDEX deployments_run ON deployments (run, idx);

CREATE TABLE environments (
    project {text} NOT NULL,
    environment {text} NOT NULL,
    idx {int} NOT NULL,
    current {text},
    last {text} NOT NULL,
    PRIMARY KEY (project, environment)
);

CREATE TABLE receipts (
    idx {int} NOT NULL PRIMARY KEY,
    envelope {text} NOT NULL,
    deployment {text} NOT NULL,
    project {text} NOT NULL,
    environment {text} NOT NULL,
    phase {text} NOT NULL,
    checks {text} NOT NULL,
    at {int} NOT NULL
);
CREATE INDEX receipts_deployment ON receipts (deployment, idx);

CREATE TABLE feeds (
    feed {text} NOT NULL PRIMARY KEY,
    idx {int} NOT NULL,
    as_of {int} NOT NULL,
    imported {int} NOT NULL,
    advisories {int} NOT NULL,
    refused {int} NOT NULL,
    actor {text} NOT NULL,
    digest {text}
);
