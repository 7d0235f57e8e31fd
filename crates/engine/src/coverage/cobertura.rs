//! Cobertura XML, as coverage.py, gcovr, Coverlet, PHPUnit and many others write it: `class` with a file name, in it
//! `line` with `number`, `hits`, and for branches `condition-coverage="50% (1/2)"`.

use model::predicate::Portion;

use super::{
    Lines, number,
    xml::{Met, Tag, walk},
};

pub(super) fn read(bytes: &[u8], lines: &mut Lines) -> Result<(), String> {
    let mut file: Option<String> = None;
    walk(bytes, |met| {
        match met {
            Met::Open(tag) if tag.name() == b"class" => file = Some(tag.text("filename")),
            Met::Close(b"class") => file = None,
            Met::Open(tag) if tag.name() == b"line" => {
                let file =
                    file.as_deref().ok_or("a line is outside of a class: is it a Cobertura report?")?;
                line(&tag, file, lines)?;
            }
            _ => {}
        }
        Ok(())
    })
}

fn line(tag: &Tag<'_>, file: &str, lines: &mut Lines) -> Result<(), String> {
    let at = tag.number("number")?;
    lines.run(file, at, tag.number::<u64>("hits")? > 0)?;
    if tag.text("branch").eq_ignore_ascii_case("true") {
        lines.branches(file, at, conditions(&tag.text("condition-coverage"))?)?;
    }
    Ok(())
}

/// `50% (1/2)`.
fn conditions(text: &str) -> Result<Portion, String> {
    let inner = text.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inner, _)| inner);
    let (covered, total) = inner
        .and_then(|inner| inner.split_once('/'))
        .ok_or("a line with branches has no condition-coverage such as `50% (1/2)`")?;
    Ok(Portion {
        covered: number(covered, "condition-coverage")?,
        total: number(total, "condition-coverage")?,
    })
}
