//! Reviews and what people said about them.

use model::{
    By, Role, RunId, Sha256, Timestamp,
    predicate::{ReviewFigure, ReviewKind, ReviewPoint, ReviewVerdict},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A release review. Whether it counts is judged from the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseReviewView {
    /// Ledger index.
    pub index: u64,
    /// Envelope digest.
    #[schema(value_type = String)]
    pub envelope: Sha256,
    /// Project.
    pub project: String,
    /// Environment.
    pub environment: String,
    /// Run.
    #[schema(value_type = String)]
    pub run: RunId,
    /// SHA-256 of the artifact.
    #[schema(value_type = String)]
    pub artifact: Sha256,
    /// Blob of the document.
    #[schema(value_type = String)]
    pub document: Sha256,
    /// Roles that are asked to sign.
    #[schema(value_type = Vec<String>)]
    pub roles: Vec<Role>,
    /// Who made it.
    #[schema(value_type = Object)]
    pub by: By,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
}

/// A periodic review.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewView {
    /// Ledger index.
    pub index: u64,
    /// Envelope digest.
    #[schema(value_type = String)]
    pub envelope: Sha256,
    /// What is reviewed.
    #[schema(value_type = String)]
    pub kind: ReviewKind,
    /// Suggestions.
    #[schema(value_type = Vec<Object>)]
    pub points: Vec<ReviewPoint>,
    /// Figures.
    #[schema(value_type = Vec<Object>)]
    pub figures: Vec<ReviewFigure>,
    /// What could not be looked at.
    pub unknown: Vec<String>,
    /// Who was asked when it was made.
    pub assigned: Option<String>,
    /// Who made it.
    #[schema(value_type = Object)]
    pub by: By,
    /// Beginning of the time that it looks at.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// By when it is to be answered.
    #[schema(value_type = String, format = DateTime)]
    pub due: Timestamp,
}

/// What somebody said about a review.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewAnswerView {
    /// Ledger index.
    pub index: u64,
    /// Envelope digest of the review.
    #[schema(value_type = String)]
    pub review: Sha256,
    /// Project, where the review is of one.
    pub project: Option<String>,
    /// Point, where it answers one.
    pub point: Option<String>,
    /// What they decided.
    #[schema(value_type = String)]
    pub verdict: ReviewVerdict,
    /// Role that they answered for.
    #[schema(value_type = Option<String>)]
    pub role: Option<Role>,
    /// In words.
    pub text: String,
    /// Who.
    #[schema(value_type = Object)]
    pub by: By,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}
