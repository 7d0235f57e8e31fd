//! The same questions through the binary: one for each answer that the verifier gave within this process.

use std::{collections::BTreeSet, path::Path};

use super::{
    Case, Who,
    judges::{Judge, Verdict},
};
use crate::support::Site;

/// Asks `proofhouse conformance verify-bundle`; its exit status is the verdict and it names the reason.
pub fn agrees(cases: &[Case], ours: &Judge, dir: &Path) {
    let site = Site::new();
    let mut asked = BTreeSet::new();
    for (case, verdict) in cases.iter().zip(&ours.verdicts) {
        let code = match verdict {
            Verdict::Accepted => "",
            Verdict::Refused(code) => code,
        };
        if !asked.insert((code, case.kind.title())) {
            continue;
        }
        let path = |name: &str, text: &str| {
            let path = dir.join(name);
            std::fs::write(&path, text).unwrap();
            path.to_string_lossy().into_owned()
        };
        let (bundle, root) = (path("asked.json", &case.bundle), path("root.json", &case.root.to_string()));
        let key;
        let who = match &case.who {
            Who::Identity { identity, issuer } => {
                vec!["--certificate-identity", identity, "--certificate-oidc-issuer", issuer]
            }
            Who::Key { pem, .. } => {
                key = path("key.pub", pem);
                vec!["--key", &key]
            }
        };
        let start = ["conformance", "verify-bundle", "--bundle", &bundle];
        let artifact = case.artifact.to_string_lossy();
        let answer = site.proofhouse(&[&start[..], &who, &["--trusted-root", &root, &artifact]].concat());
        assert_eq!(answer.code == 0, code.is_empty(), "{}: {}", case.row, answer.text());
        assert!(answer.err.contains(code), "{}: {code}: {}", case.row, answer.err);
    }
    assert!(asked.len() > 20, "{asked:?}");
}
