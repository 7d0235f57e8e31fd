//! Which addresses a project may name in `network`: those outside, and those inside that whoever holds the machine
//! allows. Who writes a project's file has no say about the machine's other services, its network, or what a cloud
//! tells its machines.

use model::{Exit, Problem};
use runner::{Rule, proxy::is_public};

/// Variable with the addresses inside that projects may name, with or without port, separated by commas.
pub(super) const INSIDE: &str = "PROOFHOUSE_INNER_NETWORK";

/// Refuses a rule for an address inside that is not in `allowed`.
pub(super) fn outside(rules: &[Rule], allowed: &str) -> Result<(), Problem> {
    let allowed: Vec<Rule> = allowed.split(',').filter_map(|one| one.trim().parse().ok()).collect();
    let fine = |rule: &&Rule| match rule {
        Rule::Address(address, _) => {
            is_public(*address) || allowed.contains(rule) || allowed.contains(&Rule::Address(*address, None))
        }
        _ => true,
    };
    let Some(rule) = rules.iter().find(|rule| !fine(rule)) else { return Ok(()) };
    let message = format!("`network` names {rule}, an address inside: only this machine opens it ({INSIDE})");
    Err(Problem::new("network-inner", Exit::Environment, message)
        .with_hint(format!("whoever holds this machine allows it with {INSIDE}={rule}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(rule: &str, allowed: &str) -> bool {
        let refused = outside(&["a.example".parse().unwrap(), rule.parse().unwrap()], allowed);
        refused.is_err_and(|problem| problem.code == "network-inner" && problem.message.contains(rule))
    }

    #[test]
    fn an_address_inside_is_the_machines_to_allow() {
        for inside in [
            "127.0.0.1:5432",
            "169.254.169.254",
            "10.0.0.5:8080",
            "192.168.1.1",
            "0.0.0.0:80",
            "100.100.100.200",
            "[::1]:8080",
            "fe80::1",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
        ] {
            assert!(refused(inside, ""), "{inside}");
            assert!(refused(inside, "10.0.0.6, x, 127.0.0.1:80"), "{inside}");
            assert!(!refused(inside, &format!("10.0.0.6, {inside}")), "{inside}");
        }
        assert!(!refused("10.0.0.5:8080", "10.0.0.5"), "at any port");
        assert!(refused("10.0.0.5", "10.0.0.5:8080"), "at one port");
        for outside in ["8.8.8.8:53", "b.example:80", "*.example.org", "registry:cargo"] {
            assert!(!refused(outside, ""), "{outside}");
        }
    }
}
