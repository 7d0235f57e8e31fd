//! Asking witnesses to cosign the ledger's newest checkpoint (C2SP tlog-witness, client side).

use std::path::Path;

use attest::log::{
    AddCheckpoint, MAX_COSIGNATURES, SignedCheckpoint, VerifierKey, WitnessKey, parse_cosignatures,
};
use model::{Exit, Problem, Timestamp, problem::erase};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{fetch::Fetch, files};
use crate::{home::cannot, record::Recorder};

/// Largest list of witnesses that is read, in bytes.
const MAX_LIST: u64 = 256 << 10;
/// Most witnesses.
const MOST: usize = 64;

/// The witnesses of an installation: `witnesses.json` in its home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Witnesses {
    /// How many must cosign.
    pub quorum: usize,
    /// All of them.
    pub witnesses: Vec<Known>,
}

/// A witness that can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Known {
    /// Its note verifier key (type 4).
    pub key: String,
    /// Its submission prefix, an http(s) address.
    pub url: String,
}

impl Witnesses {
    /// Puts addresses and keys together; without a quorum all must cosign.
    ///
    /// # Errors
    /// `witness-list` when they do not fit.
    pub fn new(keys: &[String], urls: &[String], quorum: Option<usize>) -> Result<Self, Problem> {
        if keys.len() != urls.len() {
            return Err(wrong("each witness needs its address and its key, in the same order"));
        }
        let known = |(key, url): (&String, &String)| Known { key: key.clone(), url: url.clone() };
        let witnesses: Vec<_> = keys.iter().zip(urls).map(known).collect();
        let list = Self { quorum: quorum.unwrap_or(witnesses.len()), witnesses };
        list.parsed().map(|_| list)
    }

    /// Reads the list of a home; `None` when there is none.
    ///
    /// # Errors
    /// `witness-list`, or the file cannot be read.
    pub fn load(home: &Path) -> Result<Option<Self>, Problem> {
        let path = home.join("witnesses.json");
        let bytes = files::read(&path, MAX_LIST).map_err(|error| cannot(&path, "read", &error))?;
        let Some(bytes) = bytes else { return Ok(None) };
        let list: Self =
            serde_json::from_slice(&bytes).map_err(|error| wrong(&format!("{}: {error}", path.display())))?;
        list.parsed().map(|_| Some(list))
    }

    /// Keeps the list in a home.
    ///
    /// # Errors
    /// The disk.
    pub fn save(&self, home: &Path) -> Result<(), Problem> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| wrong(&error.to_string()))?;
        files::replace(&home.join("witnesses.json"), &text)
    }

    fn parsed(&self) -> Result<Vec<(WitnessKey, Url)>, Problem> {
        let most = self.witnesses.len();
        if !(1..=MOST).contains(&most) || !(1..=most).contains(&self.quorum) {
            return Err(wrong("1 to 64 witnesses and a quorum of some of them are expected"));
        }
        let parsed: Vec<_> = self.witnesses.iter().map(Known::parsed).collect::<Result<_, _>>()?;
        let twice =
            |(n, (key, _)): (usize, &(WitnessKey, Url))| parsed[..n].iter().any(|(k, _)| k.key == key.key);
        match parsed.iter().enumerate().any(twice) {
            true => Err(wrong("one key is there twice")),
            false => Ok(parsed),
        }
    }
}

impl Known {
    fn parsed(&self) -> Result<(WitnessKey, Url), Problem> {
        let Self { key, url } = self;
        let verifier: VerifierKey = key.parse().map_err(|error| wrong(&format!("`{key}`: {error}")))?;
        let key = verifier.witness().ok_or_else(|| wrong(&format!("`{key}` is the key of a log")))?;
        let address: Url = url.parse().map_err(|error| wrong(&format!("`{url}`: {error}")))?;
        match matches!(address.scheme(), "http" | "https") {
            true => Ok((key, address)),
            false => Err(wrong(&format!("`{url}` is no http(s) address"))),
        }
    }
}

fn wrong(why: &str) -> Problem {
    Problem::new("witness-list", Exit::Input, format!("the witnesses are not usable: {why}"))
        .with_hint("give --ask URL and --witness-key KEY for each, and --save to keep them")
}

/// What one witness answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Its name.
    pub name: String,
    /// When it cosigned.
    pub cosigned: Option<Timestamp>,
    /// Why it did not.
    pub problem: Option<Problem>,
}

/// Asks every witness to cosign the newest checkpoint, and keeps what holds beside the ledger. Returns the
/// size of the checkpoint and the answers; whether they are enough is for the caller to say.
///
/// # Errors
/// There is no checkpoint, or the ledger or disk fails. What witnesses say is in the answers.
pub fn ask(recorder: &Recorder, list: &Witnesses) -> Result<(u64, Vec<Asked>), Problem> {
    let witnesses = list.parsed()?;
    let fetch = Fetch::new()?;
    let newest = recorder.with_ledger(|ledger| {
        ledger.refresh()?;
        Ok((ledger.public_checkpoint()?, ledger.cosigned()?))
    });
    let (newest, before) = newest.map_err(|error: attest::LedgerError| erase(&error))?;
    let mut signed = newest.ok_or_else(|| {
        Problem::new("witness-nothing", Exit::Verdict, "the ledger has no checkpoint yet")
            .with_hint("record something first, e.g. with `proofhouse run`")
    })?;
    let (mut asked, bare) = (Vec::new(), signed.clone());
    for (key, url) in &witnesses {
        // What it cosigned last, as far as is known here; else it tells.
        let old = before.as_ref().filter(|before| before.cosigned_by(key).is_ok());
        let old = old.map_or(0, |before| before.checkpoint.size).min(bare.checkpoint.size);
        let question = Question { fetch: &fetch, recorder, key, url, signed: &bare };
        let answer = question.put(old, true);
        let answer = answer.and_then(|lines| match signed.add_cosignatures(&lines, key) {
            true => signed.cosigned_by(key).map_err(|error| question.refused(error.to_string())),
            false => Err(question.refused("its cosignature does not hold under the key given".into())),
        });
        let name = key.name.clone();
        asked.push(match answer {
            Ok(at) => Asked { name, cosigned: Some(at), problem: None },
            Err(problem) => Asked { name, cosigned: None, problem: Some(problem) },
        });
    }
    if asked.iter().any(|asked| asked.cosigned.is_some()) {
        recorder.with_ledger(|ledger| ledger.keep_cosigned(&signed)).map_err(|error| erase(&error))?;
    }
    Ok((signed.checkpoint.size, asked))
}

struct Question<'a> {
    fetch: &'a Fetch,
    recorder: &'a Recorder,
    key: &'a WitnessKey,
    url: &'a Url,
    signed: &'a SignedCheckpoint,
}

impl Question<'_> {
    /// Asks with a proof from `old`; once more from where the witness is, when that is elsewhere.
    fn put(&self, old: u64, again: bool) -> Result<Vec<attest::log::NoteSignature>, Problem> {
        let size = self.signed.checkpoint.size;
        let proof = self.recorder.with_ledger(|ledger| ledger.continuation_to(old, size));
        let proof = proof.map_err(|error| erase(&error))?;
        let request = AddCheckpoint { old, proof, checkpoint: self.signed.clone() };
        let mut url = self.url.clone();
        url.set_path(&format!("{}/add-checkpoint", url.path().trim_end_matches('/')));
        let reply = self.fetch.post(&url, request.to_text(), MAX_COSIGNATURES as u64)?;
        let body = String::from_utf8_lossy(&reply.body);
        let known =
            || body.strip_suffix('\n')?.parse::<u64>().ok().filter(|_| reply.kind == "text/x.tlog.size");
        match reply.status.as_u16() {
            200 => parse_cosignatures(&reply.body).map_err(|error| self.refused(error.to_string())),
            409 => match known() {
                Some(known) if known > size => Err(self.contradicts(format!("it has seen {known} entries"))),
                Some(known) if again && known != old => self.put(known, false),
                Some(known) if known == size => {
                    Err(self.contradicts(format!("it has seen another tree of {known} entries")))
                }
                _ => Err(self.refused("it says that it knows another size, and not which".into())),
            },
            422 => Err(self.contradicts("the proof does not lead from what it has seen to here".into())),
            status => Err(self.refused(format!("it answers {status}"))),
        }
    }

    fn refused(&self, why: String) -> Problem {
        Problem::new("witness-refused", Exit::Environment, format!("{}: {why}", self.key.name))
            .with_hint("does it know the key of this log (`proofhouse ledger trust --log-key`)?")
    }

    fn contradicts(&self, why: String) -> Problem {
        let message = format!("the witness {} has seen another history of this log: {why}", self.key.name);
        Problem::new("witness-contradicts", Exit::Integrity, message)
            .with_hint("was the ledger restored from an older copy, or is its key used elsewhere?")
    }
}
