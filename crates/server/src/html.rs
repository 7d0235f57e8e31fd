//! Small pieces of markup that many pages share, each made from escaped parts.

use std::fmt::{self, Display, Write as _};

use askama::filters::HtmlSafe;
use govern::catalogue::{
    Catalogue,
    export::{Form, export},
};
use model::{BySeverity, Severity, Timestamp, evidence::Outcome, predicate::TriageState};

use crate::text;

/// Markup that is safe as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Markup(String);

impl Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

/// Markup that a writer made which escapes what it is given.
pub(crate) fn written(markup: String) -> Markup {
    Markup(markup)
}

/// Escapes text for elements and quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// How a word is meant: tones differ by colour and by sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Warn,
    Bad,
    Live,
    Idle,
}

impl Tone {
    /// Class in the style sheet.
    pub(crate) fn class(self) -> &'static str {
        ["good", "warn", "bad", "live", "idle"][self as usize]
    }

    /// Sign in pictures; the chips of the style sheet use the same ones.
    pub(crate) fn sign(self) -> &'static str {
        ["✓", "!", "✕", "◐", "–"][self as usize]
    }

    /// Tone of a word that states, results and outcomes are told by.
    pub(crate) fn of(word: &str) -> Self {
        match word {
            "passed" | "pass" | "PASSED" | "deployed" | "fixed" | "ok" | "complete" => Self::Good,
            "warn" | "WARNED" | "interrupted" | "rolled-back" | "reopened" | "new" | "incomplete" => {
                Self::Warn
            }
            "failed" | "FAILED" | "deny" | "denied" | "reversed" => Self::Bad,
            "running" => Self::Live,
            _ => Self::Idle,
        }
    }
}

/// A word as a chip, in the tone that it has.
pub(crate) fn chip(word: impl Display) -> Markup {
    let word = word.to_string();
    toned(&word, Tone::of(&word))
}

/// A word as a chip in a given tone.
pub(crate) fn toned(word: &str, tone: Tone) -> Markup {
    Markup(format!("<span class=\"chip {}\">{}</span>", tone.class(), escape(&word.to_lowercase())))
}

/// An outcome of a gate or rule as a chip.
pub(crate) fn outcome(outcome: &Outcome) -> Markup {
    chip(text::outcome(outcome))
}

/// `ok` or `failed`.
pub(crate) fn ok(ok: &bool) -> Markup {
    chip(if *ok { "ok" } else { "failed" })
}

/// What people judged a finding to be, as a chip.
pub(crate) fn triage(state: &TriageState) -> Markup {
    let tone = match state {
        TriageState::Confirmed => Tone::Bad,
        TriageState::WontFix => Tone::Warn,
        _ => Tone::Idle,
    };
    toned(&state.name().replace('-', " "), tone)
}

/// A severity as a chip.
pub(crate) fn severity(severity: &Severity) -> Markup {
    Markup(format!("<span class=\"sev {severity}\">{severity}</span>"))
}

/// Numbers by severity, worst first; nothing for zero, `none` when all are.
pub(crate) fn counts(counts: &BySeverity) -> Markup {
    let mut out = String::new();
    for severity in Severity::ALL.into_iter().rev() {
        let n = counts.get(severity);
        if n > 0 {
            // Writing to a string cannot fail.
            let _ = write!(
                out,
                "<span class=\"sev {severity}\">{n} <span class=\"word\">{severity}</span></span> "
            );
        }
    }
    if out.is_empty() {
        out.push_str("<span class=\"muted\">none open</span>");
    }
    Markup(out)
}

/// A moment, as the time since, with the exact moment on hover and for machines.
pub(crate) fn time(now: &Timestamp, at: &Timestamp) -> Markup {
    let (iso, moment, ago) = (text::iso(at), text::moment(at), text::ago(now, at));
    Markup(format!("<time datetime=\"{iso}\" title=\"{moment}\">{ago}</time>"))
}

/// A digest, shortened.
pub(crate) fn digest(digest: impl Display) -> Markup {
    let whole = escape(&digest.to_string());
    let short = escape(&text::short(digest));
    Markup(format!("<code class=\"digest\" title=\"{whole}\">{short}</code>"))
}

/// A link to a ledger entry.
pub(crate) fn entry(index: &u64) -> Markup {
    Markup(format!(
        "<a class=\"entry\" href=\"/ledger/{index}\"><span class=\"unseen\">ledger entry </span>#{index}</a>"
    ))
}

/// A sentence in which commands stand between back-quotes.
pub(crate) fn code(sentence: &str) -> Markup {
    let parts = sentence.split('`').enumerate();
    let part = |(n, text): (usize, &str)| match n % 2 {
        0 => escape(text),
        _ => format!("<code>{}</code>", escape(text)),
    };
    Markup(parts.map(part).collect())
}

/// The radar as a picture; names in it are text.
pub(crate) fn radar(catalogue: &Catalogue, title: &str) -> Markup {
    Markup(export(catalogue, Form::Svg, title))
}

/// A page elsewhere, as a link only when it is a web address.
pub(crate) fn outside(address: &str) -> Markup {
    let shown = escape(&text::cut(address, 80));
    let web = address.starts_with("https://") || address.starts_with("http://");
    if !web {
        return Markup(shown);
    }
    Markup(format!("<a href=\"{}\" rel=\"noopener noreferrer external\">{shown}</a>", escape(address)))
}

/// A QR code as SVG; nothing when the text is too long for one.
pub(crate) fn qr_code(text: &str) -> Markup {
    let Ok(code) = qrcodegen::QrCode::encode_text(text, qrcodegen::QrCodeEcc::Medium) else {
        return Markup::default();
    };
    let size = code.size();
    let dark =
        (0..size).flat_map(|y| (0..size).map(move |x| (x, y))).filter(|(x, y)| code.get_module(*x, *y));
    let path: String = dark.map(|(x, y)| format!("M{x} {y}h1v1h-1z")).collect();
    Markup(format!(
        "<svg class=\"qr\" role=\"img\" aria-label=\"The secret below as a picture for your app\" \
         viewBox=\"-4 -4 {0} {0}\"><path class=\"paper\" d=\"M-4 -4h{0}v{0}h-{0}z\"/><path class=\"ink\" d=\"{path}\"/></svg>",
        size + 8
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_markup() {
        let evil = "\"><script>alert(1)</script>'";
        for markup in [
            chip(evil),
            code(&format!("`{evil}`")),
            digest(evil),
            outside(evil),
            outside(&format!("https://{evil}")),
        ] {
            assert!(!markup.0.contains("<script") && !markup.0.contains("\"><s"), "{markup}");
        }
        assert_eq!(outside("javascript:alert(1)").0, "javascript:alert(1)");
    }
}
