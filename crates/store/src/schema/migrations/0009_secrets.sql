-- When a step of a project was last given a secret, by its name.

CREATE TABLE secrets (
    project {text} NOT NULL,
    name {text} NOT NULL,
    idx {int} NOT NULL,
    last_used {int} NOT NULL,
    PRIMARY KEY (project, name)
);
