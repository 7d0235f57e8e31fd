//! What a catalogue says about all of its entries: who signs, what weighs how much, what is to be reached.

use model::{Role, Sha256};
use serde_saphyr::Spanned;

use super::{
    super::entry::{Goal, Measure, Objective, Policy, Quorum, Weights},
    LONGEST_NAME, MOST_OF_ONE, Reading, place,
    raw::{RawObjective, RawQuorum, RawWeights},
};

/// Most roles of a quorum.
const MOST_ROLES: usize = 10;
/// Largest weight.
const HEAVIEST: u16 = 100;

impl Reading {
    pub(super) fn policy(&mut self, text: Option<Spanned<String>>) -> Option<Policy> {
        match text {
            None => Some(Policy::Warn),
            Some(text) => self.name(&text, "what follows", Policy::NAMES, Policy::from_name),
        }
    }

    pub(super) fn quorum(&mut self, raw: RawQuorum) -> Quorum {
        let usual = Quorum::default();
        let roles = raw.roles.map_or(usual.roles, |roles| {
            if roles.value.is_empty() || roles.value.len() > MOST_ROLES {
                let message = format!("a quorum has 1 to {MOST_ROLES} roles");
                let hint = "leave `quorum` out when nobody needs to sign".to_owned();
                self.add("catalogue-quorum", place(&roles), message, Some(hint));
            }
            let names = Role::ALL.map(Role::name);
            roles
                .value
                .iter()
                .filter_map(|role| self.name(role, "a role", &names, |word| word.parse().ok()))
                .collect()
        });
        let mut days = |text: Option<Spanned<String>>, usual| {
            text.map_or(usual, |text| self.number(&text, 1, 3660).unwrap_or(usual))
        };
        Quorum {
            roles,
            valid_days: days(raw.valid_days, usual.valid_days),
            unfixed_critical_days: days(raw.unfixed_critical_days, usual.unfixed_critical_days),
            not_effective: self.policy(raw.not_effective).unwrap_or(Policy::Deny),
        }
    }

    pub(super) fn weights(&mut self, raw: RawWeights) -> Weights {
        let usual = Weights::default();
        let mut of = |text: Option<Spanned<String>>, usual| {
            text.map_or(usual, |text| self.number(&text, 0, HEAVIEST).unwrap_or(usual))
        };
        Weights {
            incidents: of(raw.incidents, usual.incidents),
            response: of(raw.response, usual.response),
            maintenance: of(raw.maintenance, usual.maintenance),
            licence: of(raw.licence, usual.licence),
            scorecard: of(raw.scorecard, usual.scorecard),
            relevance: of(raw.relevance, usual.relevance),
            ease: of(raw.ease, usual.ease),
            familiarity: of(raw.familiarity, usual.familiarity),
        }
    }

    pub(super) fn objectives(&mut self, raw: Vec<Spanned<RawObjective>>) -> Vec<Objective> {
        if raw.len() > MOST_OF_ONE {
            self.add("catalogue-too-many", (1, 1), format!("more than {MOST_OF_ONE} objectives"), None);
            return vec![];
        }
        raw.into_iter().filter_map(|objective| self.objective(objective)).collect()
    }

    fn objective(&mut self, raw: Spanned<RawObjective>) -> Option<Objective> {
        let at = place(&raw);
        let raw = raw.value;
        let measure = self.name(&raw.measure, "a measure", Measure::NAMES, Measure::from_name);
        if measure.is_some_and(|measure| measure.is_of_one() != raw.technology.is_some()) {
            let message = "`technology` belongs to the measure `projects-using`, and to no other".to_owned();
            self.add("catalogue-objective", at, message, None);
        }
        let goal = match (&raw.at_most, &raw.at_least) {
            (Some(most), None) => self.number(most, 0, u16::MAX).map(Goal::AtMost),
            (None, Some(least)) => self.number(least, 0, u16::MAX).map(Goal::AtLeast),
            _ => {
                let message = "an objective has either `at-most` or `at-least`".to_owned();
                self.add("catalogue-objective", at, message, Some("for example `at-most: 0`".to_owned()));
                None
            }
        };
        let due = self.date(&raw.due);
        Some(Objective {
            objective: self.text(raw.objective, LONGEST_NAME),
            measure: measure?,
            technology: raw.technology.map(|text| self.text(text, LONGEST_NAME)),
            goal: goal?,
            due: due?,
            owner: raw.owner.map(|text| self.text(text, LONGEST_NAME)),
        })
    }

    fn number(&mut self, text: &Spanned<String>, least: u16, most: u16) -> Option<u16> {
        let plain = !text.value.is_empty() && text.value.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.value.parse().ok().filter(|number| plain && (least..=most).contains(number));
        if number.is_none() {
            let message = format!("`{}` is not a whole number from {least} to {most}", text.value);
            self.add("catalogue-bad-number", place(text), message, None);
        }
        number
    }

    pub(super) fn digest(&mut self, text: &Spanned<String>) -> Option<Sha256> {
        let digest = text.value.parse().ok();
        if digest.is_none() {
            let message = format!("`{}` is not a SHA-256", text.value);
            let hint = "`proofhouse radar evaluate NAME --save` prints the line".to_owned();
            self.add("catalogue-bad-digest", place(text), message, Some(hint));
        }
        digest
    }

    /// Ids of products as endoflife data has them.
    pub(super) fn product(&mut self, text: Spanned<String>) -> String {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
        if text.value.is_empty() || text.value.len() > LONGEST_NAME || !text.value.chars().all(fits) {
            let message = format!("`{}` is not the id of a product", text.value);
            let hint = "as in endoflife data: `django`, `spring-boot`".to_owned();
            self.add("catalogue-bad-product", place(&text), message, Some(hint));
        }
        text.value
    }
}
