//! Applying one statement to the tables, one file per family of predicates.
//!
//! A statement whose predicate (or findings blob) cannot be decoded leaves only its own row, with the
//! reason; it does not stop the projection. A blob that is missing or was changed does: without it
//! the tables would silently be wrong.

mod assurance;
mod delivery;
mod marks;
mod people;
mod review;
mod run;
mod sbom;
mod scan;
mod statement;
pub(crate) mod tally;
mod technology;
mod triage;

use model::{
    Predicate, RunId,
    ports::{Blobs, LoggedStatement},
    predicate,
};

use crate::{Result, StoreError, db::Value, dialect::Tx};

/// Predicate types that are understood, each with its short word.
const KINDS: &[(&str, &str)] = &[
    (predicate::Run::TYPE, "run"),
    (predicate::Provenance::TYPE, "provenance"),
    (predicate::Sbom::TYPE, "sbom"),
    (predicate::Scan::TYPE, "scan"),
    (predicate::TestResult::TYPE, "test"),
    (predicate::RuntimeTrace::TYPE, "trace"),
    (predicate::Vsa::TYPE, "decision"),
    (predicate::Exception::TYPE, "exception"),
    (predicate::ManualTest::TYPE, "manual-test"),
    (predicate::RequirementDecision::TYPE, "requirement-decision"),
    (predicate::Notification::TYPE, "notification"),
    (predicate::Deployment::TYPE, "deployment"),
    (predicate::Receipt::TYPE, "receipt"),
    (predicate::FeedImport::TYPE, "feed"),
    (predicate::KeyEvent::TYPE, "key"),
    (predicate::FileSignature::TYPE, "signature"),
    (predicate::ForeignAttestation::TYPE, "foreign"),
    (predicate::Reproduction::TYPE, "reproduction"),
    (predicate::ReleaseBundle::TYPE, "release-export"),
    (predicate::ReleaseImport::TYPE, "release-import"),
    (predicate::Removal::TYPE, "removal"),
    (predicate::Removed::TYPE, "removed"),
    (predicate::Organisation::TYPE, "organisation"),
    (predicate::Access::TYPE, "access"),
    (predicate::Triage::TYPE, "triage"),
    (predicate::Technologies::TYPE, "technologies"),
    (predicate::TechnologyReview::TYPE, "technology-review"),
    (predicate::TechnologyAssessment::TYPE, "technology-assessment"),
    (predicate::ScorecardImport::TYPE, "scorecard-import"),
    (predicate::ReleaseReview::TYPE, "release-review"),
    (predicate::Review::TYPE, "review"),
    (predicate::ReviewAnswer::TYPE, "review-answer"),
];

/// Short word for a predicate type.
pub(crate) fn kind(predicate_type: &str) -> &'static str {
    let mut known = KINDS.iter().chain(&predicate::STANDARDS);
    known.find(|(known, _)| *known == predicate_type).map_or("other", |(_, kind)| kind)
}

/// What a statement is linked to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Link {
    project: Option<String>,
    run: Option<RunId>,
    step: Option<String>,
}

impl Link {
    fn project(project: &str, run: Option<RunId>) -> Self {
        Self { project: Some(project.to_owned()), run, step: None }
    }

    fn context(context: &predicate::Context) -> Self {
        Self { project: Some(context.project.clone()), run: Some(context.run), step: context.step.clone() }
    }
}

/// Why a statement was not applied.
#[derive(Debug)]
enum Failure {
    /// It does not say what its type demands.
    Undecodable(String),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Undecodable(error.to_string())
    }
}

/// Applies one statement.
pub(crate) async fn apply(tx: &mut Tx, logged: &LoggedStatement, blobs: &dyn Blobs) -> Result<()> {
    tx.script("SAVEPOINT statement").await?;
    let (link, error) = match understand(tx, logged, blobs).await {
        Ok(link) => (link, None),
        Err(Failure::Undecodable(reason)) => {
            tx.script("ROLLBACK TO SAVEPOINT statement").await?;
            (Link::default(), Some(reason))
        }
        Err(Failure::Store(error)) => return Err(error),
    };
    statement::record(tx, logged, &link, error.as_deref()).await?;
    marks::record(tx, logged, &link, error.is_none()).await?;
    tx.script("RELEASE SAVEPOINT statement").await
}

async fn understand(tx: &mut Tx, logged: &LoggedStatement, blobs: &dyn Blobs) -> Result<Link, Failure> {
    let link = match kind(&logged.statement.predicate_type) {
        "run" => run::run(tx, logged, &decode(logged)?).await?,
        "provenance" => run::provenance(tx, logged, &decode(logged)?).await?,
        "sbom" => sbom::sbom(tx, logged, &decode(logged)?).await?,
        "scan" => scan::scan(tx, logged, &decode(logged)?, blobs).await?,
        "test" => assurance::test(tx, logged, &decode(logged)?).await?,
        "trace" => assurance::trace(tx, logged, &decode(logged)?).await?,
        // Without our own field it is somebody else's, or the plain copy of one of ours.
        "decision" if logged.statement.predicate.get("proofhouse").is_none() => Link::default(),
        "decision" => assurance::decision(tx, logged, &decode(logged)?).await?,
        "exception" => assurance::exception(tx, logged, &decode(logged)?).await?,
        "deployment" => delivery::deployment(tx, logged, &decode(logged)?).await?,
        "receipt" => delivery::receipt(tx, logged, &decode(logged)?).await?,
        "organisation" => people::organisation(tx, logged, &decode(logged)?).await?,
        "access" => people::access(tx, logged, &decode(logged)?).await?,
        "triage" => triage::triage(tx, logged, &decode(logged)?).await?,
        "technologies" => technology::technologies(tx, logged, &decode(logged)?).await?,
        "release-review" => review::release(tx, logged, &decode(logged)?).await?,
        "review" => review::periodic(tx, logged, &decode(logged)?).await?,
        "review-answer" => review::answer(tx, logged, &decode(logged)?).await?,
        "feed" => assurance::feed(tx, logged, &decode(logged)?).await?,
        "foreign" => Link::project(&decode::<predicate::ForeignAttestation>(logged)?.project, None),
        "requirement-decision" => {
            Link::project(&decode::<predicate::RequirementDecision>(logged)?.project, None)
        }
        "manual-test" => Link::project(&decode::<predicate::ManualTest>(logged)?.project, None),
        "notification" => {
            // One about several projects belongs to none of them alone.
            match decode::<predicate::Notification>(logged)?.projects.as_slice() {
                [project] => Link::project(project, None),
                _ => Link::default(),
            }
        }
        "release-export" => {
            let release: predicate::ReleaseBundle = decode(logged)?;
            Link::project(&release.project, Some(release.run))
        }
        "reproduction" => {
            let compared: predicate::Reproduction = decode(logged)?;
            Link::project(&compared.project, Some(compared.run))
        }
        "vulns" | "release" | "svr" | "scai" => extension(logged),
        _ => Link::default(),
    };
    if let Some(project) = &link.project {
        let sql = "INSERT INTO projects (name, idx) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        tx.execute(sql, vec![project.into(), logged.index.into()]).await?;
    }
    Ok(link)
}

/// The link that our extension field makes, when it is there.
fn extension(logged: &LoggedStatement) -> Link {
    let field = logged.statement.predicate.get("proofhouse").cloned().unwrap_or_default();
    serde_json::from_value(field).map_or_else(|_| Link::default(), |context| Link::context(&context))
}

fn decode<P: Predicate>(logged: &LoggedStatement) -> Result<P, Failure> {
    match logged.statement.decode() {
        Some(predicate) => Ok(predicate?),
        None => Err(Failure::Undecodable("the predicate is of another type".into())),
    }
}

/// `INSERT INTO table (columns) VALUES ($1, …) tail`, with as many parameters as columns.
async fn insert(
    tx: &mut Tx,
    table: &str,
    columns: &[&str],
    values: Vec<Value>,
    tail: &'static str,
) -> Result<()> {
    let mut insert = crate::db::Insert::into(table, columns, tail);
    insert.row(tx, values).await?;
    insert.flush(tx).await
}
