//! Requests to logs and witnesses: bounded in time and bytes, and never led to another host.

use std::time::Duration;

use model::{Exit, Problem};
use reqwest::{Client, RequestBuilder, StatusCode, redirect::Policy};
use tokio::{runtime::Runtime, task::JoinSet};
use url::Url;

/// Time for a connection to be there.
const CONNECT: Duration = Duration::from_secs(10);
/// Time for a whole answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most requests at one time. Small servers queue few connections, and let the others wait for a second.
const AT_ONCE: usize = 4;
/// Most redirects that are followed, on the same host.
const REDIRECTS: usize = 3;

/// A client with its own runtime; calls block.
pub struct Fetch {
    runtime: Runtime,
    client: Client,
}

/// An answer to a request.
pub struct Reply {
    pub status: StatusCode,
    /// Content type, without parameters.
    pub kind: String,
    pub body: Vec<u8>,
}

impl Fetch {
    pub fn new() -> Result<Self, Problem> {
        let broken = |why: String| Problem::new("network-client", Exit::Environment, why);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            .user_agent(concat!("proofhouse/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::custom(|attempt| {
                let first = attempt.previous().first();
                let fine = first.is_some_and(|first| may_lead(first, attempt.url()));
                match fine && attempt.previous().len() <= REDIRECTS {
                    true => attempt.follow(),
                    false => attempt.stop(),
                }
            }))
            .build();
        Ok(Self {
            runtime: runtime.map_err(|error| broken(error.to_string()))?,
            client: client.map_err(|error| broken(error.to_string()))?,
        })
    }

    /// The bodies of several addresses at once, each with its own limit; `None` for 404 and 410. A longer
    /// body is cut after the limit and one byte.
    pub fn get(&self, wanted: &[(Url, u64)]) -> Result<Vec<Option<Vec<u8>>>, Problem> {
        self.runtime.block_on(async {
            let (mut running, mut next) = (JoinSet::new(), wanted.iter().cloned().enumerate());
            let mut answers: Vec<_> = wanted.iter().map(|_| None).collect();
            loop {
                while running.len() < AT_ONCE
                    && let Some((n, (url, most))) = next.next()
                {
                    let request = self.client.get(url.clone());
                    running.spawn(async move { (n, found(&url, send(request, &url, most).await)) });
                }
                let Some(joined) = running.join_next().await else { break };
                let (n, answer) = joined.map_err(|error| failed("a request", &error.to_string()))?;
                answers[n] = answer?;
            }
            Ok(answers)
        })
    }

    /// The answer to a POST of text.
    pub fn post(&self, url: &Url, body: String, most: u64) -> Result<Reply, Problem> {
        self.runtime.block_on(send(self.client.post(url.clone()).body(body), url, most))
    }
}

/// Whether a redirect may lead from one address to the other: the same host, and the same file there, so that
/// a sign-in page is not taken for what was asked.
fn may_lead(from: &Url, to: &Url) -> bool {
    let file = |url: &Url| url.path_segments().and_then(|mut parts| parts.next_back().map(str::to_owned));
    from.origin() == to.origin() && file(from) == file(to)
}

async fn send(request: RequestBuilder, url: &Url, most: u64) -> Result<Reply, Problem> {
    let broken = |error: reqwest::Error| {
        let error = error.without_url();
        let mut why = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            why = format!("{why}: {cause}");
            source = cause.source();
        }
        failed(url.as_str(), &why)
    };
    let mut answer = request.send().await.map_err(broken)?;
    let kind = answer.headers().get(reqwest::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim().to_owned();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(broken)? {
        let room = (most + 1).saturating_sub(body.len() as u64) as usize;
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() as u64 > most {
            break;
        }
    }
    Ok(Reply { status: answer.status(), kind, body })
}

fn found(url: &Url, reply: Result<Reply, Problem>) -> Result<Option<Vec<u8>>, Problem> {
    let reply = reply?;
    match reply.status {
        StatusCode::OK => Ok(Some(reply.body)),
        StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
        status => Err(failed(url.as_str(), &format!("it answers {status}"))),
    }
}

fn failed(url: &str, why: &str) -> Problem {
    Problem::new("log-unreachable", Exit::Environment, format!("{url}: {why}"))
        .with_hint("nothing is lost: what was seen before is kept, try again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_to_the_same_file_on_the_same_host_or_nowhere() {
        let may = |to: &str| may_lead(&"http://a:1/log/checkpoint".parse().unwrap(), &to.parse().unwrap());
        assert!(may("http://a:1/other/checkpoint"));
        for wrong in [
            "http://a:1/login",
            "http://b:1/log/checkpoint",
            "http://a/log/checkpoint",
            "https://a:1/log/checkpoint",
        ] {
            assert!(!may(wrong), "{wrong}");
        }
    }
}
