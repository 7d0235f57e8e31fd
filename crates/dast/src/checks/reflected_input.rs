//! Input that comes back as HTML: the answer is tokenised as a browser would, so that an escaped
//! value, a JSON answer or a comment is no finding.

use html5gum::Token;
use model::{Confidence, Severity};

use super::{Check, Hit, Hits};
use crate::{
    RuleInfo,
    client::Answer,
    html,
    session::{Session, place},
};

pub const CHECK: Check = Check { rules: &[&RULE], run: |session| run(session) };

const RULE: RuleInfo = RuleInfo {
    id: "dast-reflected-xss",
    title: "Input comes back as part of the page",
    severity: Severity::High,
    confidence: Confidence::High,
    cwe: &[79],
    fix: "Escape the value for where it stands: let the template engine do it, and add a Content-Security-Policy.",
};

/// A word that no page has by itself.
const MARK: &str = "phq7z";

fn run<'s>(session: &'s Session<'s>) -> Hits<'s> {
    Box::pin(async move {
        let mut hits = vec![];
        for (route, which, parameter) in session.points() {
            // Opens an element; closes an attribute and its tag first; opens an attribute. The first has
            // no quotes: a database that chokes on them must not hide what the page does.
            let plain = format!("{MARK}<{MARK}x>");
            let element = format!("{MARK}\"'><{MARK}x>");
            let attribute = format!("{MARK}\" {MARK}y={MARK} '");
            for value in [plain, element, attribute] {
                let Some(answer) = session.probe(route, which, &value).await else { break };
                // A value that does not come back at all will not do so in the next form either.
                if !answer.body.contains(MARK) {
                    break;
                }
                if let Some(how) = broken_out(&answer) {
                    let message = format!("A value of `{}` {how}.", parameter.name);
                    hits.push(Hit::new(&RULE, place(route, Some(&parameter.name)), message));
                    break;
                }
            }
        }
        hits
    })
}

/// How the value left the text it was put into, if it did.
fn broken_out(answer: &Answer) -> Option<&'static str> {
    if !answer.is_html() || answer.is_redirect() {
        return None;
    }
    let (element, attribute) = (format!("{MARK}x"), format!("{MARK}y"));
    let mut in_script = false;
    for token in html::tokens(&answer.body) {
        match token {
            Token::StartTag(tag) if **tag.name == *element.as_bytes() => {
                return Some("becomes an element of the page");
            }
            Token::StartTag(tag) if tag.attributes.contains_key(attribute.as_bytes()) => {
                return Some("becomes an attribute of an element");
            }
            Token::StartTag(tag) => in_script = &**tag.name == b"script",
            Token::EndTag(_) => in_script = false,
            Token::String(text) if in_script => {
                let text = String::from_utf8_lossy(&text);
                if text.contains(&format!("{MARK}\"")) && !text.contains(&format!("{MARK}\\\"")) {
                    return Some("comes back inside of a script without its quotes escaped");
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;

    fn page(body: &str) -> Answer {
        let headers =
            HeaderMap::from_iter([(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("text/html"))]);
        Answer { status: 200, headers, body: body.into(), certificate: None }
    }

    #[test]
    fn only_what_a_browser_would_obey_counts() {
        assert!(broken_out(&page("<p>phq7z\"'><phq7zx></p>")).is_some());
        assert!(broken_out(&page("<input value=\"phq7z\" phq7zy=phq7z '\">")).is_some());
        assert!(broken_out(&page("<script>var a = \"phq7z\" phq7zy=phq7z '\";</script>")).is_some());
        assert!(broken_out(&page("<p>phq7z&quot;'&gt;&lt;phq7zx&gt;</p>")).is_none());
        assert!(broken_out(&page("<input value=\"phq7z&quot; phq7zy=phq7z '\">")).is_none());
        assert!(broken_out(&page("<p>phq7z\" phq7zy=phq7z '</p>")).is_none());
        assert!(broken_out(&page("<!-- <phq7zx> -->")).is_none());
        assert!(broken_out(&page("<textarea>phq7z</textarea>")).is_none());
    }
}
