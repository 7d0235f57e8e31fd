//! How much of the code tests run, counted from the report of a coverage tool: Cobertura XML, JaCoCo XML or LCOV.
//!
//! Totals that a report states are not taken over: lines and branches are counted, each once, however often a
//! report names them (a Cobertura report repeats the lines of a method in its class, LCOV a file for each test). What
//! is stated nowhere, such as a file that no test loads and the tool was not told of, cannot be counted either.

mod cobertura;
mod jacoco;
mod lcov;
mod xml;

use std::collections::BTreeMap;

use model::predicate::{CoverageFigures, Portion};

/// Largest report that is read.
pub const LARGEST: u64 = 64 << 20;
/// Most lines, and branches with a name, of one report.
const MOST: usize = 3_000_000;
/// Most branches of one line.
const MOST_BRANCHES: u64 = 100_000;

/// Counts what a report of this format says.
///
/// # Errors
/// Not of that format, cut short, a number that is none, more than three million lines, or no line at all: a
/// report that measured nothing says nothing.
pub fn parse(format: &str, bytes: &[u8]) -> Result<CoverageFigures, String> {
    let mut lines = Lines::default();
    match format {
        "cobertura" => cobertura::read(bytes, &mut lines)?,
        "jacoco" => jacoco::read(bytes, &mut lines)?,
        "lcov" => lcov::read(bytes, &mut lines)?,
        other => return Err(format!("reports of the format {other} are not read")),
    }
    lines.figures().ok_or_else(|| "it names no line that can be run".to_owned())
}

/// What is known of one line.
#[derive(Default)]
struct Line {
    /// Whether it was run; `None` when only its branches are told.
    run: Option<bool>,
    /// Branches as numbers.
    counted: Portion,
    /// Branches by name, and whether each was taken.
    named: BTreeMap<String, bool>,
}

impl Line {
    fn branches(&self) -> Portion {
        if self.named.is_empty() {
            return self.counted;
        }
        let covered = self.named.values().filter(|taken| **taken).count() as u64;
        Portion { covered, total: self.named.len() as u64 }
    }
}

/// Lines by file and number.
#[derive(Default)]
struct Lines {
    files: BTreeMap<String, BTreeMap<u32, Line>>,
    held: usize,
}

impl Lines {
    fn line(&mut self, file: &str, number: u32) -> Result<&mut Line, String> {
        if number == 0 {
            return Err("lines are counted from 1".to_owned());
        }
        if !self.files.contains_key(file) {
            self.files.insert(file.to_owned(), BTreeMap::new());
        }
        let known = self.files.get_mut(file).ok_or("no such file")?;
        if !known.contains_key(&number) {
            self.held += 1;
            if self.held > MOST {
                return Err(too_many());
            }
        }
        Ok(known.entry(number).or_default())
    }

    fn run(&mut self, file: &str, number: u32, run: bool) -> Result<(), String> {
        let known = &mut self.line(file, number)?.run;
        *known = Some(run || *known == Some(true));
        Ok(())
    }

    /// Branches of a line as numbers. Of several statements the one that knows more branches counts.
    fn branches(&mut self, file: &str, number: u32, said: Portion) -> Result<(), String> {
        if said.covered > said.total || said.total > MOST_BRANCHES {
            return Err(format!("line {number}: {} of {} branches", said.covered, said.total));
        }
        let line = self.line(file, number)?;
        let (old, new) = ((line.counted.total, line.counted.covered), (said.total, said.covered));
        if new > old {
            line.counted = said;
        }
        Ok(())
    }

    fn branch(&mut self, file: &str, number: u32, name: &str, taken: bool) -> Result<(), String> {
        let line = self.line(file, number)?;
        if let Some(known) = line.named.get_mut(name) {
            *known |= taken;
            return Ok(());
        }
        line.named.insert(name.to_owned(), taken);
        self.held += 1;
        if self.held > MOST { Err(too_many()) } else { Ok(()) }
    }

    fn figures(&self) -> Option<CoverageFigures> {
        let all = || self.files.values().flat_map(BTreeMap::values);
        let lines =
            |wanted: fn(bool) -> bool| all().filter_map(|line| line.run).filter(|run| wanted(*run)).count();
        let (covered, total) = (lines(|run| run) as u64, lines(|_| true) as u64);
        let branches = all().map(Line::branches).fold(Portion::default(), |sum, one| Portion {
            covered: sum.covered.saturating_add(one.covered),
            total: sum.total.saturating_add(one.total),
        });
        (total > 0).then(|| CoverageFigures {
            files: self.files.len() as u64,
            lines: Portion { covered, total },
            branches: (branches.total > 0).then_some(branches),
        })
    }
}

fn too_many() -> String {
    format!("it names more than {MOST} lines and branches")
}

/// A number that is not negative, as every format writes it.
fn number<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, String> {
    text.trim()
        .parse()
        .map_err(|_| format!("{what} is not a number: `{}`", text.chars().take(40).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // `coverage run --branch --source=shop -m unittest` and `coverage xml` (coverage.py 7.17.3, comments removed).
    const COBERTURA: &str = include_str!("samples/cobertura.xml");
    // The same measurement, `coverage lcov`.
    const PYTHON: &str = include_str!("samples/python.lcov");
    // `node --test --experimental-test-coverage --test-reporter=lcov` (Node.js 20.20).
    const NODE: &str = include_str!("samples/node.lcov");
    // `XMLFormatter` of JaCoCo 0.8.6 on a class that was instrumented and run.
    const JACOCO: &str = include_str!("samples/jacoco.xml");

    fn portion(covered: u64, total: u64) -> Portion {
        Portion { covered, total }
    }

    fn figures(format: &str, text: &str) -> CoverageFigures {
        parse(format, text.as_bytes()).unwrap()
    }

    #[test]
    fn lines_and_branches_are_counted_as_the_tools_count_them() {
        let python = CoverageFigures { files: 2, lines: portion(8, 11), branches: Some(portion(4, 6)) };
        assert_eq!(figures("cobertura", COBERTURA), python);
        assert_eq!(figures("lcov", PYTHON), python);
        let node = CoverageFigures { files: 2, lines: portion(12, 14), branches: Some(portion(5, 7)) };
        assert_eq!(figures("lcov", NODE), node);
        let jacoco = CoverageFigures { files: 1, lines: portion(7, 10), branches: Some(portion(5, 8)) };
        assert_eq!(figures("jacoco", JACOCO), jacoco);
    }

    #[test]
    fn what_is_named_twice_counts_once() {
        assert_eq!(figures("lcov", &PYTHON.repeat(3)), figures("lcov", PYTHON));
        let twice = COBERTURA.replace(
            "<methods/>",
            "<methods><method name='m'><lines><line number='1' hits='0'/></lines></method></methods>",
        );
        assert_eq!(figures("cobertura", &twice).lines, portion(8, 12), "only the empty file has one more");
        let missed = "SF:a\nDA:1,0\nBRDA:1,0,0,-\nend_of_record\nSF:a\nDA:1,2\nBRDA:1,0,0,1\nend_of_record\n";
        assert_eq!(figures("lcov", missed).lines, portion(1, 1));
        assert_eq!(figures("lcov", missed).branches, Some(portion(1, 1)));
    }

    #[test]
    fn what_is_no_report_is_refused_with_the_reason() {
        let entity = "<!DOCTYPE coverage [<!ENTITY a 'b'>]><coverage/>";
        for (format, bad, why) in [
            ("cobertura", "", "no line"),
            ("cobertura", "<coverage></coverage>", "no line"),
            ("cobertura", &COBERTURA[..COBERTURA.find("</lines>").unwrap()], "ends in the middle"),
            ("cobertura", entity, "own document type"),
            ("jacoco", entity, "own document type"),
            ("cobertura", JACOCO, "outside of a class"),
            ("jacoco", COBERTURA, "outside of a source file"),
            ("cobertura", "<class filename='a'><line number='x' hits='1'/></class>", "not a number"),
            (
                "cobertura",
                "<class filename='a'><line number='1' hits='1' branch='true'/></class>",
                "condition-coverage",
            ),
            (
                "jacoco",
                "<sourcefile name='a'><line nr='1' mi='0' ci='1' mb='0' cb='99999999'/></sourcefile>",
                "branches",
            ),
            ("jacoco", &"<a>".repeat(100), "too deep"),
            ("lcov", "SF:a\nDA:1,1\n", "ends in the middle"),
            ("lcov", "DA:1,1\n", "outside of a file"),
            ("lcov", "SF:a\nDA:0,1\nend_of_record\n", "counted from 1"),
            ("lcov", "SF:a\nDA:1,-1\nend_of_record\n", "not a number"),
            ("lcov", "{}", "line 1"),
            ("clover", "", "not read"),
        ] {
            let told = parse(format, bad.as_bytes()).unwrap_err();
            assert!(told.contains(why), "{format} {bad}: {told}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_a_part_is_never_more_than_the_whole(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            cut in 0_usize..4000, put in "[<>/=\"'0-9A-Z:,%() -]{0,20}",
        ) {
            for (format, text) in [("cobertura", COBERTURA), ("jacoco", JACOCO), ("lcov", NODE)] {
                let _ = parse(format, &bytes);
                let mut mutated = text.as_bytes().to_vec();
                let at = cut % mutated.len();
                mutated.splice(at..at, put.bytes());
                if let Ok(figures) = parse(format, &mutated) {
                    prop_assert!(figures.lines.covered <= figures.lines.total && figures.files > 0);
                    prop_assert!(figures.branches.is_none_or(|all| all.covered <= all.total));
                }
            }
        }
    }
}
