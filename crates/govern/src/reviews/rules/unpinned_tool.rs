//! A tool that was used without a digest: nobody can say later what ran.

use model::predicate::{ReviewKind, ReviewPoint};

use super::{Look, Rule, point};

pub(super) static RULE: Rule = Rule { name: "unpinned-tool", kind: ReviewKind::Tools, look };

fn look(look: &Look<'_>) -> Result<Vec<ReviewPoint>, &'static str> {
    let unpinned = look.practice.tools.iter().filter(|one| one.tool.digest.is_none());
    let points = unpinned.map(|one| {
        let seen = format!("{} {} is not pinned by a digest", one.tool.name, one.tool.version);
        let what = format!("{}/{}", one.project, one.tool.name);
        let suggestion = "declare it under `tools`, so that the lock file pins it";
        point(&RULE, &what, Some(&one.project), seen, suggestion.to_owned(), &[one.index])
    });
    Ok(points.collect())
}
