//! SARIF 2.1.0, the general exchange format; see [`crate::sarif`] for how it is read.

use super::{Adapter, Read, Shape};
use crate::{ImportError, Source, intake::Intake, sarif};

pub(super) struct Sarif;

impl Adapter for Sarif {
    fn name(&self) -> &'static str {
        sarif::NAME
    }

    fn detect(&self, shape: &Shape) -> bool {
        shape.object(&["runs"])
    }

    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
        sarif::read(source, intake)
    }
}

#[cfg(test)]
mod tests {
    use crate::adapters::tests::{find, read};
    use model::{Place, Technique, identity::context};

    /// zizmor 1.32.0: `zizmor --offline --no-progress --format sarif .`
    const REPORT: &str = include_str!("../../tests/data/zizmor.sarif");

    #[test]
    fn a_report_of_a_real_tool_becomes_findings() {
        let (findings, info) = read("sarif", REPORT);
        assert_eq!((info.tool.name.as_str(), info.tool.version.as_str()), ("zizmor", "1.32.0"));
        let injection = find(&findings, "zizmor/template-injection");
        assert_eq!(injection.technique, Technique::Config);
        let Place::Code { path, context: code, .. } = &injection.place else { panic!() };
        assert_eq!(path, ".github/workflows/ci.yml");
        assert_eq!(*code, Some(context(r#"echo "${{ github.event.pull_request.title }}""#)));
    }
}
