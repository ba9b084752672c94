//! From a function on what is tracked to an answer.

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use tracking::{Error, Tracking};

use super::error::Refusal;
use crate::State;

/// Does `work` where waiting is allowed, and answers with its JSON or its refusal.
pub(crate) async fn answer<T: Serialize>(
    state: State,
    work: impl FnOnce(&Tracking) -> Result<T, Error> + Send + 'static,
) -> Response {
    let written = state.blocking(move |tracking| {
        let value = work(tracking)?;
        serde_json::to_vec(&value).map_err(|error| Error::internal(error.to_string()))
    });
    match written.await {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => Refusal(error).into_response(),
    }
}

/// The handler of the endpoint whose answer a function of the fields gives.
macro_rules! by {
    ($work:path) => {
        async |axum::extract::State(state): axum::extract::State<crate::State>,
               body: crate::mlflow::body::Body| {
            crate::mlflow::answer::answer(state, move |tracking| $work(tracking, &body)).await
        }
    };
}

/// The handler of the endpoint whose answer a function of what the path names and of the fields
/// gives.
macro_rules! by_path {
    ($work:path) => {
        async |axum::extract::State(state): axum::extract::State<crate::State>,
               axum::extract::Path(named): axum::extract::Path<_>,
               body: crate::mlflow::body::Body| {
            crate::mlflow::answer::answer(state, move |tracking| $work(tracking, &named, &body))
                .await
        }
    };
}

pub(crate) use {by, by_path};
