//! Maven: plugins come from the network even for the smallest build, so it is one step.

use super::{Section, Source, StepText};

/// The JVM does not read the proxy from the environment.
pub(super) const JVM_PROXY: [&str; 3] = [
    "proxy=\"${HTTPS_PROXY:-}\"; proxy=\"${proxy#*://}\"; proxy=\"${proxy%/}\"",
    "jvm=\"-Dhttp.proxyHost=${proxy%:*} -Dhttp.proxyPort=${proxy##*:}\"",
    "jvm=\"$jvm -Dhttps.proxyHost=${proxy%:*} -Dhttps.proxyPort=${proxy##*:}\"",
];

pub(super) fn recognise(project: &Source<'_>) -> Option<Section> {
    let manifest = project.text("pom.xml")?;
    let mut run = JVM_PROXY.map(str::to_owned).to_vec();
    run.push("export MAVEN_OPTS=\"$jvm\"".into());
    run.push("mvn -B -ntp -Dmaven.repo.local=/tmp/m2 verify".into());
    let step = StepText {
        name: "build",
        kind: "build",
        comment: "Compiles, tests and packages.",
        run,
        outputs: outputs(project),
        tools: vec!["java", "mvn"],
        registries: vec!["maven"],
        ..StepText::default()
    };
    let tools = vec![("java", "java"), ("mvn", "mvn")];
    Some(Section { name: artifact_id(&manifest), tools, steps: vec![step], ..Section::default() })
}

/// `target` of the project, or of each module that has sources.
fn outputs(project: &Source<'_>) -> Vec<String> {
    if project.has_folder("src") {
        return vec!["target".into()];
    }
    let modules = project.files.iter().filter_map(|file| file.strip_suffix("/pom.xml"));
    let modules = modules.filter(|folder| project.has_folder(&format!("{folder}/src/main")));
    let targets: Vec<String> = modules.map(|folder| format!("{folder}/target")).collect();
    if targets.is_empty() { vec!["target".into()] } else { targets }
}

/// The project's own `artifactId`, not its parent's or a dependency's.
fn artifact_id(manifest: &str) -> Option<String> {
    let own = match manifest.split_once("</parent>") {
        Some((before, after)) => {
            format!("{}{after}", before.split_once("<parent>").map_or("", |(head, _)| head))
        }
        None => manifest.to_owned(),
    };
    let (_, rest) = own.split_once("<artifactId>")?;
    Some(rest.split_once('<')?.0.trim().to_owned())
}
