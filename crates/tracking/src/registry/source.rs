//! Which sources a version may have. A source is a text that clients follow; the server follows
//! none. All the same it may name only what the client owns: nothing outside of the files of the
//! run or the logged model that it says it comes from, and no way up a path in any encoding.

use crate::Error;
use crate::names::normal_path;

/// What a version is registered from, and where the run or the model that is said to have made it
/// keeps its files.
pub(super) struct Claim<'a> {
    pub(super) source: &'a str,
    pub(super) maker: Maker<'a>,
}

/// Who is said to have made the files.
pub(super) enum Maker<'a> {
    /// The run of that id, if any, and where it keeps its files; none where there is no such run.
    Run(&'a str, Option<&'a str>),
    /// The logged model of that id, and where it keeps its files; none where there is no such.
    Model(&'a str, Option<&'a str>),
}

impl Maker<'_> {
    fn parameter(&self) -> &'static str {
        match self {
            Self::Run(..) => "run_id",
            Self::Model(..) => "model_id",
        }
    }

    fn id(&self) -> &str {
        match self {
            Self::Run(id, _) | Self::Model(id, _) => id,
        }
    }

    fn root(&self) -> Option<&str> {
        match self {
            Self::Run(_, root) | Self::Model(_, root) => *root,
        }
    }
}

/// The sources that a prompt may have: none of them leads anywhere.
const OF_PROMPTS: [&str; 2] = ["dummy-source", "prompt-template"];

/// Refuses any source of a prompt that could lead somewhere.
pub(super) fn check_prompt(source: &str) -> Result<(), Error> {
    if OF_PROMPTS.contains(&source) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Invalid prompt source: '{source}'. Prompt sources must use an MLflow placeholder."
    )))
}

/// Schemes whose addresses name a host to connect to.
const HOSTED: [&str; 10] =
    ["ftp", "sftp", "hdfs", "viewfs", "http", "https", "mlflow-artifacts", "r2", "b2", "abfss"];

/// Refuses an address of another host.
pub(crate) fn check_host(source: &str, field: &str) -> Result<(), Error> {
    let address = Address::of(source);
    let scheme = address.scheme.as_str();
    let is_own = scheme == "mlflow-artifacts" && address.host.is_empty();
    if !HOSTED.contains(&scheme) || is_own {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "'{field}' cannot use the '{scheme}' scheme: the '{scheme}' scheme addresses a host other \
         than the tracking server's configured artifact storage, so the server would connect to \
         the host named in the URI. Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES \
         environment variable on the server to allow it."
    )))
}

/// Refuses a source that leads outside of what its maker owns.
pub(super) fn check(claim: &Claim) -> Result<(), Error> {
    let Claim { source, maker } = claim;
    let address = Address::of(source);
    if address.is_local(source)? {
        return check_local(&address, claim);
    }
    check_path(source)?;
    match (address.scheme.as_str(), maker) {
        ("runs", Maker::Model(..)) => return Err(not_within(claim)),
        ("runs", Maker::Run(id, _)) => {
            let of_run = address.path.strip_prefix('/').unwrap_or_default().split('/').next();
            let of_run = of_run.filter(|run| !run.is_empty());
            let of_run = of_run.ok_or_else(|| improper_run(source))?;
            let is_own = address.host.is_empty() && !id.is_empty() && of_run == *id;
            return if is_own { Ok(()) } else { Err(not_within(claim)) };
        }
        ("models", maker) => {
            if !address.host.is_empty() {
                return Err(not_within(claim));
            }
            if let ModelUri::Logged(model) = model_uri(claim)? {
                let is_own = matches!(maker, Maker::Model(id, _) if *id == model);
                return if is_own { Ok(()) } else { Err(not_within(claim)) };
            }
        }
        _ => {}
    }
    if !address.is_of_artifacts() {
        return Ok(());
    }
    let is_own = maker.root().is_some_and(|root| address.is_within(&Address::of(root)));
    if is_own { Ok(()) } else { Err(not_within(claim)) }
}

fn check_local(address: &Address, claim: &Claim) -> Result<(), Error> {
    let Claim { source, maker } = claim;
    let mut shown = (*source).to_owned();
    if !maker.id().is_empty() {
        let root = maker.root().ok_or_else(|| not_within(claim))?;
        let path = normal_path(&address.local_path());
        let root = Address::of(root);
        if matches!(root.scheme.as_str(), "" | "file") {
            let root = normal_path(&root.local_path());
            let rest = path.strip_prefix(&root);
            let is_absolute = root.starts_with('/');
            let is_within = rest.is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('/') || root.ends_with('/')
            });
            if is_absolute && is_within && !path.contains('\0') {
                return Ok(());
            }
        }
        shown = path;
    }
    let contained = match maker {
        Maker::Run(..) => {
            "contained within the artifact directory of the run specified by the run_id."
        }
        Maker::Model(..) => {
            "contained within the artifact directory of the run specified by the model_id."
        }
    };
    Err(Error::invalid(format!(
        "Invalid model version source: '{shown}'. To use a local path as a model version source, \
         the {} request parameter has to be specified and the local path has to be {contained}",
        maker.parameter()
    )))
}

/// Refuses a path with a way up, in whatever encoding, and one that is not absolute.
fn check_path(source: &str) -> Result<(), Error> {
    let plain = fully_unquoted(source, true).unwrap_or_default();
    let path = Address::of(&plain).path;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let has_way_up = plain.split('/').any(|part| part == "..");
    let is_plain =
        path.starts_with('/') && !parts.is_empty() && !parts.contains(&".") && !path.contains('\0');
    if is_plain && !has_way_up {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Invalid model version source: '{source}'. If supplying a source as an http, https, local \
         file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided \
         without relative path references present. Please provide an absolute path."
    )))
}

/// What a `models:/` address names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ModelUri {
    /// A logged model by its id.
    Logged(String),
    /// A version of a registered model.
    Version(String, String),
    /// The newest version of a stage, or of all.
    Newest(String, Option<String>),
    /// The version that an alias stands for.
    Alias(String, String),
}

/// Whether the source is a `models:/` address.
pub(super) fn is_of_models(source: &str) -> bool {
    Address::of(source).scheme == "models"
}

/// Whether it names a host besides.
pub(super) fn has_host(source: &str) -> bool {
    !Address::of(source).host.is_empty()
}

/// What the source, a `models:/` address, names.
pub(super) fn model_uri(claim: &Claim) -> Result<ModelUri, Error> {
    parse_model_uri(claim.source).ok_or_else(|| must_identify(claim.source, "model_id"))
}

fn parse_model_uri(source: &str) -> Option<ModelUri> {
    let path = Address::of(source).path_with_fragment;
    let path = path.strip_prefix('/')?.trim_start_matches('/').to_owned();
    let (name, suffix) = match path.split_once('/') {
        None => (path.as_str(), None),
        Some((_, suffix)) if suffix.contains('/') => return None,
        Some((name, suffix)) => (name, Some(suffix)),
    };
    if name.trim().is_empty() || suffix.is_some_and(|suffix| suffix.trim().is_empty()) {
        return None;
    }
    let name_and = |name: &str| name.to_owned();
    Some(match (suffix, name.rsplit_once('@')) {
        (Some(number), _) if number.chars().all(|c| c.is_ascii_digit()) => {
            ModelUri::Version(name_and(name), number.to_owned())
        }
        (Some(latest), _) if latest.eq_ignore_ascii_case("latest") => {
            ModelUri::Newest(name_and(name), None)
        }
        (Some(stage), _) => ModelUri::Newest(name_and(name), Some(stage.to_owned())),
        (None, Some((_, alias))) if alias.trim().is_empty() => return None,
        (None, Some((name, alias))) => ModelUri::Alias(name_and(name), alias.to_owned()),
        (None, None) => ModelUri::Logged(name_and(name)),
    })
}

fn not_within(claim: &Claim) -> Error {
    must_identify(claim.source, claim.maker.parameter())
}

fn must_identify(source: &str, parameter: &str) -> Error {
    Error::invalid(format!(
        "Invalid model version source: '{source}'. The {parameter} request parameter must identify \
         the resource that contains the source."
    ))
}

fn improper_run(source: &str) -> Error {
    Error::internal(format!(
        "Not a proper runs:/ URI: {source}. Runs URIs must be of the form \
         'runs:/<run_id>/run-relative/path/to/artifact'"
    ))
}

/// The parts of an address, as far as they matter here.
struct Address {
    /// In small letters; empty for a path.
    scheme: String,
    /// With user and port; empty where none is named.
    host: String,
    path: String,
    path_with_fragment: String,
}

impl Address {
    fn of(text: &str) -> Self {
        let text: String = text
            .trim_start_matches(|c: char| c <= ' ')
            .chars()
            .filter(|c| !matches!(c, '\t' | '\r' | '\n'))
            .collect();
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
            _ => (String::new(), text.as_str()),
        };
        let (host, rest) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
            None => ("", rest),
        };
        let without_query = |text: &str| text.split('?').next().unwrap_or_default().to_owned();
        let path = without_query(rest.split('#').next().unwrap_or_default());
        Self { scheme, host: host.to_owned(), path, path_with_fragment: without_query(rest) }
    }

    /// Whether it is a path on a disk.
    fn is_local(&self, source: &str) -> Result<bool, Error> {
        let host = self.host.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
        let is_here = host.is_empty()
            || host == "."
            || host.starts_with("localhost")
            || host.starts_with("127.0.0.1");
        match self.scheme.as_str() {
            "" => Ok(true),
            "file" if is_here => Ok(true),
            "file" => Err(Error::internal(format!(
                "{source} is not a valid remote uri. For remote access on windows, please consider \
                 using a different scheme such as SMB (e.g. smb://<hostname>/<path>)."
            ))),
            _ => Ok(false),
        }
    }

    /// The path on a disk.
    fn local_path(&self) -> String {
        if self.scheme == "file" { unquoted(&self.path) } else { self.path.clone() }
    }

    /// Whether it names files that a tracking server keeps.
    fn is_of_artifacts(&self) -> bool {
        let parts = self.parts();
        let route = ["api", "2.0", "mlflow-artifacts", "artifacts"];
        match self.scheme.as_str() {
            "mlflow-artifacts" => true,
            "http" | "https" => parts.windows(route.len()).any(|window| window == route),
            _ => false,
        }
    }

    fn is_within(&self, root: &Self) -> bool {
        let (parts, of_root) = (self.parts(), root.parts());
        self.scheme == root.scheme
            && self.host.eq_ignore_ascii_case(&root.host)
            && !of_root.is_empty()
            && parts.starts_with(&of_root)
    }

    fn parts(&self) -> Vec<String> {
        let parts = self.path.split('/').filter(|part| !part.is_empty());
        parts.map(|part| fully_unquoted(part, false).unwrap_or_default()).collect()
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// How often a text may be quoted over. Nobody does it honestly.
const MOST_QUOTED: usize = 16;

/// The text with `%xx` replaced until none is left, and `+` by a space where that is meant. None
/// where it is quoted over and over.
fn fully_unquoted(text: &str, is_plus_a_space: bool) -> Option<String> {
    let mut text = text.to_owned();
    for _ in 0..MOST_QUOTED {
        let spaced = if is_plus_a_space { text.replace('+', " ") } else { text.clone() };
        let unquoted = unquoted(&spaced);
        if unquoted == text {
            return Some(text);
        }
        text = unquoted;
    }
    None
}

fn unquoted(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok());
        let code = code.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &after[2..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "0123456789abcdef0123456789abcdef";

    fn from_run(source: &str, root: Option<&str>) -> Result<(), String> {
        let maker = Maker::Run(if root.is_some() { RUN } else { "" }, root);
        check(&Claim { source, maker }).map_err(|error| error.message)
    }

    #[test]
    fn a_source_within_the_files_of_its_run_is_allowed() {
        let root = "mlflow-artifacts:/1/0123456789abcdef0123456789abcdef/artifacts";
        assert_eq!(from_run(&format!("{root}/model"), Some(root)), Ok(()));
        assert_eq!(from_run(&format!("runs:/{RUN}/model"), Some(root)), Ok(()));
        assert_eq!(from_run("/data/run/model", Some("/data/run")), Ok(()));
        assert_eq!(from_run("file:///data/run/model", Some("file:///data/run")), Ok(()));
        assert_eq!(from_run("s3://bucket/model", None), Ok(()));
        assert_eq!(from_run("models:/dogs/1", None), Ok(()));
    }

    #[test]
    fn a_path_of_the_server_is_refused() {
        // CVE-2025-11201, CVE-2023-6909, CVE-2024-1483.
        for source in ["/etc/passwd", "file:///etc/passwd", "file://localhost/etc", "model", "."] {
            let message = from_run(source, None).unwrap_err();
            assert!(message.starts_with("Invalid model version source: '"), "{source}: {message}");
            assert!(from_run(source, Some("/data/run")).is_err(), "{source}");
        }
        for source in ["/data/run/../x", "/data/running", "file:///data/run/%2e%2e/x", "/data"] {
            assert!(from_run(source, Some("/data/run")).is_err(), "{source}");
        }
        assert!(from_run("file://elsewhere/share", None).is_err());
    }

    #[test]
    fn a_way_up_is_refused_in_every_encoding() {
        let root = "mlflow-artifacts:/1/r/artifacts";
        let sources = [
            "mlflow-artifacts:/1/r/artifacts/../../2/r",
            "mlflow-artifacts:/1/r/artifacts/%2e%2e/%2e%2e/2/r",
            "mlflow-artifacts:/1/r/artifacts/%252e%252e/x",
            "mlflow-artifacts:/1/r/artifacts/..%2f..%2fx",
            "mlflow-artifacts:/1/r/artifacts/./x",
            "mlflow-artifacts:/1/r/artifacts/x%00",
            "mlflow-artifacts:/1/r/artifacts#/../x",
            "mlflow-artifacts:/1/r/artifacts?a=/../x",
            "s3://bucket/../x",
            "s3://bucket",
            "s3:relative",
            "runs:/../x",
        ];
        for source in sources {
            assert!(from_run(source, Some(root)).is_err(), "{source}");
        }
        let quoted_over = format!("s3://bucket/%{}2e%2e/x", "25".repeat(100));
        assert!(from_run(&quoted_over, None).is_err());
    }

    #[test]
    fn the_files_of_another_run_or_model_are_refused() {
        let root = "mlflow-artifacts:/1/r/artifacts";
        for source in [
            "mlflow-artifacts:/1/s/artifacts/model",
            "mlflow-artifacts:/1/r/artifactsx",
            "runs:/ffffffffffffffffffffffffffffffff/model",
            "runs://host/0123456789abcdef0123456789abcdef/model",
            "models:/m-1",
            "models:///m-1",
        ] {
            assert!(from_run(source, Some(root)).is_err(), "{source}");
        }
        let claim = Claim { source: "models:/m-1", maker: Maker::Model("m-2", Some(root)) };
        assert_eq!(
            check(&claim).unwrap_err().message,
            "Invalid model version source: 'models:/m-1'. The model_id request parameter must \
             identify the resource that contains the source."
        );
    }

    #[test]
    fn an_address_of_another_host_is_refused() {
        for source in [
            "http://169.254.169.254/latest/meta-data",
            "https://[::ffff:169.254.169.254]/x",
            "http:///#/../../etc/passwd",
            "ftp://files/x",
            "mlflow-artifacts://elsewhere:5000/1/r/artifacts",
        ] {
            assert!(check_host(source, "source").is_err(), "{source}");
        }
        for source in ["mlflow-artifacts:/1/r", "s3://bucket/x", "runs:/1/x", "dummy-source"] {
            assert_eq!(check_host(source, "source"), Ok(()), "{source}");
        }
    }

    #[test]
    fn a_prompt_has_no_source_that_leads_anywhere() {
        // CVE-2026-2614.
        assert_eq!(check_prompt("prompt-template"), Ok(()));
        assert_eq!(check_prompt("dummy-source"), Ok(()));
        for source in ["/etc/passwd", "file:///etc/passwd", "s3://bucket/x", ""] {
            assert!(check_prompt(source).is_err(), "{source}");
        }
    }

    #[test]
    fn an_address_of_models_names_one_of_four_things() {
        let name = || "dogs".to_owned();
        for (source, named) in [
            ("models:/m-1", Some(ModelUri::Logged("m-1".to_owned()))),
            ("models:/dogs/2", Some(ModelUri::Version(name(), "2".to_owned()))),
            ("models:/dogs/Latest", Some(ModelUri::Newest(name(), None))),
            ("models:/dogs/Staging", Some(ModelUri::Newest(name(), Some("Staging".to_owned())))),
            ("models:/dogs@best", Some(ModelUri::Alias(name(), "best".to_owned()))),
            ("models:/dogs/1/2", None),
            ("models:/", None),
            ("models:dogs", None),
            ("models:/dogs@", None),
        ] {
            assert_eq!(parse_model_uri(source), named, "{source}");
        }
    }
}
