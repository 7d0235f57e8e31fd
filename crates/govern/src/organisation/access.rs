//! Role x scope x permission.

use std::collections::BTreeSet;

use model::Role;

use super::{Grant, Organisation, Scope, matches};

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// See projects, runs, findings, decisions, deployments, controls.
    View,
    /// Comment and assign.
    Comment,
    /// Judge findings.
    Triage,
    /// Accept a risk until a date.
    AcceptRisk,
    /// Enter results of tests and reviews by hand, and what a requirement's test by hand showed.
    EnterResult,
    /// Assess technologies and vote.
    Assess,
    /// Sign or reject a release review, a periodic review, an entry of the catalogue.
    Sign,
    /// See who signed in and what was changed about access.
    Audit,
    /// Decide who may do what.
    People,
}

use Permission::{AcceptRisk, Assess, Audit, Comment, EnterResult, People, Sign, Triage, View};

impl Permission {
    /// All permissions.
    pub const ALL: [Self; 9] = [View, Comment, Triage, AcceptRisk, EnterResult, Assess, Sign, Audit, People];

    /// As a phrase: "you may not …".
    pub fn phrase(self) -> &'static str {
        match self {
            View => "see this",
            Comment => "comment or assign here",
            Triage => "judge findings here",
            AcceptRisk => "accept risks here",
            EnterResult => "enter results here",
            Assess => "assess technologies",
            Sign => "sign here",
            Audit => "see who signed in",
            People => "decide who may do what",
        }
    }
}

/// What a role may do. An administrator decides who decides, and decides nothing else.
fn permissions(role: Role) -> &'static [Permission] {
    match role {
        Role::Devops => &[View, Comment, EnterResult, Assess, Sign],
        Role::Security => &[View, Comment, Triage, AcceptRisk, EnterResult, Assess, Sign, Audit],
        Role::Compliance => &[View, Comment, EnterResult, Sign, Audit],
        Role::Developer => &[View, Comment, Assess, Sign],
        Role::Architect => &[View, Comment, Assess, Sign],
        Role::Manager => &[View, Comment, AcceptRisk, Sign],
        Role::Admin => &[View, Audit, People],
    }
}

/// Roles that have the permission.
pub(super) fn with(permission: Permission) -> Vec<Role> {
    Role::ALL.into_iter().filter(|role| permissions(*role).contains(&permission)).collect()
}

/// Whether any of these roles has the permission.
fn allowed(roles: impl IntoIterator<Item = Role>, permission: Permission) -> bool {
    roles.into_iter().any(|role| permissions(role).contains(&permission))
}

/// The roles of one person or machine, with where each holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    everywhere: BTreeSet<Role>,
    /// Role and patterns of projects.
    within: Vec<(Role, Vec<String>)>,
    /// Nothing can be done, only seen.
    reading: bool,
}

impl Rights {
    /// Whoever holds the installation itself: every role everywhere.
    pub fn owner() -> Self {
        Self { everywhere: Role::ALL.into(), ..Self::default() }
    }

    /// The same, and one more role everywhere.
    #[must_use]
    pub fn with(mut self, role: Role) -> Self {
        self.everywhere.insert(role);
        self
    }

    /// These roles, in these projects or everywhere.
    pub fn given(roles: &[Role], projects: &[String]) -> Self {
        if projects.is_empty() {
            return Self { everywhere: roles.iter().copied().collect(), ..Self::default() };
        }
        Self { within: roles.iter().map(|r| (*r, projects.to_vec())).collect(), ..Self::default() }
    }

    /// Those of a person, with the groups (`group@company`) that their provider told of.
    pub fn of_person(organisation: &Organisation, person: &str, groups: &[String]) -> Self {
        let member = |team: &String| organisation.teams.get(team).is_some_and(|t| t.members.contains(person));
        Self::of(organisation, |grant| {
            grant.people.contains(person)
                || grant.teams.iter().any(member)
                || groups.iter().any(|group| grant.groups.contains(group))
        })
    }

    /// Those of a workload.
    pub fn of_workload(organisation: &Organisation, workload: &str) -> Self {
        Self::of(organisation, |grant| grant.workloads.contains(workload))
    }

    fn of(organisation: &Organisation, has: impl Fn(&Grant) -> bool) -> Self {
        let mut rights = Self::default();
        for grant in organisation.grants.iter().filter(|grant| has(grant)) {
            match &grant.scope {
                Scope::Organisation => drop(rights.everywhere.insert(grant.role)),
                Scope::Project(project) => rights.within.push((grant.role, vec![project.clone()])),
                Scope::Team(team) => {
                    let projects = organisation.teams.get(team).map(|team| team.projects.clone());
                    rights.within.push((grant.role, projects.unwrap_or_default()));
                }
            }
        }
        rights
    }

    /// What both allow: a token can do less than its owner, never more.
    #[must_use]
    pub fn limited_to(&self, roles: &[Role], projects: &[String]) -> Self {
        let kept = |role: &Role| roles.contains(role);
        let everywhere: BTreeSet<Role> = self.everywhere.iter().copied().filter(kept).collect();
        if projects.is_empty() {
            let within = self.within.iter().filter(|(role, _)| kept(role)).cloned().collect();
            return Self { everywhere, within, reading: self.reading };
        }
        // Projects of a token are plain names, so that one question decides.
        let own = |role: Role| {
            let sees = |project: &&String| self.roles(Some(project)).contains(&role);
            (role, projects.iter().filter(sees).cloned().collect())
        };
        let within = roles.iter().copied().map(own).collect();
        Self { everywhere: BTreeSet::new(), within, reading: self.reading }
    }

    /// The same, without everything that changes something.
    #[must_use]
    pub fn reading(self) -> Self {
        Self { reading: true, ..self }
    }

    /// Roles for a project, or for the organisation as a whole, sorted.
    pub fn roles(&self, project: Option<&str>) -> Vec<Role> {
        let within = self.within.iter().filter(|(_, patterns)| {
            project.is_some_and(|project| patterns.iter().any(|pattern| matches(pattern, project)))
        });
        let all: BTreeSet<Role> =
            within.map(|(role, _)| *role).chain(self.everywhere.iter().copied()).collect();
        all.into_iter().collect()
    }

    /// Whether this is allowed in a project, or in the organisation as a whole.
    pub fn may(&self, permission: Permission, project: Option<&str>) -> bool {
        self.allows(permission) && allowed(self.roles(project), permission)
    }

    /// Whether this is allowed in any project at all.
    pub fn may_somewhere(&self, permission: Permission) -> bool {
        let within = self.within.iter().filter(|(_, patterns)| !patterns.is_empty()).map(|(role, _)| *role);
        self.allows(permission) && allowed(within.chain(self.everywhere.iter().copied()), permission)
    }

    fn allows(&self, permission: Permission) -> bool {
        !self.reading || matches!(permission, View | Audit)
    }

    /// Whether there is no role at all.
    pub fn is_empty(&self) -> bool {
        self.everywhere.is_empty() && self.within.is_empty()
    }
}
