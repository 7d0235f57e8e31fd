-- Sums that the portfolio is read from, so that no page counts findings one by one. They are changed in
-- the transaction of the statement that causes them, and follow from the ledger as every other table.

-- Sums by day. `wide` is 1 for the row over all projects (its `project` is empty), 0 for that of one.
-- `kind` and what `name` and `word` are for it:
--   risk      ''            severity               open findings that came (or went) on that day
--   age       ''            severity               open findings by the day they were first seen
--   finding   technique/scanner  severity/status   findings that are listed; day 0
--   gate      environment   outcome                decisions
--   delivery  environment   result                 deployments
--   lead      environment   class of time          from first run to deployed
--   restore   environment   class of time          from switch to roll-back
-- A day is a number of days since 1970 (UTC).
CREATE TABLE tallies (
    kind {text} NOT NULL,
    wide {int} NOT NULL,
    project {text} NOT NULL,
    name {text} NOT NULL,
    word {text} NOT NULL,
    day {int} NOT NULL,
    n {int} NOT NULL,
    PRIMARY KEY (kind, wide, project, name, word, day)
);

-- Findings of a stream that are listed, counted. `day` is that of the first sight of open ones, 0 for
-- fixed ones.
CREATE TABLE stock (
    stream {int} NOT NULL,
    technique {text} NOT NULL,
    scanner {text} NOT NULL,
    severity {int} NOT NULL,
    status {text} NOT NULL,
    day {int} NOT NULL,
    project {text} NOT NULL,
    n {int} NOT NULL,
    PRIMARY KEY (stream, technique, scanner, severity, status, day)
);
CREATE INDEX stock_project ON stock (project, status, severity, day, n);

-- What each stream's newest scan says.
CREATE TABLE health (
    stream {int} NOT NULL PRIMARY KEY,
    project {text} NOT NULL,
    technique {text} NOT NULL,
    tool {text} NOT NULL,
    target {text} NOT NULL,
    version {text} NOT NULL,
    digest {text},
    idx {int} NOT NULL,
    ended {int} NOT NULL,
    complete {int} NOT NULL,
    complete_ended {int},
    scans {int} NOT NULL,
    incomplete {int} NOT NULL,
    critical {int} NOT NULL,
    high {int} NOT NULL,
    medium {int} NOT NULL,
    low {int} NOT NULL,
    info {int} NOT NULL
);
CREATE INDEX health_project ON health (project, technique, idx, complete_ended);

-- What each deployment counts for in `tallies`, so that a later statement about it can take its place.
CREATE TABLE changes (
    deployment {text} NOT NULL PRIMARY KEY,
    idx {int} NOT NULL,
    project {text} NOT NULL,
    environment {text} NOT NULL,
    day {int} NOT NULL,
    result {text} NOT NULL,
    lead {int},
    restore {int}
);

-- The newest decision about each environment, and what it says of the technology catalogue: the number
-- of reasons that deny and warn, null when no catalogue was looked at.
CREATE TABLE standings (
    project {text} NOT NULL,
    environment {text} NOT NULL,
    idx {int} NOT NULL,
    at {int} NOT NULL,
    outcome {text} NOT NULL,
    technologies_deny {int},
    technologies_warn {int},
    PRIMARY KEY (project, environment)
);

-- Every act of triage.
CREATE TABLE triage (
    idx {int} NOT NULL PRIMARY KEY,
    envelope {text} NOT NULL,
    project {text} NOT NULL,
    finding {text} NOT NULL,
    state {text},
    duplicate_of {text},
    reason {text},
    assignee {text},
    comment {text},
    actor {text} NOT NULL,
    at {int} NOT NULL
);
CREATE INDEX triage_finding ON triage (project, finding, idx);

-- A finding as it was judged last: an absent state is none, an absent assignee nobody. `scanner` and
-- `rule` are those of the finding when it was known.
CREATE TABLE judged (
    project {text} NOT NULL,
    finding {text} NOT NULL,
    idx {int} NOT NULL,
    state {text},
    duplicate_of {text},
    assignee {text},
    scanner {text},
    rule {text},
    PRIMARY KEY (project, finding)
);
CREATE INDEX judged_state ON judged (state, scanner, rule);

CREATE INDEX findings_worst ON findings (severity, stream, id);
CREATE INDEX exceptions_expires ON exceptions (expires);
CREATE INDEX runs_commit ON runs (project, commit_id);
CREATE INDEX decisions_at ON decisions (at);
CREATE INDEX deployments_ended ON deployments (ended);
