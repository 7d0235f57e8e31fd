//! Messages: plain text, or a template of the rule with arguments (SARIF 2.1.0, 3.11).

use std::borrow::Cow;

use super::{rules::Rule, types::Message};
use crate::normalise::text;

/// The text of a result's message; empty when there is none.
pub(super) fn text_of(message: Option<&Message<'_>>, rule: Option<&Rule>) -> String {
    let Some(message) = message else { return String::new() };
    let template = || rule?.messages.iter().find(|(id, _)| Some(id.as_str()) == message.id.as_deref());
    let plain = message.text.as_deref().or(message.markdown.as_deref());
    let raw = plain.or_else(|| template().map(|(_, text)| text.as_str())).unwrap_or_default();
    let filled = fill(raw, &message.arguments);
    text::without_links(&filled)
}

/// Puts arguments in place of `{0}`, `{1}` …; `{{` and `}}` are braces (3.11.5).
fn fill<'t>(template: &'t str, arguments: &[String]) -> Cow<'t, str> {
    if arguments.is_empty() || !template.contains('{') {
        return Cow::Borrowed(template);
    }
    let (mut out, mut rest) = (String::with_capacity(template.len()), template);
    while let Some(open) = rest.find(['{', '}']) {
        out.push_str(&rest[..open]);
        let tail = &rest[open..];
        let argument = tail[1..].split_once('}').and_then(|(n, after)| {
            let argument = n.parse::<usize>().ok().and_then(|n| arguments.get(n))?;
            tail.starts_with('{').then_some((argument, after))
        });
        rest = match argument {
            _ if tail.starts_with("{{") || tail.starts_with("}}") => {
                out.push_str(&tail[..1]);
                &tail[2..]
            }
            Some((argument, after)) => {
                out.push_str(argument);
                after
            }
            None => {
                out.push_str(&tail[..1]);
                &tail[1..]
            }
        };
        if out.len() > 4 * text::MESSAGE {
            return Cow::Owned(out);
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_fill_placeholders() {
        let arguments = ["a".to_owned(), "b".to_owned()];
        assert_eq!(fill("{1}-{0} {{0}} {7} }", &arguments), "b-a {0} {7} }");
    }
}
