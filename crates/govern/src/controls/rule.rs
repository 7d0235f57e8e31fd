//! What a rule can ask of the facts, and how one project or the organisation answers.

use model::{
    Timestamp,
    facts::{Facts, Mark, Marks, ProjectFacts, Seen},
};

use super::report::Scope;

/// A rule: one line of the registry.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Id, as catalogues name it.
    pub id: &'static str,
    /// What must hold.
    pub title: &'static str,
    /// What is asked.
    pub over: Over,
    /// Command or page that closes the gap.
    pub close: &'static str,
}

/// What is asked. Marks are those of [`model::facts`].
#[derive(Clone, Copy, Debug)]
pub enum Over {
    /// Each project's newest passed run shows all of these, and all well.
    Run(&'static [&'static str]),
    /// Each project has shown this well within so many days.
    Lately(&'static str, i64),
    /// The newest of each project is good, and at most so many days old.
    Newest(&'static str, i64),
    /// Each project has shown this within so many days, well or not (a gate that denies has judged).
    Present(&'static str, i64),
    /// What is deployed in each environment of a deployed project shows all of these well.
    Deployed(&'static [&'static str]),
    /// Somebody, anywhere in the organisation, has shown one of these well within so many days.
    Organisation(&'static [&'static str], i64),
    /// A question of its own to the organisation.
    Whole(fn(&Facts) -> Answer),
    /// A question of its own to each project.
    Each(Scope, fn(&ProjectFacts) -> Answer),
}

/// What one project, or the organisation, answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It holds; this shows it.
    Holds(Seen),
    /// It does not; why, one sentence without a full stop.
    Lacks(String),
    /// The rule does not concern it.
    Outside,
}

impl Rule {
    /// What it looks at.
    pub fn scope(&self) -> Scope {
        match self.over {
            Over::Run(_) | Over::Lately(..) | Over::Newest(..) | Over::Present(..) => Scope::Projects,
            Over::Deployed(_) => Scope::Deployed,
            Over::Organisation(..) | Over::Whole(_) => Scope::Organisation,
            Over::Each(scope, _) => scope,
        }
    }

    /// The answer of a project; `None` for a rule about the organisation.
    pub fn project(&self, project: &ProjectFacts, moment: Timestamp) -> Option<Answer> {
        Some(match self.over {
            Over::Run(marks) => run(project, marks),
            Over::Lately(mark, days) => lately(project.marks.get(mark), days, moment),
            Over::Newest(mark, days) => newest(project.marks.get(mark), days, moment),
            Over::Present(mark, days) => present(project.marks.get(mark), days, moment),
            Over::Deployed(marks) => deployed(project, marks),
            Over::Each(_, ask) => ask(project),
            Over::Organisation(..) | Over::Whole(_) => return None,
        })
    }

    /// The answer of the organisation; `None` for a rule about projects. Statements about a project count too:
    /// a review of one project's process is a review.
    pub fn organisation(&self, facts: &Facts) -> Option<Answer> {
        let (names, days) = match self.over {
            Over::Organisation(names, days) => (names, days),
            Over::Whole(ask) => return Some(ask(facts)),
            _ => return None,
        };
        let all = facts.projects.iter().map(|project| &project.marks).chain([&facts.organisation]);
        let marks = all.flat_map(|marks| names.iter().filter_map(|name| marks.get(*name)));
        let newest = marks.filter_map(|mark| mark.newest_good).max_by_key(|seen| seen.index);
        Some(match newest {
            None => Answer::Lacks("nothing in the ledger shows it".to_owned()),
            Some(seen) => fresh(seen, days, facts.moment),
        })
    }
}

fn run(project: &ProjectFacts, marks: &[&str]) -> Answer {
    let Some(run) = &project.run else { return Answer::Lacks("no run has passed yet".to_owned()) };
    all(&run.marks, marks, &format!("its newest passed run (entry {})", run.ended.index))
}

fn deployed(project: &ProjectFacts, marks: &[&str]) -> Answer {
    let mut newest = None;
    for environment in &project.environments {
        let what = format!("what is deployed in {} (entry {})", environment.name, environment.recorded.index);
        match all(&environment.marks, marks, &what) {
            Answer::Holds(seen) => newest = newest.max_by_index(seen),
            other => return other,
        }
    }
    newest.map_or(Answer::Outside, Answer::Holds)
}

/// All marks are there, and each one of them is good; the newest shows it.
fn all(there: &Marks, wanted: &[&str], what: &str) -> Answer {
    let mut newest = None;
    for name in wanted {
        match there.get(*name) {
            None => return Answer::Lacks(format!("{what} shows nothing of it ({name})")),
            Some(mark) if mark.good < mark.total => {
                let entry = mark.newest.index;
                return Answer::Lacks(format!("{what} shows that it does not hold ({name}, entry {entry})"));
            }
            Some(mark) => newest = newest.max_by_index(mark.newest),
        }
    }
    newest.map_or_else(|| Answer::Lacks("the rule asks for nothing".to_owned()), Answer::Holds)
}

fn lately(mark: Option<&Mark>, days: i64, moment: Timestamp) -> Answer {
    match mark.map(|mark| (mark, mark.newest_good)) {
        None => Answer::Lacks("nothing in the ledger shows it".to_owned()),
        Some((mark, None)) => failed(mark),
        Some((_, Some(seen))) => fresh(seen, days, moment),
    }
}

fn newest(mark: Option<&Mark>, days: i64, moment: Timestamp) -> Answer {
    match mark {
        Some(mark) if !mark.holds() => failed(mark),
        mark => present(mark, days, moment),
    }
}

fn present(mark: Option<&Mark>, days: i64, moment: Timestamp) -> Answer {
    match mark {
        None => Answer::Lacks("nothing in the ledger shows it".to_owned()),
        Some(mark) => fresh(mark.newest, days, moment),
    }
}

fn failed(mark: &Mark) -> Answer {
    Answer::Lacks(format!("the newest shows that it does not hold (entry {})", mark.newest.index))
}

/// Holds when it is at most so many days old.
pub(super) fn fresh(seen: Seen, days: i64, moment: Timestamp) -> Answer {
    let age = (moment.as_second() - seen.at.as_second()) / 86_400;
    if age <= days {
        return Answer::Holds(seen);
    }
    Answer::Lacks(format!("the newest (entry {}) is {age} days old, more than {days}", seen.index))
}

trait Newest {
    fn max_by_index(self, other: Seen) -> Self;
}

impl Newest for Option<Seen> {
    fn max_by_index(self, other: Seen) -> Self {
        Some(self.filter(|seen| seen.index > other.index).unwrap_or(other))
    }
}
