//! Arguments of `proofhouse review`.

use clap::{Args, Subcommand};
use model::{
    Role,
    predicate::{ReviewKind, ReviewVerdict},
};

use super::release::{duration, role};

#[derive(Subcommand)]
pub enum ReviewCommand {
    /// When each kind of review is due
    List {
        /// Exit with 1 if one is overdue
        #[arg(long)]
        fail: bool,
    },
    /// Generate a review from what was recorded
    Make {
        /// build-process, deployment-practice, scanners, tools, catalogue or access-rights
        #[arg(value_parser = kind)]
        kind: ReviewKind,
        /// Days to look back, at least 30 [default: the interval of the kind]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(30..=3650))]
        days: Option<u32>,
        /// Who shall answer it
        #[arg(long, value_name = "NAME")]
        assign: Option<String>,
        /// Time to answer it
        #[arg(long, value_name = "TIME", default_value = "14d", value_parser = duration)]
        within: std::time::Duration,
    },
    /// Show a review with its suggestions and answers
    Show {
        /// A kind, for its newest review, or a review's ledger entry
        which: String,
    },
    /// Ask somebody to answer it
    Assign {
        /// A kind, for its newest review, or a review's ledger entry
        which: String,
        /// Who
        name: String,
        /// Role that you have
        #[arg(long, value_parser = role)]
        role: Option<Role>,
    },
    /// Answer one suggestion
    Answer(AnswerPointArgs),
    /// Sign a review whose suggestions are all answered
    Sign {
        /// A kind, for its newest review, or a review's ledger entry
        which: String,
        /// Role that you have
        #[arg(long, value_parser = role)]
        role: Option<Role>,
        /// In words
        #[arg(long, default_value = "")]
        text: String,
    },
}

#[derive(Args)]
pub struct AnswerPointArgs {
    /// A kind, for its newest review, or a review's ledger entry
    pub which: String,
    /// Id of the suggestion
    pub point: String,
    /// accept (it will be done), decline (it will not; needs a text), done, or comment
    #[arg(value_parser = verdict)]
    pub verdict: ReviewVerdict,
    /// In words
    #[arg(long, default_value = "")]
    pub text: String,
    /// Role that you have
    #[arg(long, value_parser = role)]
    pub role: Option<Role>,
}

fn kind(text: &str) -> Result<ReviewKind, String> {
    let names = ReviewKind::ALL.map(ReviewKind::name).join(", ");
    ReviewKind::from_name(text).ok_or_else(|| format!("expected one of {names}"))
}

fn verdict(text: &str) -> Result<ReviewVerdict, String> {
    use ReviewVerdict::{Accept, Comment, Decline, Done};
    let found = [Accept, Decline, Done, Comment].into_iter().find(|verdict| verdict.name() == text);
    found.ok_or_else(|| "expected accept, decline, done or comment".to_owned())
}
