//! The installation behind the server's port.

use std::{io, sync::Arc};

use engine::{
    people::{self, Exchange, IssuerKeys},
    record::Recorder,
    reviews::{self, Making, Reply},
};
use govern::{
    controls::Report,
    organisation::{Network, Organisation, Provider},
};
use model::{Exit, Problem, RunId, Statement, problem::erase};
use server::{Act, Backend, Files, InclusionProof, LogChunk};

/// Answers the server from the ledger and the logs.
pub struct Installation {
    recorder: Arc<Recorder>,
    files: Files,
    issuers: IssuerKeys,
    runtime: tokio::runtime::Handle,
}

impl Installation {
    /// The installation of a recorder.
    pub fn new(recorder: Arc<Recorder>, runtime: tokio::runtime::Handle) -> Self {
        let files = Files::new(recorder.home().runs());
        Self { recorder, files, issuers: IssuerKeys::default(), runtime }
    }

    /// Whether there is such an entry, after looking for what other processes appended.
    fn has(&self, index: u64) -> Result<bool, Problem> {
        self.recorder.with_ledger(|ledger| {
            ledger.refresh().map_err(|e| erase(&e))?;
            Ok(index < ledger.size())
        })
    }
}

impl Backend for Installation {
    fn log(&self, run: RunId, step: &str, offset: u64, most: usize) -> io::Result<Option<LogChunk>> {
        self.files.log(run, step, offset, most)
    }

    fn envelope(&self, index: u64) -> Result<Option<Vec<u8>>, Problem> {
        if self.has(index)? && self.recorder.removed(index)?.is_none() {
            return self.recorder.envelope(index).map(Some);
        }
        Ok(None)
    }

    fn inclusion_proof(&self, index: u64) -> Result<Option<InclusionProof>, Problem> {
        if !self.has(index)? {
            return Ok(None);
        }
        self.recorder.with_ledger(|ledger| {
            let covered = ledger.checkpoint().is_some_and(|note| index < note.checkpoint.size);
            if !covered {
                return Ok(None);
            }
            let proof = ledger.prove(index).map_err(|e| erase(&e))?;
            let leaf = ledger.leaf(index).map_err(|e| erase(&e))?;
            Ok(Some(InclusionProof {
                index,
                tree_size: proof.checkpoint.checkpoint.size,
                leaf_hash: attest::log::leaf_hash(&leaf),
                entry: base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &leaf),
                hashes: proof.hashes,
                root_hash: proof.checkpoint.checkpoint.root,
                checkpoint: proof.checkpoint.to_text(),
            }))
        })
    }

    fn checkpoint(&self) -> Result<Option<String>, Problem> {
        self.recorder.with_ledger(|ledger| {
            ledger.refresh().map_err(|e| erase(&e))?;
            Ok(ledger.checkpoint().map(|note| note.to_text()))
        })
    }

    fn public_file(&self, path: &str) -> Result<Option<Vec<u8>>, Problem> {
        self.recorder.with_ledger(|ledger| {
            if path == "checkpoint" {
                ledger.refresh().map_err(|e| erase(&e))?;
            }
            ledger.public_file(path).map_err(|e| erase(&e))
        })
    }

    fn trust(&self) -> Result<Option<Vec<u8>>, Problem> {
        self.recorder.trust().map(|trust| Some(trust.to_json()))
    }

    fn record(&self, statement: Statement) -> Result<u64, Problem> {
        let (logged, warning) = self.recorder.record(&[statement])?;
        if let Some(warning) = warning {
            crate::ui::warning(&warning);
        }
        let index = logged.first().map(|logged| logged.index);
        index.ok_or_else(|| Problem::new("statement", Exit::Environment, "nothing was recorded"))
    }

    fn act(&self, act: Act) -> Result<u64, Problem> {
        match act {
            Act::MakeReview { kind, assigned, by } => {
                let making = Making { kind, days: None, assigned, within: None, by };
                reviews::make(making, &self.recorder).map(|made| made.index)
            }
            Act::AnswerReview { review, point, verdict, role, text, by } => {
                let reply = Reply { review, point: point.as_deref(), verdict, role, text: &text, by };
                reviews::answer(&reply, &self.recorder).map(|answered| answered.index)
            }
            Act::Assess { .. } | Act::SignTechnology { .. } => {
                Err(Problem::new("catalogue-unnamed", Exit::Input, "this server has no technology catalogue"))
            }
        }
    }

    fn controls_pdf(&self, report: &Report, title: &str) -> Result<Vec<u8>, Problem> {
        engine::reports::controls::pdf(report, title)
    }

    fn provider_page(
        &self,
        provider: &Provider,
        network: Network,
        redirect: &str,
        [state, nonce, verifier]: [String; 3],
    ) -> Result<String, Problem> {
        let secrets = [state.as_str(), &nonce, &verifier];
        let started = people::start(provider, network, redirect, secrets);
        self.runtime.block_on(started).map(|started| started.url)
    }

    fn provider_answer(
        &self,
        provider: &Provider,
        network: Network,
        redirect: &str,
        code: &str,
        [nonce, verifier]: [String; 2],
    ) -> Result<(String, Vec<String>), Problem> {
        let asked = Exchange { provider, redirect, code, verifier: &verifier, nonce: &nonce };
        let now = self.recorder.clock().now();
        self.runtime.block_on(people::finish(&asked, network, &self.issuers, now))
    }

    fn job(&self, token: &[u8], organisation: &Organisation) -> Result<(String, String, String), Problem> {
        let now = self.recorder.clock().now();
        let job = self.runtime.block_on(people::job(token, organisation, &self.issuers, now))?;
        Ok((job.workload, job.issuer, job.subject))
    }
}
