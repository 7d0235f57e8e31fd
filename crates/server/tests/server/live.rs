//! Following a log while it is written, and stopping while it is followed.

use model::predicate::RunPhase;
use reqwest::Response;

use crate::support::Server;

/// Reads events until `count` of them came or the stream ends: (event, data).
async fn events(answer: &mut Response, buffer: &mut String, count: usize) -> Vec<(String, String)> {
    let mut events = Vec::new();
    while events.len() < count {
        while let Some(end) = buffer.find("\n\n") {
            let block: String = buffer.drain(..end + 2).collect();
            let field = |name: &str| {
                let line = block.lines().find_map(|line| line.strip_prefix(name));
                line.unwrap_or("").trim().to_owned()
            };
            if !field("event:").is_empty() {
                events.push((field("event:"), field("data:")));
            }
        }
        if events.len() >= count {
            break;
        }
        match answer.chunk().await.unwrap() {
            Some(chunk) => buffer.push_str(std::str::from_utf8(&chunk).unwrap()),
            None => break,
        }
    }
    events
}

#[tokio::test]
async fn lines_arrive_as_they_are_written_and_the_end_is_told() {
    let server = Server::over(testkit::demo).await;
    let run = testkit::run_id(9);
    server.write_log(run, "compile", b"one\n\x1b[31mtwo\x1b[0m\nthr");
    let path = format!("/api/v1/runs/{run}/steps/compile/log/stream");
    let mut answer = server.get(&path).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut buffer = String::new();
    assert_eq!(events(&mut answer, &mut buffer, 1).await, [("log".into(), "\"one\\ntwo\\n\"".into())]);
    server.write_log(run, "compile", b"ee\nlast");
    assert_eq!(events(&mut answer, &mut buffer, 1).await, [("log".into(), "\"three\\n\"".into())]);
    // The run ends: the unfinished line comes too, then the end.
    let mut finished = testkit::run_predicate(run, RunPhase::Finished, crate::support::now());
    finished.project = "mailer".into();
    let mut ledger = server.ledger.statements.clone();
    let mut last = ledger.pop().unwrap();
    last.index += 1;
    last.statement = model::Statement::new(last.statement.subject.clone(), &finished).unwrap();
    server.store.project(&last, &server.ledger.blobs).await.unwrap();
    let rest = events(&mut answer, &mut buffer, 2).await;
    assert_eq!(rest, [("log".into(), "\"last\"".into()), ("end".into(), "end".into())]);
    // Who comes back goes on where it was.
    let mut again =
        server.program().get(server.url(&path)).header("last-event-id", "17").send().await.unwrap();
    let rest = events(&mut again, &mut String::new(), 9).await;
    assert_eq!(rest[0].1, "\"three\\nlast\"");
}

#[tokio::test]
async fn the_server_stops_although_a_log_is_followed() {
    let server = Server::over(testkit::demo).await;
    let run = testkit::run_id(9);
    let mut answer = server.get(&format!("/api/v1/runs/{run}/steps/compile/log/stream")).await;
    let address = server.bound.address;
    server.stop().await.unwrap();
    assert!(answer.chunk().await.unwrap().is_none());
    assert!(std::net::TcpStream::connect(address).is_err());
}
