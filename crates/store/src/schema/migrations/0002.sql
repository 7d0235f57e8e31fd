-- People: the organisation's file as it was applied, and what happened at the door.

CREATE TABLE organisations (
    idx {int} NOT NULL PRIMARY KEY,
    name {text} NOT NULL,
    body {text} NOT NULL,
    changes {text} NOT NULL,
    actor {text} NOT NULL,
    at {int} NOT NULL
);

CREATE TABLE access_events (
    idx {int} NOT NULL PRIMARY KEY,
    action {text} NOT NULL,
    account {text} NOT NULL,
    actor {text},
    address {text},
    at {int} NOT NULL
);
CREATE INDEX access_events_account ON access_events (account, idx);
