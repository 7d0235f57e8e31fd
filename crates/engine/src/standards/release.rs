//! in-toto `release` v0.1: the release that a deployment made of the artifact.

use model::{
    Exit, Problem, Statement, Subject,
    predicate::{Deployment, DeploymentResult, Release},
};

use super::{Material, generic};
use crate::{record::Recorder, statements::statement};

pub(super) fn write(material: &Material, _: &Recorder) -> Result<Vec<Statement>, Problem> {
    let ours = |deployment: &Deployment| {
        deployment.digest == material.artifact
            && deployment.project == material.run.project
            && deployment.result == DeploymentResult::Deployed
    };
    let deployment = material.newest::<Deployment>().map(|(found, _)| found).find(ours).ok_or_else(|| {
        let message = format!("{} was never deployed, so it is no release", material.name);
        Problem::new("release-missing", Exit::Verdict, message).with_hint("`proofhouse deploy ENVIRONMENT`")
    })?;
    // The commit is a version only of what is exactly that.
    let commit = material.run.commit.clone().filter(|_| !material.run.dirty);
    let version = commit.unwrap_or_else(|| format!("sha256-{}", material.artifact));
    let release = Release {
        purl: generic(&material.run.project, &version),
        release_id: Some(deployment.deployment.to_string()),
        proofhouse: material.context(),
    };
    // As it lies on disk, the specification says.
    let file = material.name.rsplit('/').next().unwrap_or(&material.name);
    Ok(vec![statement(vec![Subject::sha256(file, material.artifact)], &release)?])
}
