//! The installation behind the server's port.

use std::{
    io::{self, Read as _},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use engine::{
    import::{self, Import},
    manual::Manual,
    people::{self, Exchange, IssuerKeys},
    radar::{self, CatalogueFile, Sign, Usage},
    record::Recorder,
    release_review, requirements, reviews,
};
use govern::{
    catalogue::{Catalogue, evaluate::Evaluation},
    controls::Report,
    organisation::{Network, Organisation, Provider},
};
use model::{
    Exit, Place, Problem, RunId, Sha256, Statement, identity::unversioned,
    predicate::provenance::TRIGGER_WRAPPED, problem::erase,
};
use server::{
    Act, Agreement, Backend, Demand, Demanded, Files, InclusionProof, LogChunk, ManualResult, Opinion, Radar,
    ReviewPaper,
};
use store::{
    Store,
    views::{FindingFilter, FindingView, PageRequest, RunFilter},
};

use crate::{
    agreements::agreements,
    app::App,
    args::Global,
    commands::radar::{files, inventories},
    database::Database,
};

/// Answers the server from the ledger and the logs.
pub struct Installation {
    global: Global,
    store: Arc<Store>,
    database: Arc<Database>,
    recorder: Arc<Recorder>,
    files: Files,
    issuers: IssuerKeys,
    runtime: tokio::runtime::Handle,
    /// File of the technology catalogue, where one is named.
    catalogue: Option<PathBuf>,
    /// What was read last, with what it was read from.
    radar: Mutex<Option<(RadarKey, Arc<Radar>)>>,
}

/// Ledger entries, digest of the catalogue, minute.
type RadarKey = (u64, Option<Sha256>, i64);

/// A problem for people on a page.
fn sentences(problem: Problem) -> String {
    let hint = problem.hint.map(|hint| format!(": {hint}")).unwrap_or_default();
    format!("{}{hint}.", problem.message)
}

impl Installation {
    /// The installation that is open; `catalogue` is the file of technologies, absent for the one that the
    /// project of the working folder names.
    pub fn new(app: &App, catalogue: Option<PathBuf>) -> Self {
        Self {
            global: app.global.clone(),
            store: Arc::clone(&app.store),
            database: Arc::clone(&app.database),
            recorder: Arc::clone(&app.recorder),
            files: Files::new(app.recorder.home().runs()),
            issuers: IssuerKeys::default(),
            runtime: app.runtime.handle().clone(),
            catalogue,
            radar: Mutex::default(),
        }
    }

    /// The catalogue as the file is now: people change it while the server runs.
    fn catalogue(&self) -> Result<CatalogueFile, Problem> {
        files::catalogue(&self.global, self.catalogue.as_deref()).map_err(|problem| {
            let hint = "`proofhouse serve --catalogue FILE` names one; `proofhouse radar identify --to \
                        technologies.yaml` writes a first one from what is in use";
            Problem::new("catalogue-unnamed", Exit::Input, "there is no technology catalogue yet").with_hint(
                if problem.code == "catalogue-unnamed" || self.catalogue.is_none() {
                    hint.to_owned()
                } else {
                    problem.hint.unwrap_or(problem.message)
                },
            )
        })
    }

    /// What projects use and who signed: read anew when the ledger grew, the file changed or a minute is over.
    fn known(&self) -> Result<Arc<Radar>, Problem> {
        let now = self.recorder.clock().now();
        let file = self.catalogue();
        let digest = file.as_ref().ok().and_then(CatalogueFile::digest);
        let key = (self.recorder.projection().next_index()?, digest, now.as_second().div_euclid(60));
        // Whoever waits here waits for what somebody else is reading.
        let mut kept = self.radar.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, radar)) = kept.as_ref().filter(|(known, _)| *known == key) {
            return Ok(Arc::clone(radar));
        }
        let (catalogue, unusable) = match file.and_then(|file| file.open()) {
            Ok(catalogue) => (catalogue, None),
            Err(problem) => (Catalogue::default(), Some(sentences(problem))),
        };
        let radar = Arc::new(Radar {
            standings: radar::standings(&catalogue, &self.recorder, now)?,
            signatures: radar::signatures(&self.recorder, now)?,
            inventories: inventories(&self.store, &self.database, &self.recorder)?,
            catalogue,
            unusable,
        });
        *kept = Some((key, Arc::clone(&radar)));
        Ok(radar)
    }

    /// Whether there is such an entry, after looking for what other processes appended.
    fn has(&self, index: u64) -> Result<bool, Problem> {
        self.recorder.with_ledger(|ledger| {
            ledger.refresh().map_err(|e| erase(&e))?;
            Ok(index < ledger.size())
        })
    }

    /// Takes a report of people in, as `proofhouse import manual` does.
    fn enter(&self, result: &ManualResult) -> Result<u64, Problem> {
        let extension = match result.format {
            Some("manual-csv") => "csv",
            Some("manual-json") => "json",
            Some("manual-markdown") => "md",
            Some("manual-html") => "html",
            _ => "txt",
        };
        let folder = tempfile::tempdir();
        let folder =
            folder.map_err(|e| engine::home::cannot(&std::env::temp_dir(), "write the report to", &e))?;
        let file = folder.path().join(format!("report.{extension}"));
        std::fs::write(&file, &result.report)
            .map_err(|e| engine::home::cannot(&file, "write the report to", &e))?;
        let manual = Manual {
            assessment: result.assessment.clone(),
            tester: result.tester.clone(),
            tested: result.tested,
            scope: result.scope.clone(),
            files: result.files.clone(),
            by: Some(result.by.clone()),
            ..Manual::default()
        };
        let request = Import {
            file: &file,
            format: result.format,
            project: &result.project,
            commit: result.commit.clone(),
            limits: findings::Limits::default(),
            source: None,
            root: None,
            actor: &result.by.name,
            manual: Some(&manual),
            requirements: None,
        };
        let (imported, warning) = import::import(&request, &self.recorder)?;
        warning.iter().for_each(crate::ui::warning);
        Ok(imported.index)
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

    fn release_review(&self, index: u64) -> Result<Option<ReviewPaper>, Problem> {
        if !self.has(index)? {
            return Ok(None);
        }
        match release_review::load(index, &self.recorder) {
            Ok(loaded) => Ok(Some(ReviewPaper {
                put: loaded.put,
                document: loaded.document,
                standing: loaded.standing,
            })),
            Err(problem) if problem.code == "review-unknown" => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    fn release_review_pdf(&self, paper: &ReviewPaper) -> Result<Vec<u8>, Problem> {
        release_review::pdf(&paper.document, Some(&paper.standing))
    }

    fn content(&self, digest: Sha256) -> Result<Option<Vec<u8>>, Problem> {
        let cannot = |e: io::Error| engine::home::cannot(&self.recorder.home().blobs(), "read a file in", &e);
        let mut blob = match self.recorder.blobs().open(&digest) {
            Ok(blob) => blob,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(cannot(e)),
        };
        let mut bytes = Vec::new();
        let most = engine::manual::LARGEST_ATTACHMENT;
        io::Read::take(&mut blob, most + 1).read_to_end(&mut bytes).map_err(cannot)?;
        if bytes.len() as u64 > most {
            return Err(Problem::new(
                "content-too-large",
                Exit::Environment,
                "the file has more than 64 MiB",
            ));
        }
        Ok(Some(bytes))
    }

    fn act(&self, act: Act) -> Result<u64, Problem> {
        match act {
            Act::ReleaseReview { review, verdict, role, text, by } => {
                let reply = release_review::Reply { review, verdict, role, text: &text, by };
                release_review::answer(&reply, &self.recorder).map(|(index, _)| index)
            }
            Act::Result(result) => self.enter(&result),
            Act::MakeReview { kind, assigned, by } => {
                let making = reviews::Making { kind, days: None, assigned, within: None, by };
                reviews::make(making, &self.recorder).map(|made| made.index)
            }
            Act::AnswerReview { review, point, verdict, role, text, by } => {
                let reply =
                    reviews::Reply { review, point: point.as_deref(), verdict, role, text: &text, by };
                reviews::answer(&reply, &self.recorder).map(|answered| answered.index)
            }
            Act::Assess { technology, opinion, comment, by } => {
                let radar = self.known()?;
                // Under the name that everybody else uses for it.
                let technology = radar::meant(&radar.catalogue, &technology)?.name;
                let opinion = match opinion {
                    Opinion::Score(criterion, score) => radar::Opinion::Score(criterion, score),
                    Opinion::Vote(ring) => radar::Opinion::Vote(ring),
                };
                radar::assess(&technology, opinion, comment, (by, None), &self.recorder)
            }
            Act::SignTechnology { technology, approve, role, reason, by } => {
                let catalogue = self.catalogue()?.open()?;
                let what = Sign { technology: &technology, approve, role, by, entered_by: None, reason };
                radar::sign(&catalogue, what, &self.recorder).map(|(index, _)| index)
            }
        }
    }

    fn radar(&self) -> Result<Arc<Radar>, Problem> {
        self.known()
    }

    fn evaluate(&self, technologies: &[String]) -> Result<Vec<Evaluation>, Problem> {
        let radar = self.known()?;
        let means = |name: &&String| radar::meant(&radar.catalogue, name).is_ok();
        let (first, others) = technologies.split_at(technologies.len().min(1));
        let names: Vec<String> = first.iter().chain(others.iter().filter(means)).cloned().collect();
        let people = self.database.wait(self.store.people())?;
        let usage = Usage { inventories: radar.inventories.clone(), people };
        radar::evaluate(&radar.catalogue, &names, &usage, &self.recorder, self.recorder.clock().now())
    }

    fn agreements(&self, finding: &FindingView) -> Result<Vec<Agreement>, Problem> {
        // What can be the same stands in the same file or is the same package.
        let near = match &finding.place {
            Place::Package { purl, .. } => Some(unversioned(purl)),
            place => place.path(),
        };
        let Some(near) = near else { return Ok(vec![]) };
        let filter = FindingFilter {
            project: Some(finding.project.clone()),
            text: Some(near.to_owned()),
            ..FindingFilter::open()
        };
        let page = PageRequest::first(PageRequest::MOST);
        let mut views = self.database.wait(self.store.findings(&filter, &page))?.items;
        if views.iter().all(|view| view.id != finding.id) {
            views.push(finding.clone());
        }
        Ok(agreements(&views).remove(&finding.id).unwrap_or_default())
    }

    fn requirements(&self, project: &str) -> Result<Option<Demanded>, Problem> {
        let filter = RunFilter {
            project: Some(project.to_owned()),
            trigger_not: Some(TRIGGER_WRAPPED.to_owned()),
            ..RunFilter::default()
        };
        // One that is running now says nothing yet.
        let runs = self.database.wait(self.store.runs(&filter, &PageRequest::first(20)))?.items;
        let ended = runs.iter().find_map(|run| Some((run.run, run.finished_index?)));
        let Some((run, end)) = ended else { return Ok(None) };
        let detail = self.database.wait(self.store.run(run))?;
        let mut tests: Vec<u64> = detail.iter().flat_map(|run| &run.tests).map(|test| test.index).collect();
        let commit = detail.as_ref().and_then(|detail| detail.run.commit.as_deref());
        tests.extend(self.database.wait(self.store.scans_about(project, run, commit))?);
        let found = requirements::demanded(end, &tests, &self.recorder)?;
        let at = self.recorder.clock().now();
        let mut standings = requirements::standings(&found.requirements, &found.tests, &found.said, at);
        let mut rows: Vec<Demand> = found
            .requirements
            .into_iter()
            .filter_map(|(id, requirement)| {
                let tests = found.tests.get(&id).cloned().unwrap_or_default();
                let evidence = found.evidence.get(&id).cloned().unwrap_or_default();
                standings.remove(&id).map(|standing| Demand { id, requirement, standing, tests, evidence })
            })
            .collect();
        rows.sort_by_key(|row| pipeline::requirements::natural(&row.id));
        let (run, commit) = (found.run.run, found.run.commit);
        let unreadable = found.unreadable;
        Ok(Some(Demanded { run, index: found.index, commit, unreadable, rows, at }))
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
