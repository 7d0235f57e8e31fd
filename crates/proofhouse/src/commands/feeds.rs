//! `proofhouse feeds`: vulnerability data for the built-in composition analysis.

use std::path::Path;

use engine::feeds::import;
use model::{Exit, Problem};

use crate::{
    app::{App, actor},
    args::{FeedsCommand, Global},
    ui::{self, BOLD, DIM, println},
};

pub fn feeds(global: &Global, command: &FeedsCommand) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    match command {
        FeedsCommand::Import { path, name } => {
            let name = name.clone().unwrap_or_else(|| usual_name(path));
            let imported = import(path, &name, &actor(), &app.recorder)?;
            match app.json() {
                true => ui::json(&imported),
                false => {
                    let date: String = imported.as_of.to_string().chars().take(10).collect();
                    let parts = [
                        (imported.advisories, "advisory record"),
                        (imported.exploited, "exploited CVE"),
                        (imported.products, "product"),
                    ];
                    let told = parts.iter().filter(|(number, _)| *number > 0);
                    let told: Vec<String> = told.map(|(number, what)| ui::count(*number, what)).collect();
                    println!("{BOLD}{name}{BOLD:#}: {}, newest of {date}", told.join(", "));
                    for refused in imported.refused.iter().take(5) {
                        ui::note(&format!("{} is left out: {}", refused.what, refused.why));
                    }
                }
            }
        }
        FeedsCommand::List => {
            let feeds = app.database.wait(app.store.feeds())?;
            if app.json() {
                ui::json(&feeds);
            }
            for feed in feeds.iter().filter(|_| !app.json()) {
                let day = |at: model::Timestamp| at.to_string().chars().take(10).collect::<String>();
                println!(
                    "{BOLD}{}{BOLD:#} {} advisories, newest of {} {DIM}imported {} by {}{DIM:#}",
                    feed.feed,
                    feed.advisories,
                    day(feed.as_of),
                    day(feed.imported),
                    feed.actor
                );
            }
        }
    }
    Ok(Exit::Success)
}

/// A feed is called like its file, as far as that can be a name.
fn usual_name(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let stem = file.split('.').next().unwrap_or_default();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let name: String = stem.chars().map(|c| if fits(c) { c } else { '-' }).take(64).collect();
    if name.is_empty() { "feed".to_owned() } else { name }
}
