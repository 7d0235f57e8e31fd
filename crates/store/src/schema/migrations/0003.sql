-- What each statement shows, in a word (`model::facts`): for counting over all projects, also as of a moment.
-- A row is never changed, so that the past can be counted. `project` is empty for the organisation as a whole.

CREATE TABLE marks (
    idx {int} NOT NULL,
    mark {text} NOT NULL,
    project {text} NOT NULL,
    run {text},
    deployment {text},
    good {int} NOT NULL,
    amount {int} NOT NULL,
    at {int} NOT NULL,
    PRIMARY KEY (idx, mark)
);
CREATE INDEX marks_counted ON marks (project, mark, idx, good, amount, at);
CREATE INDEX marks_run ON marks (run);
CREATE INDEX marks_deployment ON marks (deployment);
CREATE INDEX statements_logged ON statements (logged_at, idx);
CREATE INDEX runs_finished ON runs (finished_idx);
