//! What attackers tried, each attempt against the real binary. `SECURITY.md` says what they may be.

mod commit;
mod evidence;
mod repository;
mod screen;
mod target;
mod tools;

use crate::support::{Site, free_port};

/// A small service whose artifact is a shell script, with one environment that blocks what it should.
pub fn service(settings: &str) -> Site {
    let site = Site::new();
    site.write(
        "app.sh",
        "#!/bin/sh\nexec python3 -m http.server --bind 127.0.0.1 --directory \"$2\" \"$1\"\n",
    );
    site.write("proofhouse.yaml", config(settings));
    site.commit("Service");
    site
}

/// Its configuration; `settings` are further sections.
pub fn config(settings: &str) -> String {
    format!(
        "version: 1
project: service
scans: {{ sast: false, secrets: false, config: false, sca: false }}
steps:
  check: {{ kind: test, run: [/bin/true] }}
  build: {{ kind: build, run: 'mkdir -p dist && cp app.sh dist/app && chmod +x dist/app', outputs: [dist/app] }}
environments:
  production:
    driver: host
    artifact: dist/app
    run: ['{{artifact}}', '{{port}}', '{{data}}']
    port: {}
    health: {{ path: /, timeout: 10s }}
    dast: {{ enabled: false }}
{settings}",
        free_port()
    )
}
