//! A command line that cannot be understood: told as the parser does, or as JSON where that was asked for.

use std::process::ExitCode;

use clap::error::ErrorKind;
use model::{Exit, Problem};

use crate::{args::Format, ui};

/// Tells the error; help and version, which the parser gives in the same way, are no errors.
pub fn tell(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() || !json_wanted(std::env::args_os().skip(1)) {
        let _ = error.print();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Input.code()));
    }
    ui::problem(&problem(error), Format::Json);
    ExitCode::from(Exit::Input.code())
}

/// The arguments could not be parsed, so they are only searched.
fn json_wanted(arguments: impl Iterator<Item = std::ffi::OsString>) -> bool {
    let words: Vec<_> = arguments.take_while(|word| word != "--").collect();
    words.iter().any(|word| word == "--format=json")
        || words.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json")
}

fn problem(error: &clap::Error) -> Problem {
    let told = error.to_string();
    let first = told.split("\n\n").next().unwrap_or_default();
    let message = match error.kind() {
        // The parser shows the help instead.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "no command is given".to_owned(),
        _ => first.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    let message = message.strip_prefix("error: ").unwrap_or(&message).to_owned();
    let tip = told.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    let hint = tip.unwrap_or("`--help` after the command shows what it takes");
    Problem::new("usage", Exit::Input, message).with_hint(hint)
}
