//! The table of `security-requirements.yaml`, version 1.

use super::{
    Field, Shape, kinds,
    v1::{field, required, text},
};

static MILESTONE: Shape = text(&kinds::MILESTONE);

/// The whole file.
pub(crate) static REQUIREMENTS: Shape = Shape::Object(&[
    required("version", Shape::Choice(&["1"]), "Version of this format."),
    required(
        "requirements",
        Shape::Map { key: &kinds::REQUIREMENT_ID, value: &REQUIREMENT, min: 0, max: 5000 },
        "Security requirements by id. Tests name them by it.",
    ),
]);

static REQUIREMENT: Shape = Shape::Object(&[
    required("title", text(&kinds::SENTENCE), "What must hold."),
    required(
        "source",
        Shape::Choice(&["asvs-5.0.0", "own", "abuse-case", "threat"]),
        "Where it comes from: the OWASP ASVS, yourselves, an abuse case or a threat.",
    ),
    field("chapter", text(&kinds::REQUIREMENT_ID), "Chapter of the source."),
    field("section", text(&kinds::REQUIREMENT_ID), "Section of the source."),
    field("level", Shape::Whole { min: 1, max: 3 }, "Level: 1 is needed first."),
    field(
        "severity",
        Shape::Choice(&["info", "low", "medium", "high", "critical"]),
        "How bad it is when it does not hold, as a threat model says.",
    ),
    field("reference", text(&kinds::SENTENCE), "Entry of a threat model or list that it comes from."),
    field("mitigations", text(&kinds::SENTENCE), "What is to be done about it, as a threat model says."),
    field(
        "milestones",
        Shape::List { item: &MILESTONE, min: 0, max: 100 },
        "Milestones of your own; `level-N` follows from the level.",
    ),
    field("waived", Shape::Object(WAIVED), "Accepted for a while without a passing test."),
    field("not-applicable", Shape::Object(NOT_APPLICABLE), "Means nothing here."),
]);

const WAIVED: &[Field] = &[
    required("reason", text(&kinds::REASON), "Why."),
    required("until", text(&kinds::DATE), "Last day; at most a year ahead."),
    required("by", text(&kinds::SENTENCE), "Who accepted."),
];

const NOT_APPLICABLE: &[Field] = &[
    required("reason", text(&kinds::REASON), "Why."),
    required("by", text(&kinds::SENTENCE), "Who says so."),
];
