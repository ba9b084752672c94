//! The tags of a run that Fieldkit writes, beside those of MLflow.

/// The application that computed it, such as `scaling`.
pub const APPLICATION: &str = "fieldkit.application";
/// What was asked of the application, such as `fit`.
pub const COMMAND: &str = "fieldkit.command";
/// What was typed, to do it again.
pub const COMMAND_LINE: &str = "fieldkit.command_line";
/// The version of Fieldkit, and after `+` the commit that it was built from.
pub const VERSION: &str = "fieldkit.version";
/// The seed of everything random in it.
pub const SEED: &str = "fieldkit.seed";
/// Why it failed.
pub const ERROR: &str = "fieldkit.error";
/// What it told the person who waited, a sentence a line. MLflow shows it as the run's description.
pub const NOTES: &str = "mlflow.note.content";
/// Who began it.
pub const USER: &str = "mlflow.user";
/// The program that computed it.
pub const SOURCE_NAME: &str = "mlflow.source.name";
/// What kind of program that is.
pub const SOURCE_TYPE: &str = "mlflow.source.type";
/// The id that a run had in a folder of before, from which it was imported.
pub const IMPORTED: &str = "fieldkit.imported_from";
