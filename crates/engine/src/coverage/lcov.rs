//! LCOV tracefiles (`geninfo(1)`): records between `SF:` and `end_of_record`; `DA:line,times` tells lines,
//! `BRDA:line,block,branch,times` branches (`-` when the line never ran). What else there is is passed over.

use super::{Lines, number};

pub(super) fn read(bytes: &[u8], lines: &mut Lines) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    let mut file: Option<&str> = None;
    for (n, row) in text.lines().enumerate() {
        let row = row.trim();
        let place = |why: String| format!("line {}: {why}", n + 1);
        match row.split_once(':') {
            Some(("SF", name)) => file = Some(name),
            Some((key @ ("DA" | "BRDA"), said)) => {
                let file = file.ok_or_else(|| place(format!("{key} outside of a file")))?;
                let read = if key == "DA" { line } else { branch };
                read(said, file, lines).map_err(place)?;
            }
            _ if row == "end_of_record" => file = None,
            Some(_) => {}
            None if row.is_empty() || row.starts_with('#') => {}
            None => return Err(place("it is no LCOV record".to_owned())),
        }
    }
    if file.is_some() { Err("the report ends in the middle".to_owned()) } else { Ok(()) }
}

/// `line,times` and perhaps a checksum.
fn line(said: &str, file: &str, lines: &mut Lines) -> Result<(), String> {
    let mut parts = said.split(',');
    let mut part = |what| number::<u64>(parts.next().unwrap_or_default(), what);
    let (at, times) = (part("the line")?, part("how often it ran")?);
    lines.run(file, u32::try_from(at).map_err(|e| e.to_string())?, times > 0)
}

/// `line,block,branch,times`; the name of a branch may hold commas.
fn branch(said: &str, file: &str, lines: &mut Lines) -> Result<(), String> {
    let parts = said.split_once(',').and_then(|(at, rest)| Some((at, rest.rsplit_once(',')?)));
    let (at, (name, times)) = parts.ok_or("a branch needs line, block, branch and times")?;
    let taken = times.trim() != "-" && number::<u64>(times, "how often it was taken")? > 0;
    lines.branch(file, number(at, "the line")?, name, taken)
}
