-- Reviews of releases and of how things are done, and what people said about them.

CREATE TABLE release_reviews (
    idx {int} NOT NULL PRIMARY KEY,
    envelope {text} NOT NULL,
    project {text} NOT NULL,
    environment {text} NOT NULL,
    run {text} NOT NULL,
    artifact {text} NOT NULL,
    document {text} NOT NULL,
    roles {text} NOT NULL,
    actor {text} NOT NULL,
    at {int} NOT NULL,
    expires {int} NOT NULL
);
CREATE INDEX release_reviews_project ON release_reviews (project, environment, idx);

CREATE TABLE reviews (
    idx {int} NOT NULL PRIMARY KEY,
    envelope {text} NOT NULL,
    kind {text} NOT NULL,
    points {text} NOT NULL,
    figures {text} NOT NULL,
    unknown {text} NOT NULL,
    assigned {text},
    actor {text} NOT NULL,
    begins {int} NOT NULL,
    at {int} NOT NULL,
    due {int} NOT NULL
);
CREATE INDEX reviews_kind ON reviews (kind, idx);

CREATE TABLE review_answers (
    idx {int} NOT NULL PRIMARY KEY,
    envelope {text} NOT NULL,
    review {text} NOT NULL,
    project {text},
    point {text},
    verdict {text} NOT NULL,
    role {text},
    body {text} NOT NULL,
    actor {text} NOT NULL,
    at {int} NOT NULL
);
CREATE INDEX review_answers_review ON review_answers (review, idx);
