//! What a page links to and which forms it has, from a bounded run of a tokenizer.

use html5gum::{StartTag, Token, Tokenizer};

/// A form as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// `action`, empty for the page itself.
    pub action: String,
    /// Whether it is sent by POST.
    pub post: bool,
    /// Names and initial values of its fields; hidden ones are marked.
    pub fields: Vec<Field>,
}

/// One field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub value: String,
    pub hidden: bool,
    pub number: bool,
}

/// What a page offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Addresses as written.
    pub links: Vec<String>,
    pub forms: Vec<Form>,
    pub title: String,
}

const MOST_TOKENS: usize = 200_000;
const MOST_LINKS: usize = 2000;
const MOST_FORMS: usize = 100;
const MOST_FIELDS: usize = 100;

/// Start tags and text of a page, in order.
pub fn tokens(html: &str) -> impl Iterator<Item = Token> {
    Tokenizer::new(html).take(MOST_TOKENS).filter_map(Result::ok)
}

/// The value of an attribute.
pub fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(value).into_owned())
}

/// Reads a page.
pub fn page(html: &str) -> Page {
    let mut page = Page::default();
    let mut open: Option<Form> = None;
    let mut in_title = false;
    for token in tokens(html) {
        match token {
            Token::StartTag(tag) => {
                in_title = &**tag.name == b"title";
                start(&tag, &mut page, &mut open);
            }
            Token::EndTag(tag) if &**tag.name == b"form" => close(&mut open, &mut page),
            Token::EndTag(_) => in_title = false,
            Token::String(text) if in_title && page.title.len() < 200 => {
                page.title.push_str(&String::from_utf8_lossy(&text));
            }
            _ => {}
        }
    }
    close(&mut open, &mut page);
    page
}

fn close(open: &mut Option<Form>, page: &mut Page) {
    if let Some(form) = open.take()
        && page.forms.len() < MOST_FORMS
    {
        page.forms.push(form);
    }
}

fn start(tag: &StartTag<()>, page: &mut Page, open: &mut Option<Form>) {
    let link = match &**tag.name {
        b"a" | b"area" => attribute(tag, "href"),
        b"iframe" | b"frame" => attribute(tag, "src"),
        b"form" => {
            close(open, page);
            let post = attribute(tag, "method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
            let action = attribute(tag, "action").unwrap_or_default();
            *open = Some(Form { action, post, fields: vec![] });
            None
        }
        b"input" | b"textarea" | b"select" => {
            if let (Some(form), Some(field)) = (open, field(tag))
                && form.fields.len() < MOST_FIELDS
            {
                form.fields.push(field);
            }
            None
        }
        _ => None,
    };
    if let Some(link) = link
        && page.links.len() < MOST_LINKS
    {
        page.links.push(link);
    }
}

fn field(tag: &StartTag<()>) -> Option<Field> {
    let kind = attribute(tag, "type").unwrap_or_default().to_lowercase();
    let name = attribute(tag, "name").filter(|name| !name.is_empty())?;
    if matches!(kind.as_str(), "submit" | "button" | "image" | "reset" | "file") {
        return None;
    }
    let number = kind == "number" || kind == "range";
    let usual = match kind.as_str() {
        "number" | "range" => "1",
        "email" => "probe@proofhouse.invalid",
        "checkbox" | "radio" => "on",
        _ => "probe",
    };
    let value = attribute(tag, "value").filter(|value| !value.is_empty()).unwrap_or_else(|| usual.into());
    Some(Field { name, value, hidden: kind == "hidden", number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_forms_and_titles_are_read() {
        let html = "<title>Hi</title><a href='/a?x=1&amp;y=2'>a</a><!-- <a href=/no> --><script>'<a href=/no>'</script>\
                    <form method=POST action=/go><input name=n type=number><input type=hidden name=t value=7>\
                    <textarea name=m></textarea><input type=submit name=s></form>";
        let page = page(html);
        assert_eq!(page.title, "Hi");
        assert!(page.links.contains(&"/a?x=1&y=2".to_owned()));
        assert!(page.forms[0].post);
        let fields: Vec<_> =
            page.forms[0].fields.iter().map(|f| (f.name.as_str(), f.value.as_str())).collect();
        assert_eq!(fields, [("n", "1"), ("t", "7"), ("m", "probe")]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic(text: String) {
            page(&text);
            page(&format!("<form {text}<input name={text}<a href=\"{text}"));
        }
    }
}
