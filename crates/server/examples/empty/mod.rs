//! An installation in which nothing is but the database.

use std::sync::Arc;

use govern::organisation::{Network, Organisation, Provider};
use model::{Exit, Problem, RunId, Statement};
use server::{Act, Backend, InclusionProof, LogChunk, ReviewPaper};

/// Answers as if there were nothing.
pub struct Empty;

impl Backend for Empty {
    fn log(&self, _: RunId, _: &str, _: u64, _: usize) -> std::io::Result<Option<LogChunk>> {
        Ok(None)
    }

    fn envelope(&self, _: u64) -> Result<Option<Vec<u8>>, Problem> {
        Ok(None)
    }

    fn inclusion_proof(&self, _: u64) -> Result<Option<InclusionProof>, Problem> {
        Ok(None)
    }

    fn checkpoint(&self) -> Result<Option<String>, Problem> {
        Ok(None)
    }

    fn public_file(&self, _: &str) -> Result<Option<Vec<u8>>, Problem> {
        Ok(None)
    }

    fn trust(&self) -> Result<Option<Vec<u8>>, Problem> {
        Ok(None)
    }

    fn record(&self, _: Statement) -> Result<u64, Problem> {
        Ok(0)
    }

    fn act(&self, _: Act) -> Result<u64, Problem> {
        Err(Problem::new("none", Exit::Input, "nothing can be done here"))
    }

    fn release_review(&self, _: u64) -> Result<Option<ReviewPaper>, Problem> {
        Ok(None)
    }

    fn content(&self, _: model::Sha256) -> Result<Option<Vec<u8>>, Problem> {
        Ok(None)
    }

    fn release_review_pdf(&self, _: &ReviewPaper) -> Result<Vec<u8>, Problem> {
        Ok(vec![])
    }

    fn radar(&self) -> Result<Arc<server::Radar>, Problem> {
        Ok(Arc::default())
    }

    fn evaluate(&self, _: &[String]) -> Result<Vec<govern::catalogue::evaluate::Evaluation>, Problem> {
        Ok(vec![])
    }

    fn agreements(&self, _: &store::views::FindingView) -> Result<Vec<server::Agreement>, Problem> {
        Ok(vec![])
    }

    fn requirements(&self, _: &str) -> Result<Option<server::Demanded>, Problem> {
        Ok(None)
    }

    fn controls_pdf(&self, _: &govern::controls::Report, _: &str) -> Result<Vec<u8>, Problem> {
        Ok(vec![])
    }

    fn provider_page(&self, _: &Provider, _: Network, _: &str, _: [String; 3]) -> Result<String, Problem> {
        Err(Problem::new("none", Exit::Input, "there is no provider"))
    }

    fn provider_answer(
        &self,
        _: &Provider,
        _: Network,
        _: &str,
        _: &str,
        _: [String; 2],
    ) -> Result<(String, Vec<String>), Problem> {
        Err(Problem::new("none", Exit::Input, "there is no provider"))
    }

    fn job(&self, _: &[u8], _: &Organisation) -> Result<(String, String, String), Problem> {
        Err(Problem::new("none", Exit::Input, "there is no issuer"))
    }
}
