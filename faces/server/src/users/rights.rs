//! The least role of every route. What is not said here to be reading needs an editor.

use axum::http::Method;

use super::Role;

/// Open to all, for those who watch whether the server lives.
pub(crate) const OPEN: &str = "/health";

/// What is sent by POST and only reads: searches whose conditions are too long for an address.
/// Below `/api/2.0/mlflow`, `/api/3.0/mlflow` and their twins below `/ajax-api`.
const READS: &[&str] = &[
    "experiments/search",
    "experiments/search-datasets",
    "runs/search",
    "metrics/get-history-bulk",
    "metrics/get-history-bulk-interval",
    "registered-models/search",
    "registered-models/get-latest-versions",
    "model-versions/search",
    "logged-models/search",
    "traces/search",
    "traces/batchGet",
    "traces/batchGetInfos",
    "traces/metrics",
];

/// The same of our own protocol: an estimate under the priors that are sent.
const ASKS: &str = "/api/fieldkit/v1/craters/{name}/estimate";

/// Where the users are.
const USERS: &str = "/api/fieldkit/v1/users";

/// The least role that may ask a route (by its template) with a method.
pub(crate) fn least_role(method: &Method, route: Option<&str>) -> Role {
    let route = route.unwrap_or_default();
    if route.starts_with(USERS) {
        return Role::Admin;
    }
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => Role::Reader,
        Method::POST if is_read(route) => Role::Reader,
        _ => Role::Editor,
    }
}

fn is_read(route: &str) -> bool {
    if route == ASKS {
        return true;
    }
    let below = ["/api/", "/ajax-api/"].iter().find_map(|prefix| route.strip_prefix(prefix));
    let named = below.and_then(|rest| rest.split_once("mlflow/"));
    // MLflow's own clients ask one of them at `/api/2.0mlflow`.
    named.is_some_and(|(version, name)| {
        ["2.0/", "3.0/", "2.0"].contains(&version) && READS.contains(&name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn least(method: Method, route: &str) -> Role {
        least_role(&method, Some(route))
    }

    #[test]
    fn looking_needs_a_reader_and_changing_an_editor() {
        assert_eq!(least(Method::GET, "/api/2.0/mlflow/runs/get"), Role::Reader);
        assert_eq!(least(Method::POST, "/api/2.0/mlflow/runs/search"), Role::Reader);
        assert_eq!(least(Method::POST, "/ajax-api/3.0/mlflow/traces/search"), Role::Reader);
        assert_eq!(least(Method::POST, "/api/2.0mlflow/experiments/search-datasets"), Role::Reader);
        assert_eq!(least(Method::POST, ASKS), Role::Reader);
        assert_eq!(least(Method::POST, "/api/fieldkit/v1/craters/{name}/reviews"), Role::Editor);
        assert_eq!(least(Method::POST, "/api/2.0/mlflow/runs/create"), Role::Editor);
        assert_eq!(least(Method::DELETE, "/api/2.0/mlflow/runs/search"), Role::Editor);
        assert_eq!(least(Method::POST, "/v1/traces"), Role::Editor);
    }

    #[test]
    fn what_is_not_known_needs_an_editor_unless_it_is_got() {
        assert_eq!(least_role(&Method::POST, None), Role::Editor);
        assert_eq!(least(Method::POST, "/api/9/mlflow/runs/search"), Role::Editor);
        assert_eq!(least(Method::from_bytes(b"BREW").unwrap(), "/version"), Role::Editor);
    }

    #[test]
    fn users_are_for_an_admin_even_to_look_at() {
        assert_eq!(least(Method::GET, "/api/fieldkit/v1/users"), Role::Admin);
    }
}
