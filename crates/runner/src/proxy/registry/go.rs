//! Go: `go env` prints the module proxies and the checksum database.

use super::{Ask, Endpoint, RegistryError};

pub(super) fn endpoints(ask: &Ask) -> Result<Vec<Endpoint>, RegistryError> {
    let answer = ask.run("go", "go", &["env", "GOPROXY", "GOSUMDB"])?;
    let mut lines = answer.lines();
    Ok(hosts(lines.next().unwrap_or_default(), lines.next().unwrap_or_default()))
}

/// `GOPROXY` is a list separated by `,` or `|`; `GOSUMDB` is a name with an optional key and URL.
fn hosts(proxies: &str, database: &str) -> Vec<Endpoint> {
    let mut found: Vec<Endpoint> = proxies.split([',', '|']).filter_map(Endpoint::of_url).collect();
    let name = database.split([' ', '+']).next().unwrap_or_default();
    if !matches!(name, "" | "off") {
        let url = database.split(' ').nth(1).map_or_else(|| format!("https://{name}/"), str::to_owned);
        found.extend(Endpoint::of_url(&url));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_an_environment() {
        let names = |proxies, database| -> Vec<String> {
            hosts(proxies, database).into_iter().map(|e| e.host).collect()
        };
        assert_eq!(
            names("https://a.example|https://b.example,direct", "sums.example"),
            ["a.example", "b.example", "sums.example"]
        );
        assert_eq!(names("off", "off"), [""; 0]);
        assert_eq!(names("direct", "s.example+abc https://m.example/s"), ["m.example"]);
    }
}
