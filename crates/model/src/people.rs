//! People and machines that act: roles, and who did something.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A role of the organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Automates builds and deployments.
    Devops,
    /// Decides about findings and accepted risks.
    Security,
    /// Looks at evidence and controls.
    Compliance,
    /// Writes the software.
    Developer,
    /// Decides about technologies.
    Architect,
    /// Answers for the business risk.
    Manager,
    /// Decides who may do what, and nothing else.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] = [
        Self::Devops,
        Self::Security,
        Self::Compliance,
        Self::Developer,
        Self::Architect,
        Self::Manager,
        Self::Admin,
    ];

    /// As written in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Devops => "devops",
            Self::Security => "security",
            Self::Compliance => "compliance",
            Self::Developer => "developer",
            Self::Architect => "architect",
            Self::Manager => "manager",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|role| role.name() == word).ok_or(())
    }
}

/// How somebody proved who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum Via {
    /// A command on the machine that has the installation: the name is the operating system's.
    Local,
    /// The link that the server printed when it started.
    Link,
    /// A password.
    Password,
    /// A password and a one-time code (RFC 6238) or a recovery code.
    PasswordAndCode,
    /// An OpenID Connect provider.
    Oidc {
        /// Its issuer.
        issuer: String,
    },
    /// An access token.
    Token {
        /// Its id, which is no secret.
        id: String,
    },
    /// A token that a build system's issuer signed for a job.
    Workload {
        /// Its issuer.
        issuer: String,
        /// Its subject.
        subject: String,
    },
}

impl Via {
    /// The kind, as in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Link => "link",
            Self::Password => "password",
            Self::PasswordAndCode => "password-and-code",
            Self::Oidc { .. } => "oidc",
            Self::Token { .. } => "token",
            Self::Workload { .. } => "workload",
        }
    }
}

/// Who did something, with the roles that they had for it at that moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// Name of the person or machine, as the organisation knows it.
    pub name: String,
    /// Roles for the project in question (or the organisation), sorted.
    pub roles: Vec<Role>,
    /// How they proved who they are.
    pub via: Via,
}

impl By {
    /// The name with the roles: `ann (manager, security)`.
    pub fn label(&self) -> String {
        let roles: Vec<&str> = self.roles.iter().map(|role| role.name()).collect();
        match roles.is_empty() {
            true => self.name.clone(),
            false => format!("{} ({})", self.name, roles.join(", ")),
        }
    }

    /// Whether they had one of these roles; `None`: nobody needs one.
    pub fn is_among(&self, roles: Option<&[Role]>) -> bool {
        roles.is_none_or(|roles| self.roles.iter().any(|role| roles.contains(role)))
    }

    /// Whether they had this role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}
