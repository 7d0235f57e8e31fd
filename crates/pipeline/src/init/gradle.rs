//! Gradle: by the project's wrapper when there is one.

use super::{Section, Source, StepText, maven::JVM_PROXY};

pub(super) fn recognise(project: &Source<'_>) -> Option<Section> {
    let root = ["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"];
    if !root.iter().any(|file| project.has(file)) {
        return None;
    }
    let wrapper = project.has("gradlew") && project.has("gradle/wrapper/gradle-wrapper.jar");
    let mut run = JVM_PROXY.map(str::to_owned).to_vec();
    run.push("export JAVA_OPTS=\"$jvm\" GRADLE_OPTS=\"$jvm\" GRADLE_USER_HOME=/tmp/gradle".into());
    let program = if wrapper { "sh ./gradlew" } else { "gradle" };
    run.push(format!("{program} --no-daemon --console=plain build"));
    let mut tools = vec![("java", "java")];
    if !wrapper {
        tools.push(("gradle", "gradle"));
    }
    let step = StepText {
        name: "build",
        kind: "build",
        comment: "Compiles, tests and packages.",
        run,
        outputs: outputs(project),
        tools: tools.iter().map(|(name, _)| *name).collect(),
        registries: if wrapper { vec!["gradle", "maven"] } else { vec!["maven"] },
        ..StepText::default()
    };
    Some(Section { tools, steps: vec![step], ..Section::default() })
}

/// `build/libs` of the project, or of each subproject that has sources.
fn outputs(project: &Source<'_>) -> Vec<String> {
    let scripts = project.files.iter().filter_map(|file| {
        file.strip_suffix("/build.gradle").or_else(|| file.strip_suffix("/build.gradle.kts"))
    });
    let modules = scripts.filter(|folder| project.has_folder(&format!("{folder}/src/main")));
    let libs: Vec<String> = modules.map(|folder| format!("{folder}/build/libs")).collect();
    if libs.is_empty() || project.has_folder("src/main") { vec!["build/libs".into()] } else { libs }
}
