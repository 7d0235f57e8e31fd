//! Writes a first `proofhouse.yaml` for a project.
