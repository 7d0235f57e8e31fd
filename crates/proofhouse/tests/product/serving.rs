//! The real server over a real installation: people with tokens of their roles enter a result, sign a release and
//! accept a risk on the pages, and the gate and the command line say so.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Stdio},
};

use crate::support::Site;

/// `proofhouse serve`, stopped at the end.
pub struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    pub fn start(site: &Site) -> Self {
        let mut command = site.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("serving")).expect("the server started");
        // Whatever it says later must have a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let address = line.split("http://").nth(1).unwrap();
        let address = address.chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
        Self { child, address }
    }

    /// Status, head and body of an answer.
    fn ask(&self, token: &str, method: &str, path: &str, form: &[(&str, &str)]) -> (u16, String, String) {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_owned(), body.to_owned())
    }

    /// Sends a form with files as a browser does (RFC 7578); `more` are further heads.
    fn upload(
        &self,
        token: &str,
        path: &str,
        form: &[(&str, &str)],
        files: &[(&str, &[u8])],
        more: &str,
    ) -> (u16, String) {
        let mut body = Vec::new();
        for (name, value) in form {
            let field = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(field.as_bytes());
        }
        for (name, content) in files {
            let head = format!(
                "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\
                 Content-Type: text/html\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--b--\r\n");
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n{more}\
             Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        // A server that refuses a large body does not read it to its end.
        let _ = stream.write_all(&body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    #[track_caller]
    fn sees(&self, token: &str, path: &str) -> String {
        let (status, _, body) = self.ask(token, "GET", path, &[]);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    #[track_caller]
    fn does(&self, token: &str, path: &str, form: &[(&str, &str)]) {
        let (status, _, body) = self.ask(token, "POST", path, form);
        assert_eq!(status, 303, "{path}: {body}");
    }

    /// The sentence with which a form is shown again.
    #[track_caller]
    fn fails(&self, token: &str, path: &str, form: &[(&str, &str)]) -> String {
        let (status, _, body) = self.ask(token, "POST", path, form);
        assert_eq!(status, 422, "{path}: {body}");
        body.split("role=\"alert\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn token(site: &Site, name: &str, role: &str) -> String {
    let made = site.proofhouse(&["token", "create", name, "--role", role]).expect(0);
    made.out.trim().to_owned()
}

#[test]
fn people_sign_a_release_on_the_pages_and_the_gate_opens() {
    let site = Site::bookshelf();
    let config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    let demanded =
        "require-clean-source: false, release-review: { roles: [manager, security], within: 14d } }";
    site.write("proofhouse.yaml", config.replacen("require-clean-source: false }", demanded, 1));
    site.commit("Demand a review");
    site.proofhouse(&["run"]).expect(0);
    let [mia, sam, dev] = [("mia", "manager"), ("sam", "security"), ("dev", "developer")]
        .map(|(name, role)| token(&site, name, role));
    let serving = Serving::start(&site);
    let made =
        site.proofhouse(&["release", "review", "make", "staging", "--format", "json"]).expect(0).json();
    let review = format!("/reviews/releases/{}", made["entry"]);
    let sign = format!("{review}/sign");
    site.proofhouse(&["gate", "explain", "staging"]).expect(1);

    // The page is there at once, and its words are those of the document.
    let page = serving.sees(&mia, &review);
    assert!(
        page.contains("It waits for signatures") && page.contains("Nobody has signed as manager"),
        "{page}"
    );
    assert!(page.contains("<svg class=\"bars\"") && !page.contains("<script>"));
    assert_eq!(serving.ask(&dev, "POST", &sign, &[("role", "developer")]).0, 422);
    assert_eq!(serving.fails(&mia, &sign, &[("role", "security")]), "Mia@token is not security here.");
    let reject = format!("{review}/reject");
    let short = serving.fails(&mia, &reject, &[("role", "manager"), ("text", "no")]);
    assert_eq!(
        short,
        "It needs a text of at least 10 characters. Say what must change, so that others can act on it."
    );
    serving.does(&mia, &sign, &[("role", "manager"), ("text", "")]);
    serving.does(&dev, &format!("{review}/comment"), &[("text", "the search is <b>new</b>")]);
    serving.does(&sam, &sign, &[("role", "security"), ("text", "looked at the findings")]);
    let page = serving.sees(&dev, &review);
    assert!(page.contains("Everybody who was asked has signed"), "{page}");
    assert!(page.contains("mia@token as manager: sign") && page.contains("&#60;b&#62;new"), "{page}");
    assert!(serving.ask(&dev, "GET", &format!("{review}/pdf"), &[]).2.starts_with("%PDF-"));
    site.proofhouse(&["gate", "explain", "staging"]).expect(0);

    // A result of people goes the way of every report.
    let results = "/projects/bookshelf/results";
    assert_eq!(serving.ask(&mia, "POST", results, &[]).0, 403);
    let finding = [
        ("title", "Orders of <i>others</i>"),
        ("severity", "high"),
        ("cwe", "CWE-639"),
        ("file", "bookshelf/server.py"),
        ("tester", "Red Team"),
        ("date", "2026-03-01"),
    ];
    serving.does(&sam, results, &finding);
    let future = [&finding[..5], &[("date", "2999-01-01")]].concat();
    assert!(serving.fails(&sam, results, &future).contains("in the future"));
    let report = [("report", "title;severity;file\r\nWeak lock;low;door.py\r\n"), ("form", "manual-csv")];
    serving.does(&sam, &format!("{results}/report"), &[&report[..], &finding[4..]].concat());
    let not_csv = [("report", "{}"), ("form", "manual-json"), ("tester", "Red Team"), ("date", "2026-03-01")];
    assert!(!serving.fails(&sam, &format!("{results}/report"), &not_csv).is_empty());
    let all = site.proofhouse(&["findings", "--technique", "manual", "--format", "json"]).expect(0).json();
    let titles: Vec<&str> =
        all.as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Orders of <i>others</i>", "Weak lock"], "{all}");

    // Its page leads to guidance with an example in the language of the file; people judge it and accept the risk.
    let place = format!("/projects/bookshelf/findings/{}", all[0]["id"].as_str().unwrap());
    let page = serving.sees(&mia, &place);
    assert!(page.contains("/guidance/639?language=python") && !page.contains("<i>"), "{page}");
    assert!(serving.sees(&dev, "/guidance/639?language=python").contains("In Python"));
    let judged = [("state", "confirmed"), ("reason", "seen with two accounts")];
    assert_eq!(serving.ask(&dev, "POST", &format!("{place}/triage"), &judged).0, 403);
    serving.does(&sam, &format!("{place}/triage"), &judged);
    let tomorrow = jiff::Timestamp::now().as_second() + 86_400;
    let until = jiff::Timestamp::from_second(tomorrow).unwrap().strftime("%Y-%m-%d").to_string();
    let accepted =
        [("until", until.as_str()), ("reason", "only the staff has accounts"), ("environment", "")];
    serving.does(&mia, &format!("{place}/exception"), &accepted);
    let risks = site.proofhouse(&["gate", "exceptions", "--format", "json"]).expect(0).json();
    assert_eq!(risks[0]["owner"], "mia@token", "{risks}");
    let digest = serving.sees(&dev, "/digest?project=bookshelf");
    assert!(digest.contains("mia@token accepted"), "{digest}");

    // What they signed has changed, and the page says why.
    let page = serving.sees(&mia, &review);
    assert!(page.contains("It counts no longer") && page.contains("further risk was accepted"), "{page}");
    assert!(page.contains("/reject\"") && !page.contains("/sign\""), "it can still be rejected");
    drop(serving);
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn files_that_show_a_result_are_kept_listed_and_only_ever_downloaded() {
    let site = Site::new();
    site.write("proofhouse.yaml", "version: 1\nproject: shop\nsteps:\n  a: { kind: test, run: 'true' }\n");
    site.commit("Shop");
    site.proofhouse(&["scan"]);
    let [sam, dev] = [("sam", "security"), ("dev", "developer")].map(|(name, role)| token(&site, name, role));
    let serving = Serving::start(&site);
    let results = "/projects/shop/results";
    let finding = [
        ("title", "Orders of others"),
        ("severity", "high"),
        ("file", "app.py"),
        ("tester", "Red Team"),
        ("date", "2026-03-01"),
    ];
    let page = "<html><script>alert(1)</script>";
    let picture = b"\x89PNG\r\n\x1a\npicture";
    let files: [(&str, &[u8]); 3] =
        [("../../etc/cron.d/<b>x.html", page.as_bytes()), ("screen.png", picture), ("", b"")];

    // Another site's page, somebody without the right, too many files, too much, half a form.
    let sent = |token: &str, files: &[(&str, &[u8])], more: &str| {
        serving.upload(token, results, &finding, files, more)
    };
    assert_eq!(sent(&sam, &files, "Sec-Fetch-Site: cross-site\r\n").0, 403);
    assert_eq!(sent(&dev, &files, "").0, 403);
    let many: Vec<(&str, &[u8])> = std::iter::repeat_n(files[1], 21).collect();
    assert_eq!(sent(&sam, &many, "").0, 422);
    let large = vec![0; 17 << 20];
    assert_eq!(sent(&sam, &[("a", &large)], "").0, 413);
    let (status, body) = sent(&sam, &[("empty", b"")], "");
    assert!(status == 422 && body.contains("is empty or has more than 64 MiB"), "{body}");
    let none = site.proofhouse(&["findings", "--technique", "manual", "--format", "json"]).expect(0).json();
    assert_eq!(none, serde_json::json!([]));

    assert_eq!(sent(&sam, &files, "").0, 303);
    let all = site.proofhouse(&["findings", "--technique", "manual", "--format", "json"]).expect(0).json();
    let shown = serving.sees(&dev, &format!("/projects/shop/findings/{}", all[0]["id"].as_str().unwrap()));
    assert!(shown.contains("&#60;b&#62;x.html") && shown.contains("screen.png"), "{shown}");
    assert!(!shown.contains("cron.d") && !shown.contains("<b>x"), "{shown}");
    let links: Vec<&str> = shown
        .split("href=\"")
        .filter(|link| link.starts_with("/results/"))
        .map(|link| link.split('"').next().unwrap())
        .collect();
    assert_eq!(links.len(), 2, "{links:?}");
    for (link, kind, name) in
        [(links[0], "application/octet-stream", "_b_x.html"), (links[1], "image/png", "screen.png")]
    {
        let (status, head, _) = serving.ask(&dev, "GET", link, &[]);
        let head = head.to_ascii_lowercase();
        assert_eq!(status, 200, "{head}");
        assert!(head.contains(&format!("content-type: {kind}")), "{head}");
        assert!(head.contains(&format!("content-disposition: attachment; filename=\"{name}\"")), "{head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{head}");
    }
    assert_eq!(serving.ask(&dev, "GET", links[0], &[]).2, page, "byte for byte");
    // Only what this entry names, whatever else is kept; and not without a sign-in.
    let (entry, _) = links[0].split_once("/attachments/").unwrap();
    let report = "0".repeat(64);
    assert_eq!(serving.ask(&dev, "GET", &format!("{entry}/attachments/{report}"), &[]).0, 404);
    assert_eq!(serving.ask("", "GET", links[0], &[]).0, 303, "to the sign-in page");
    site.proofhouse(&["ledger", "verify"]).expect(0);
    site.proofhouse(&["ledger", "rebuild"]).expect(0);
}
