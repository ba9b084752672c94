//! The names under which the server may be asked, by the header `Host`.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use super::Refused;

/// What those who watch whether the server lives ask: by whatever name, and nothing is told.
const OPEN: [&str; 2] = ["/health", "/version"];

/// The names under which a server may be asked.
///
/// An address that others reach says little about its names, so there they are told with
/// `--allowed-hosts`. An address as a name is no danger: a stranger's page cannot have one of ours.
#[derive(Debug, Clone)]
pub struct Hosts {
    listen: IpAddr,
    also: Vec<String>,
}

impl Hosts {
    /// The loopback names and the address that is listened on (all addresses of the machine, where
    /// it listens on all of them), and the names in `also`; `*` is any.
    pub fn new(listen: IpAddr, also: &[String]) -> Self {
        let also = also.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        Self { listen, also }
    }

    pub(super) fn check(&self, request: &Request) -> Result<(), Refused> {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let is_known = host.is_some_and(|host| self.knows(host));
        if is_known || OPEN.contains(&request.uri().path()) {
            return Ok(());
        }
        tracing::warn!(?host, "refused: not a name of this server; --allowed-hosts adds one");
        let message = "Invalid Host header - possible DNS rebinding attack detected";
        Err((StatusCode::FORBIDDEN, message).into_response().into())
    }

    /// Whether this `name` or `name:port` is one of ours.
    pub(super) fn knows(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let Some(name) = without_port(&host) else { return false };
        if self.was_told(&host) {
            return true;
        }
        match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Err(_) => name == "localhost",
            Ok(ip) => {
                let (ip, listen) = (ip.to_canonical(), self.listen.to_canonical());
                ip.is_loopback() || ip == listen || listen.is_unspecified()
            }
        }
    }

    /// Whether it is one of the names that were told.
    pub(super) fn was_told(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let name = without_port(&host);
        self.also.iter().any(|also| also == "*" || *also == host || Some(also.as_str()) == name)
    }
}

/// `name` of `name:port`, `[::1]` of `[::1]:port`.
fn without_port(host: &str) -> Option<&str> {
    let at = if host.starts_with('[') {
        host.find(']')? + 1
    } else {
        host.find(':').unwrap_or(host.len())
    };
    let (name, rest) = host.split_at(at);
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(listen: &str, also: &[&str], host: &str) -> bool {
        let also: Vec<_> = also.iter().map(|&name| name.to_owned()).collect();
        Hosts::new(listen.parse().unwrap(), &also).knows(host)
    }

    #[test]
    fn on_loopback_only_loopback_names_are_known() {
        for host in ["localhost", "LOCALHOST:8484", "127.0.0.1:8484", "127.0.0.2", "[::1]:8484"] {
            assert!(known("127.0.0.1", &[], host), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8484",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "192.168.1.5",
            "10.0.0.1:8484",
            "",
            ":8484",
            "localhost:x",
            "localhost:80:80",
            "[::1",
            "[::1]x",
            "169.254.169.254",
            "0.0.0.0",
            "user@localhost",
            "localhost/",
        ] {
            assert!(!known("127.0.0.1", &[], host), "{host}");
        }
    }

    #[test]
    fn on_all_addresses_any_address_is_known_and_no_name() {
        assert!(known("0.0.0.0", &[], "192.168.1.5:8484"));
        assert!(known("::", &[], "[fe80::1]:8484"));
        assert!(!known("0.0.0.0", &[], "workbench.team.example"));
    }

    #[test]
    fn a_name_that_was_told_is_known() {
        assert!(known("0.0.0.0", &["workbench.team.example"], "Workbench.Team.example:8484"));
        assert!(known("0.0.0.0", &["a.example:80"], "a.example:80"));
        assert!(!known("0.0.0.0", &["a.example:80"], "a.example:81"));
        assert!(known("0.0.0.0", &["*"], "anything"));
    }
}
