//! Figures that describe the time of a review. What cannot be computed says so.

use model::{
    practice::DeploymentPractice,
    predicate::{DeploymentResult, ReviewFigure, ReviewKind},
};

use super::Look;

/// The figures of one kind of review.
pub(super) fn figures(kind: ReviewKind, look: &Look<'_>) -> Vec<ReviewFigure> {
    let practice = look.practice;
    match kind {
        ReviewKind::BuildProcess => {
            let executions: u64 = practice.steps.iter().map(|step| step.recent + step.earlier).sum();
            let ms: u64 = practice.steps.iter().map(|step| step.recent_ms + step.earlier_ms).sum();
            let mean = ms
                .checked_div(executions)
                .map_or(none(), |ms| format!("{}.{} s", ms / 1000, ms % 1000 / 100));
            vec![figure("steps executed", executions.to_string()), figure("mean time of a step", mean)]
        }
        ReviewKind::DeploymentPractice => dora(look),
        ReviewKind::Scanners => {
            let scans: u64 = practice.scanners.iter().map(|one| one.scans).sum();
            let findings: u64 = practice.scanners.iter().map(|one| one.findings).sum();
            vec![
                figure("scanners", practice.scanners.len().to_string()),
                figure("scans within a year", scans.to_string()),
                figure("findings told by them", findings.to_string()),
            ]
        }
        ReviewKind::Tools => {
            let pinned = practice.tools.iter().filter(|one| one.tool.digest.is_some()).count();
            vec![figure("tools pinned", format!("{pinned} of {}", practice.tools.len()))]
        }
        ReviewKind::Catalogue => vec![figure("objections", practice.technologies.len().to_string())],
        ReviewKind::AccessRights => {
            let number = practice.administrators.as_ref().map_or(none(), |all| all.len().to_string());
            vec![figure("administrators", number)]
        }
    }
}

/// The four figures of DORA, as far as deployments show them.
fn dora(look: &Look<'_>) -> Vec<ReviewFigure> {
    let tried: Vec<&DeploymentPractice> =
        look.practice.deployments.iter().filter(|one| one.result != DeploymentResult::Denied).collect();
    let (good, bad): (Vec<&DeploymentPractice>, Vec<_>) =
        tried.iter().copied().partition(|one| one.result == DeploymentResult::Deployed);
    let weeks = ((look.now.as_second() - look.from.as_second()) / 604_800).max(1);
    let lead = good.iter().filter_map(|one| Some(one.ended.as_second() - one.built?.as_second()));
    let restored = bad.iter().filter_map(|failed| {
        let later = good.iter().filter(|one| {
            one.ended > failed.ended
                && (&one.project, &one.environment) == (&failed.project, &failed.environment)
        });
        later.map(|one| one.ended.as_second() - failed.ended.as_second()).min()
    });
    let rate = match tried.len() {
        0 => none(),
        all => format!("{} % ({} of {all})", bad.len() * 100 / all, bad.len()),
    };
    let tenths = good.len() as i64 * 10 / weeks;
    vec![
        figure("deployments a week", format!("{}.{}", tenths / 10, tenths % 10)),
        figure("from the start of a run to its deployment (median)", median(lead.collect())),
        figure("changes that failed", rate),
        figure("from a failure to the next good deployment (median)", median(restored.collect())),
    ]
}

fn median(mut seconds: Vec<i64>) -> String {
    seconds.sort_unstable();
    match seconds.get(seconds.len() / 2) {
        None => none(),
        Some(s) if *s < 120 => format!("{s} s"),
        Some(s) if *s < 7200 => format!("{} min", s / 60),
        Some(s) if *s < 172_800 => format!("{} h", s / 3600),
        Some(s) => format!("{} days", s / 86_400),
    }
}

fn none() -> String {
    "not known".to_owned()
}

fn figure(name: &str, value: String) -> ReviewFigure {
    ReviewFigure { name: name.to_owned(), value }
}
