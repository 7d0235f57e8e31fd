//! What the verified statements about one run say of requirements: tests, tests by hand, and scans whose rules are
//! tagged with them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use govern::organisation::Permission;
use model::{
    Predicate, Problem, Role, Sha256, Statement,
    ports::LoggedStatement,
    predicate::{ManualTest, Origin, RequirementTests, Run, Scan, TestResult},
};

use super::{Tests, counts};
use crate::{
    gate::{About, concerns, source},
    people::holders,
    record::Recorder,
};

/// Gathers what the verified statements about one run say of requirements.
pub(crate) struct Collector<'a> {
    run: &'a Run,
    artifacts: HashSet<Sha256>,
    /// Roles whose results by hand count; `None`: those of everybody.
    entering: Option<Vec<Role>>,
    tests: Tests,
    by_tests: BTreeMap<String, BTreeSet<u64>>,
    manual: BTreeMap<String, (u64, ManualTest)>,
    /// The newest complete scan of each source, and those after it.
    scans: BTreeMap<[String; 5], Vec<(u64, Scan)>>,
}

impl<'a> Collector<'a> {
    /// Of a run.
    ///
    /// # Errors
    /// It cannot be read who may enter results.
    pub(crate) fn of(run: &'a Run, recorder: &Recorder) -> Result<Self, Problem> {
        let outputs = run.steps.iter().flat_map(|step| &step.outputs);
        let artifacts = outputs.filter(|output| !output.directory).map(|output| output.digest.hash).collect();
        Ok(Self {
            run,
            artifacts,
            entering: holders(Permission::EnterResult, recorder)?,
            tests: Tests::new(),
            by_tests: BTreeMap::new(),
            manual: BTreeMap::new(),
            scans: BTreeMap::new(),
        })
    }

    /// Takes note of a statement when it is about the run and `holds`: verifies. In the order of the ledger.
    pub(crate) fn add(&mut self, logged: &LoggedStatement, holds: impl FnOnce() -> bool) {
        let (statement, index) = (&logged.statement, logged.index);
        match statement.predicate_type.as_str() {
            ManualTest::TYPE => {
                if let Some(Ok(test)) = statement.decode::<ManualTest>()
                    && counts(&test, self.run)
                    && test.by.is_among(self.entering.as_deref())
                    && holds()
                {
                    self.manual.insert(test.requirement.clone(), (index, test));
                }
            }
            TestResult::TYPE => {
                if let Some(Ok(test)) = statement.decode::<TestResult>()
                    && test.proofhouse.context.run == self.run.run
                    && holds()
                {
                    self.test(index, test);
                }
            }
            Scan::TYPE => {
                if let Some(Ok(scan)) = statement.decode::<Scan>()
                    && self.is_about(&scan, statement)
                    && holds()
                {
                    self.scan(index, scan);
                }
            }
            _ => {}
        }
    }

    /// A scan of the run, of its clean commit, or of an artifact that it made; what an older one said of another
    /// commit does not count.
    fn is_about(&self, scan: &Scan, statement: &Statement) -> bool {
        let subjects = statement.subject.iter().filter_map(model::Subject::sha256_digest);
        let artifact = subjects.into_iter().any(|digest| self.artifacts.contains(&digest));
        concerns(scan, self.run, About { artifact, by_people: false })
    }

    fn scan(&mut self, index: u64, scan: Scan) {
        let known = self.scans.entry(source(&scan)).or_default();
        // What did not look everywhere says nothing about what it did not find.
        if scan.coverage.is_complete() {
            known.clear();
        }
        known.push((index, scan));
    }

    /// A step that broke without naming a failed test has not told everything: what passed in it has not run to
    /// its end.
    fn test(&mut self, index: u64, test: TestResult) {
        let broke = test.result != "PASSED" && test.failed_tests.is_empty();
        for (id, mut tests) in test.proofhouse.requirements {
            if broke {
                tests.skipped.append(&mut tests.passed);
            }
            self.by_tests.entry(id.clone()).or_default().insert(index);
            self.tests.entry(id).or_default().add(tests);
        }
    }

    /// What is known, and the ledger indices that say so. The newest manual result of each requirement stands
    /// beside the tests, and so does each scan; they take nothing away from them.
    pub(crate) fn finish(mut self) -> (Tests, BTreeMap<String, Vec<u64>>) {
        let mut all = Vec::new();
        for (id, (index, manual)) in self.manual {
            let name = vec![format!("{} by {} ({})", manual.reason, manual.by.name, manual.file)];
            let (passed, failed) = if manual.passed { (name, vec![]) } else { (vec![], name) };
            all.push((index, id, RequirementTests { passed, failed, skipped: vec![] }));
        }
        for scans in self.scans.values() {
            all.extend(by_scans(scans));
        }
        for (index, id, tests) in all {
            self.by_tests.entry(id.clone()).or_default().insert(index);
            self.tests.entry(id).or_default().add(tests);
        }
        let evidence = self.by_tests.into_iter().map(|(id, indices)| (id, indices.into_iter().collect()));
        (self.tests, evidence.collect())
    }
}

/// What the scans of one source say, the newest complete one first where there is one. A rule that found nothing
/// has passed only there; in a scan that is not complete it did not run to its end, unless the complete one before
/// applied it.
fn by_scans(scans: &[(u64, Scan)]) -> Vec<(u64, String, RequirementTests)> {
    let mut all = Vec::new();
    let mut applied: HashSet<&str> = HashSet::new();
    for (index, scan) in scans {
        let complete = scan.coverage.is_complete();
        let by = whose(scan);
        let named = |list: &[String]| list.iter().map(|name| format!("{by}: {name}")).collect::<Vec<_>>();
        for (id, tagged) in &scan.coverage.requirements {
            let mut tests = RequirementTests { failed: named(&tagged.found), ..RequirementTests::default() };
            tests.skipped = named(&tagged.withdrawn);
            let clean = tagged.found.is_empty() && tagged.withdrawn.is_empty() && !tagged.rules.is_empty();
            if clean && complete {
                tests.passed = named(&tagged.rules);
                applied.insert(id);
            } else if clean && !applied.contains(id.as_str()) {
                tests.skipped =
                    named(&tagged.rules).into_iter().map(|name| name + ", not complete").collect();
            }
            if tests != RequirementTests::default() {
                all.push((*index, id.clone(), tests));
            }
        }
    }
    all
}

/// The tool, and who brought its report where it is not of the pipeline.
fn whose(scan: &Scan) -> String {
    match &scan.origin {
        Origin::Imported { actor, .. } => format!("{} (brought by {actor})", scan.tool.name),
        Origin::Step { step, .. } if *step != scan.tool.name => format!("{} ({step})", scan.tool.name),
        _ => scan.tool.name.clone(),
    }
}
