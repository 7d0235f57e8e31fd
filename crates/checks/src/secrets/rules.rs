//! The rules, as one table: what a credential looks like, and how sure its form makes us.
//!
//! Order matters: where two rules match the same text, the earlier one reports it. `example` is a
//! template for the tests (`{W36}`: 36 letters and digits, `H` hex, `D` digits, `U` upper-case base 32,
//! `L` lower-case and digits, `P` the two words that end a PEM header), so that no text that looks like a
//! real credential stands in this source.

use model::Severity::{self, Critical, High, Low, Medium};

/// How much the form of a match says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// The text has a prefix or structure that only this credential has.
    Format,
    /// The text around it says what it is.
    Context,
    /// A name and a value that looks random.
    Guess,
}

/// One kind of credential.
#[derive(Debug)]
pub struct Rule {
    /// Stable id.
    pub id: &'static str,
    /// What it is, as a noun.
    pub title: &'static str,
    /// How bad it is in clear text.
    pub severity: Severity,
    /// Lower-case words of which one has to be in the file.
    pub keywords: &'static [&'static str],
    /// Expression; its first group is the credential.
    pub pattern: &'static str,
    /// Template of an example.
    pub example: &'static str,
    /// How sure.
    pub strength: Strength,
    /// Least entropy of the credential, in bits per byte.
    pub entropy: f64,
    /// Files it applies to; absent means all.
    pub files: Option<fn(&str) -> bool>,
}

/// A rule for a format with its own prefix or structure.
const fn format(
    id: &'static str,
    title: &'static str,
    severity: Severity,
    keywords: &'static [&'static str],
    pattern: &'static str,
    example: &'static str,
) -> Rule {
    let strength = Strength::Format;
    Rule { id, title, severity, keywords, pattern, example, strength, entropy: 0.0, files: None }
}

impl Rule {
    const fn strength(self, strength: Strength, entropy: f64) -> Self {
        Self { strength, entropy, ..self }
    }

    const fn files(self, files: fn(&str) -> bool) -> Self {
        Self { files: Some(files), ..self }
    }
}

/// Files in which values stand without quotes.
fn config_like(path: &str) -> bool {
    let name = crate::tree::file_name(path).to_ascii_lowercase();
    let ends = [
        ".env",
        ".properties",
        ".ini",
        ".cfg",
        ".conf",
        ".config",
        ".yaml",
        ".yml",
        ".toml",
        ".sh",
        ".bash",
        ".tfvars",
        ".envrc",
        ".netrc",
        ".pypirc",
        ".npmrc",
        ".cnf",
    ];
    name.starts_with(".env") || name.starts_with("dockerfile") || ends.iter().any(|end| name.ends_with(end))
}

use Strength::{Context, Format, Guess};

/// All rules.
pub const RULES: &[Rule] = &[
    format("aws-access-key-id", "AWS access key id", High, &["akia", "asia", "abia", "acca"], r"\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b", "AKIA{U16}"),
    format("aws-secret-access-key", "AWS secret access key", Critical, &["aws"], r#"(?i)aws[a-z0-9_ .-]{0,30}(?:secret|key)[a-z0-9_ .-]{0,20}["']?\s{0,5}(?:=|:|=>|,)\s{0,5}["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#, "AWS_SECRET_ACCESS_KEY={W40}").strength(Context, 3.8),
    format("aws-bedrock-key", "AWS Bedrock API key", Critical, &["absk"], r"\b(ABSK[A-Za-z0-9+/]{109,260}={0,2})", "ABSK{W120}"),
    format("gcp-api-key", "Google API key", High, &["aiza"], r"\b(AIza[0-9A-Za-z_-]{35})(?:[^0-9A-Za-z_-]|$)", "AIza{W35}"),
    format("gcp-service-account", "Google service account key id", Critical, &["private_key_id"], r#""private_key_id"\s*:\s*"([0-9a-f]{40})""#, r#""private_key_id": "{H40}""#),
    format("gcp-oauth-secret", "Google OAuth client secret", High, &["gocspx-"], r"\b(GOCSPX-[A-Za-z0-9_-]{28})", "GOCSPX-{W28}"),
    format("azure-storage-key", "Azure storage account key", Critical, &["accountkey"], "(?i)AccountKey=([A-Za-z0-9+/]{86}==)", "AccountKey={W86}=="),
    format("azure-client-secret", "Azure client secret", Critical, &["q~"], "(?:^|[^a-zA-Z0-9_~.-])([a-zA-Z0-9_~.]{3}[0-9]Q~[a-zA-Z0-9_~.-]{31,34})(?:[^a-zA-Z0-9_~.-]|$)", " {W3}8Q~{W34}"),
    format("azure-sas-signature", "Azure shared access signature", High, &["sig="], "[?&]sig=([A-Za-z0-9%]{43,120}%3[Dd])", "?sv=1&sig={W43}%3D"),
    format("github-token", "GitHub personal access token", Critical, &["ghp_"], r"\b(ghp_[A-Za-z0-9]{36})", "ghp_{W36}"),
    format("github-fine-grained-token", "GitHub fine-grained token", Critical, &["github_pat_"], r"\b(github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})", "github_pat_{W22}_{W59}"),
    format("github-oauth-token", "GitHub OAuth token", Critical, &["gho_"], r"\b(gho_[A-Za-z0-9]{36})", "gho_{W36}"),
    format("github-app-token", "GitHub app token", High, &["ghu_", "ghs_"], r"\b(gh[us]_[A-Za-z0-9]{36,})", "ghs_{W36}"),
    format("github-refresh-token", "GitHub refresh token", High, &["ghr_"], r"\b(ghr_[A-Za-z0-9]{36,})", "ghr_{W76}"),
    format("gitlab-token", "GitLab personal access token", Critical, &["glpat-"], r"\b(glpat-[A-Za-z0-9_-]{20,})", "glpat-{W20}"),
    format("gitlab-deploy-token", "GitLab deploy token", High, &["gldt-"], r"\b(gldt-[A-Za-z0-9_-]{20,})", "gldt-{W20}"),
    format("gitlab-runner-token", "GitLab runner token", High, &["glrt-", "gr1348941"], r"\b(glrt-[A-Za-z0-9_-]{20,}|GR1348941[A-Za-z0-9_-]{20})", "glrt-{W20}"),
    format("gitlab-other-token", "GitLab trigger, feed, job or agent token", High, &["glptt-", "glft-", "glcbt-", "glagent-", "glsoat-", "glimt-", "glffct-"], r"\b(gl(?:ptt|ft|cbt|agent|soat|imt|ffct)-[A-Za-z0-9_-]{20,})", "glptt-{H40}"),
    format("slack-token", "Slack token", High, &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe"], r"\b(xox[abeprs](?:\.xox[bp])?-[0-9A-Za-z-]{20,})", "xoxb-{D12}-{D12}-{W24}"),
    format("slack-app-token", "Slack app token", High, &["xapp-"], r"\b(xapp-[0-9]-[A-Z0-9]{8,}-[0-9]{8,}-[a-f0-9]{32,})", "xapp-1-A{U10}-{D13}-{H64}"),
    format("slack-webhook", "Slack webhook address", Medium, &["hooks.slack"], r"hooks\.slack(?:-gov)?\.com/((?:services|workflows|triggers)/[A-Za-z0-9/_-]{30,})", "hooks.slack.com/services/T{U8}/B{U8}/{W24}"),
    format("stripe-live-key", "Stripe live key", Critical, &["sk_live_", "rk_live_"], r"\b([sr]k_live_[0-9A-Za-z]{16,})", "sk_live_{W24}"),
    format("stripe-test-key", "Stripe test key", Low, &["sk_test_", "rk_test_"], r"\b([sr]k_test_[0-9A-Za-z]{16,})", "sk_test_{W24}"),
    format("stripe-webhook-secret", "Stripe webhook secret", High, &["whsec_"], r"\b(whsec_[0-9A-Za-z+/=]{24,})", "whsec_{W32}"),
    format("twilio-api-key", "Twilio API key", High, &["sk"], r"\b(SK[0-9a-f]{32})\b", "SK{H32}").strength(Format, 3.0),
    format("sendgrid-key", "SendGrid API key", High, &["sg."], r"\b(SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50})", "SG.{W22}.{W43}"),
    format("mailgun-key", "Mailgun key", High, &["key-"], r"\b(key-[0-9a-f]{32})\b", "key-{H32}"),
    format("mailchimp-key", "Mailchimp key", High, &["-us"], r"\b([0-9a-f]{32}-us[0-9]{1,2})\b", "{H32}-us12"),
    format("npm-token", "npm token", Critical, &["npm_"], r"\b(npm_[A-Za-z0-9]{36})\b", "npm_{W36}"),
    format("npmrc-auth", "npm registry credential", High, &["_authtoken", "_auth", "_password"], r#"(?m)^(?:[^\s=#;]{0,200}:)?_(?:authToken|auth|password)\s*=\s*[\"']?([^\s\"'$]{8,})"#, "//registry.example/:_authToken={W36}").strength(Context, 2.5),
    format("pypi-token", "PyPI token", Critical, &["pypi-age"], r"\b(pypi-AgE[A-Za-z0-9_-]{60,})", "pypi-AgE{W90}"),
    format("crates-token", "crate registry token", Critical, &["cio"], r"\b(cio[A-Za-z0-9]{32})\b", "cio{W32}").strength(Format, 3.5),
    format("rubygems-token", "RubyGems token", Critical, &["rubygems_"], r"\b(rubygems_[a-f0-9]{48})\b", "rubygems_{H48}"),
    format("nuget-key", "NuGet key", High, &["oy2"], r"\b(oy2[a-z0-9]{43})\b", "oy2{L43}").strength(Format, 3.0),
    format("docker-hub-token", "Docker Hub token", Critical, &["dckr_pat_", "dckr_oat_"], r"\b(dckr_[po]at_[A-Za-z0-9_-]{27,})", "dckr_pat_{W27}"),
    format("docker-config-auth", "Docker registry credential", High, &[r#""auth""#], r#""auth"\s*:\s*"([A-Za-z0-9+/]{16,}={0,2})""#, r#"{"auths": {"a": {"auth": "{W40}"}}}"#).strength(Context, 3.0),
    format("digitalocean-token", "DigitalOcean token", Critical, &["dop_v1_", "doo_v1_", "dor_v1_"], r"\b(do[opr]_v1_[a-f0-9]{64})", "dop_v1_{H64}"),
    format("heroku-key", "Heroku API key", High, &["heroku", "hrku-"], r#"(?i)(?:heroku[a-z0-9_ .-]{0,25}[\"']?\s{0,5}[=:]\s{0,5}[\"']?|\b(?:HRKU-))([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|AA[0-9a-z_-]{58})"#, "HEROKU_API_KEY={H8}-{H4}-{H4}-{H4}-{H12}").strength(Context, 2.5),
    format("openai-key", "OpenAI key", High, &["t3blbkfj", "sk-proj-", "sk-svcacct-"], r"\b(sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})", "sk-proj-{W64}"),
    format("anthropic-key", "Anthropic key", High, &["sk-ant-"], r"\b(sk-ant-(?:api|admin|oat)[0-9]{2}-[A-Za-z0-9_-]{80,})", "sk-ant-api03-{W95}"),
    format("huggingface-token", "Hugging Face token", High, &["hf_"], r"\b(hf_[A-Za-z0-9]{34})\b", "hf_{W34}"),
    format("shopify-token", "Shopify token", High, &["shpat_", "shpss_", "shpca_", "shppa_"], r"\b(shp(?:at|ss|ca|pa)_[a-fA-F0-9]{32})\b", "shpat_{H32}"),
    format("square-token", "Square token", High, &["sq0atp-", "sq0csp-", "eaaa"], r"\b(sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}|EAAA[lE][A-Za-z0-9_-]{59})", "sq0atp-{W22}"),
    format("braintree-token", "Braintree token", High, &["access_token$"], r"(access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32})", "access_token$production${L16}${H32}"),
    format("telegram-bot-token", "Telegram bot token", High, &[":aa"], r"\b([0-9]{8,10}:AA[A-Za-z0-9_-]{33})(?:[^A-Za-z0-9_-]|$)", "{D9}:AA{W33}"),
    format("discord-webhook", "Discord webhook address", Medium, &["/api/webhooks/"], r"discord(?:app)?\.com/(api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,})", "https://discord.com/api/webhooks/{D18}/{W68}"),
    format("discord-bot-token", "Discord bot token", High, &["discord"], r"\b([MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38})\b", "discord = M{W23}.{W6}.{W38}").strength(Format, 4.0),
    format("facebook-token", "Facebook token", High, &["eaac", "eaab"], r"\b(EAA[BC][A-Za-z0-9]{80,})", "EAAC{W90}"),
    format("twitter-bearer", "Twitter bearer token", High, &["aaaaaaaaaaaaaaaaaaaa"], r"\b(A{20,22}[A-Za-z0-9%]{60,})", "AAAAAAAAAAAAAAAAAAAAA{W80}"),
    format("databricks-token", "Databricks token", High, &["dapi"], r"\b(dapi[a-f0-9]{32}(?:-[0-9])?)\b", "dapi{H32}"),
    format("grafana-token", "Grafana token", High, &["glc_", "glsa_"], r"\b(glc_[A-Za-z0-9+/=]{32,}|glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8})", "glsa_{W32}_{H8}"),
    format("vault-token", "Vault token", Critical, &["hvs.", "hvb.", "hvr."], r"\b(hv[sbr]\.[A-Za-z0-9_-]{24,})", "hvs.{W90}"),
    format("terraform-cloud-token", "Terraform Cloud token", Critical, &[".atlasv1."], r"\b([A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70})", "{W14}.atlasv1.{W67}"),
    format("doppler-token", "Doppler token", High, &["dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."], r"\b(dp\.(?:pt|ct|sa|scim|audit|st(?:\.[a-z0-9_-]{2,35})?)\.[A-Za-z0-9]{40,44})", "dp.pt.{W43}"),
    format("linear-key", "Linear key", High, &["lin_api_"], r"\b(lin_api_[A-Za-z0-9]{40})", "lin_api_{W40}"),
    format("postman-key", "Postman key", High, &["pmak-"], r"\b(PMAK-[a-f0-9]{24}-[a-f0-9]{34})", "PMAK-{H24}-{H34}"),
    format("pulumi-token", "Pulumi token", High, &["pul-"], r"\b(pul-[a-f0-9]{40})\b", "pul-{H40}"),
    format("newrelic-key", "New Relic key", High, &["nrak-", "nrii-", "nral"], r"\b(NRAK-[A-Z0-9]{27}|NRII-[A-Za-z0-9_-]{32})", "NRAK-{U27}"),
    format("sentry-token", "Sentry token", High, &["sntrys_", "sntryu_"], r"\b(sntrys_[A-Za-z0-9+/=_]{60,}|sntryu_[a-f0-9]{64})", "sntryu_{H64}"),
    format("atlassian-token", "Atlassian token", High, &["atatt3", "atctt3"], r"\b(AT[AC]TT3[A-Za-z0-9_=-]{100,})", "ATATT3{W180}"),
    format("figma-token", "Figma token", Medium, &["figd_"], r"\b(figd_[A-Za-z0-9_-]{38,})", "figd_{W40}"),
    format("notion-token", "Notion token", High, &["ntn_"], r"\b(ntn_[0-9]{11}[A-Za-z0-9]{35})\b", "ntn_{D11}{W35}"),
    format("planetscale-token", "PlanetScale token", High, &["pscale_"], r"\b(pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,})", "pscale_tkn_{W43}"),
    format("supabase-token", "Supabase token", High, &["sbp_", "sb_secret_"], r"\b(sbp_[a-f0-9]{40}|sb_secret_[A-Za-z0-9_-]{31,})", "sbp_{H40}"),
    format("sonar-token", "SonarQube token", Medium, &["sqp_", "squ_", "sqa_"], r"\b(sq[pua]_[a-f0-9]{40})\b", "squ_{H40}"),
    format("airtable-token", "Airtable token", High, &["pat"], r"\b(pat[A-Za-z0-9]{14}\.[a-f0-9]{64})\b", "pat{W14}.{H64}"),
    format("netlify-token", "Netlify token", High, &["nfp_"], r"\b(nfp_[A-Za-z0-9]{36,40})\b", "nfp_{W36}"),
    format("flyio-token", "Fly.io token", High, &["fm1r_", "fm2_", "fo1_"], r"\b(fo1_[A-Za-z0-9_-]{43}|fm(?:1[ar]|2)_[A-Za-z0-9+/]{100,}={0,3})", "fo1_{W43}"),
    format("artifactory-key", "Artifactory key", High, &["akcp"], r"\b(AKCp[A-Za-z0-9]{69})\b", "AKCp{W69}"),
    format("alibaba-access-key", "Alibaba access key id", High, &["ltai"], r"\b(LTAI[A-Za-z0-9]{16,20})\b", "LTAI{W20}"),
    format("tencent-secret-id", "Tencent secret id", High, &["akid"], r"\b(AKID[A-Za-z0-9]{32})\b", "AKID{W32}"),
    format("cloudflare-ca-key", "Cloudflare origin CA key", High, &["v1.0-"], r"\b(v1\.0-[a-f0-9]{24}-[a-f0-9]{146})\b", "v1.0-{H24}-{H146}"),
    format("age-private-key", "age private key", Critical, &["age-secret-key-1"], r"\b(AGE-SECRET-KEY-1[A-Z0-9]{58})\b", "AGE-SECRET-KEY-1{U58}"),
    format("putty-private-key", "PuTTY private key", Critical, &["putty-user-key-file"], r"PuTTY-User-Key-File-[23]:[^\n]*\n(?:[^\n]*\n){0,40}?Private-Lines: [0-9]+\r?\n((?:[A-Za-z0-9+/=]+\r?\n)+)", "PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 1\n{W64}\n"),
    format("encrypted-private-key", "Encrypted private key", Medium, &["encrypted private key"], r"-----BEGIN ENCRYPTED PRIVATE KEY-----((?:[A-Za-z0-9+/=\s]|\\[nr])+)-----END", "-----BEGIN ENCRYPTED {P}-----\n{W64}\n-----END ENCRYPTED {P}-----").strength(Format, 3.0),
    format("private-key", "Private key (PEM, OpenSSH or PGP)", Critical, &["private key"], r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----((?:[A-Za-z0-9+/=:,.\s-]|\\[nr])+?)-----END", "-----BEGIN OPENSSH {P}-----\n{W64}\n{W64}\n-----END OPENSSH {P}-----").strength(Format, 3.0),
    format("jwt", "JSON web token", Medium, &["eyj"], r"\b(eyJ[A-Za-z0-9_-]{14,}\.eyJ[A-Za-z0-9_-]{14,}\.[A-Za-z0-9_-]{20,})", "eyJ{W20}.eyJ{W40}.{W43}"),
    format("database-url-password", "Database address with a password", High, &["postgres", "mysql", "mariadb", "mongodb", "redis", "amqp", "mssql", "sqlserver", "clickhouse"], r#"(?i)\b(?:postgres(?:ql)?|mysql2?|mariadb|mongodb|rediss?|amqps?|mssql|sqlserver|clickhouse)(?:\+[a-z0-9]{1,20})?://[^\s:/@"'`<>]{0,80}:([^\s/@"'`<>]{3,120})@[A-Za-z0-9\[]"#, "postgres://svc:{W16}@db.internal.test:5432/app").strength(Context, 2.0),
    format("url-password", "Address with a password", High, &["://"], r#"(?i)\b[a-z][a-z0-9+.-]{1,20}://[^\s:/?#@"'`<>]{1,80}:([^\s:/?#@"'`<>]{3,120})@[A-Za-z0-9\[]"#, "https://deploy:{W16}@git.internal.test/x").strength(Context, 2.0),
    format("authorization-header", "Authorization header", High, &["authorization"], r#"(?i)authorization["']?\s{0,5}[:=,]\s{0,5}["']?(?:bearer|basic|token)\s+([A-Za-z0-9_.=+/-]{16,})"#, "Authorization: Bearer {W40}").strength(Guess, 3.3),
    format("assigned-secret", "Credential assigned in source", Medium, &["passw", "passphrase", "pwd", "secret", "token", "api_key", "apikey", "api-key", "access_key", "access-key", "accesskey", "private_key", "encryption_key", "signing_key", "auth_key", "credential"], r#"(?i)(?:^|[^a-z0-9])[a-z0-9_.-]{0,40}(?:passw(?:or)?d|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key|auth[_-]?key|credentials?)[a-z0-9_.-]{0,20}["'\]]{0,3}[ \t]{0,8}(?::=|=>|=|:|,)[ \t]{0,8}["'`]([^"'`\s]{8,200})["'`]"#, r#"db_password = "{W12}9!""#).strength(Guess, 2.8),
    format("assigned-secret-unquoted", "Credential in a configuration file", Medium, &["passw", "passphrase", "pwd", "secret", "token", "api_key", "apikey", "api-key", "access_key", "access-key", "accesskey", "private_key", "encryption_key", "signing_key", "auth_key", "credential"], r#"(?im)^[ \t]*(?:export[ \t]+|env[ \t]+|arg[ \t]+|set[ \t]+|-[ \t]+){0,2}["']?[a-z0-9_.-]{0,40}(?:passw(?:or)?d|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key|auth[_-]?key|credentials?)[a-z0-9_-]{0,20}["']?[ \t]*[=:][ \t]*["']?([^\s"'#]{8,200})["']?[ \t]*(?:#.*)?\r?$"#, "DB_PASSWORD={W12}9x").strength(Guess, 3.0).files(config_like),
    format("env-entry-secret", "Credential in a list of variables", Medium, &["value:"], r#"(?i)name:\s{0,5}["']?[a-z0-9_]{0,40}(?:passw(?:or)?d|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key|auth[_-]?key|credentials?)[a-z0-9_]{0,20}["']?\s{0,5},?\s{0,40}value:\s{0,5}["']?([^\s"'},]{6,200})"#, r#"{name: DB_PASSWORD, value: "{W10}7z"}"#).strength(Guess, 2.5),
];
