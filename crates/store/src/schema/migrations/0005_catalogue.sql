CREATE TABLE technologies (
    idx {int} NOT NULL PRIMARY KEY,
    envelope {text} NOT NULL,
    project {text} NOT NULL,
    run {text},
    uses {int} NOT NULL,
    gaps {text} NOT NULL,
    logged_at {int} NOT NULL
);
CREATE INDEX technologies_project ON technologies (project, idx);

CREATE TABLE technology_uses (
    idx {int} NOT NULL,
    position {int} NOT NULL,
    kind {text} NOT NULL,
    name {text} NOT NULL,
    version {text},
    package {text},
    files {int} NOT NULL,
    share {int},
    places {text} NOT NULL,
    PRIMARY KEY (idx, position)
);
