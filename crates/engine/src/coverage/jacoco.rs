//! JaCoCo XML: `package` (in any number of `group`s), in it `sourcefile`, in it `line` with the instructions and
//! branches that were missed (`mi`, `mb`) and covered (`ci`, `cb`). A line is run when one of its instructions was.

use model::predicate::Portion;

use super::{
    Lines,
    xml::{Met, Tag, walk},
};

pub(super) fn read(bytes: &[u8], lines: &mut Lines) -> Result<(), String> {
    // Groups and the package: files of two modules may have the same name.
    let mut within: Vec<String> = Vec::new();
    let mut file: Option<String> = None;
    walk(bytes, |met| {
        match met {
            Met::Open(tag) if matches!(tag.name(), b"group" | b"package") => within.push(tag.text("name")),
            Met::Close(b"group" | b"package") => drop(within.pop()),
            Met::Open(tag) if tag.name() == b"sourcefile" => {
                file = Some(format!("{}/{}", within.join("/"), tag.text("name")));
            }
            Met::Close(b"sourcefile") => file = None,
            Met::Open(tag) if tag.name() == b"line" => {
                let file =
                    file.as_deref().ok_or("a line is outside of a source file: is it a JaCoCo report?")?;
                line(&tag, file, lines)?;
            }
            _ => {}
        }
        Ok(())
    })
}

fn line(tag: &Tag<'_>, file: &str, lines: &mut Lines) -> Result<(), String> {
    let at = tag.number("nr")?;
    lines.run(file, at, tag.number::<u64>("ci")? > 0)?;
    let (missed, covered) = (tag.number::<u32>("mb")?, tag.number::<u32>("cb")?);
    let total = u64::from(missed) + u64::from(covered);
    lines.branches(file, at, Portion { covered: covered.into(), total })
}
