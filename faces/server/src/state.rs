//! What every request can reach.

use std::path::Path;

use store::Files;
use tracking::Tracking;

use crate::api::craters::Surveys;
use crate::users::{self, Gate, Users};

/// What every request can reach. Clones are handles to the same.
#[derive(Clone)]
pub struct State {
    /// Experiments, runs and models.
    pub tracking: Tracking,
    /// Artifacts.
    pub files: Files,
    /// Whom the server lets in; all, where it is none.
    pub(crate) gate: Option<Gate>,
    /// Surveys of craters; none where no folder was said.
    pub(crate) surveys: Surveys,
}

impl State {
    /// A server that lets everybody do everything.
    pub fn new(tracking: Tracking, files: Files) -> Self {
        Self { tracking, files, gate: None, surveys: Surveys::default() }
    }

    /// A server that lets nobody in but these users, each as far as the role goes.
    ///
    /// # Errors
    /// The system gives no random bits.
    pub fn for_users(self, users: Users) -> Result<Self, users::Error> {
        Ok(Self { gate: Some(Gate::new(users)?), ..self })
    }

    /// A server that shows the surveys of craters below the data folder too.
    pub fn with_surveys(self, data: &Path) -> Self {
        Self { surveys: Surveys::of_data(data), ..self }
    }

    /// Does `work`, which waits for the database, where waiting is allowed.
    ///
    /// # Errors
    /// That of the work.
    pub async fn blocking<T, E>(
        &self,
        work: impl FnOnce(&Tracking) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<tracking::Error> + Send + 'static,
    {
        let tracking = self.tracking.clone();
        match tokio::task::spawn_blocking(move || work(&tracking)).await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(error) => {
                let kind = tracking::Kind::TemporarilyUnavailable;
                Err(tracking::Error::new(kind, error.to_string()).into())
            }
        }
    }
}
