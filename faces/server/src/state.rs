//! What every request can reach.

use store::Files;
use tracking::Tracking;

/// What every request can reach. Clones are handles to the same.
#[derive(Clone)]
pub struct State {
    /// Experiments, runs and models.
    pub tracking: Tracking,
    /// Artifacts.
    pub files: Files,
}

impl State {
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
