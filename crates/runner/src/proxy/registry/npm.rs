//! JavaScript: npm prints its registry and those of scopes; archives come from the same hosts.

use super::{Ask, Endpoint, RegistryError};

pub(super) fn endpoints(ask: &Ask) -> Result<Vec<Endpoint>, RegistryError> {
    let listed = ask.run("npm", "npm", &["config", "ls", "-l", "--json"])?;
    Ok(registries(&listed))
}

fn registries(listed: &str) -> Vec<Endpoint> {
    let Ok(serde_json::Value::Object(settings)) = serde_json::from_str(listed) else { return Vec::new() };
    let urls = settings.iter().filter(|(key, _)| *key == "registry" || key.ends_with(":registry"));
    urls.filter_map(|(_, url)| Endpoint::of_url(url.as_str()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_of_a_configuration() {
        let listed =
            r#"{"registry":"https://packages.example/","@a:registry":"http://a.example:81/","audit":true}"#;
        let hosts: Vec<_> = registries(listed).into_iter().map(|e| (e.host, e.port)).collect();
        assert_eq!(hosts, [("a.example".to_owned(), 81), ("packages.example".to_owned(), 443)]);
    }
}
