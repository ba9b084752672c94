//! What strangers send and what breaks: each against a server in a process of its own.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test, with its place")]

mod attacks;
mod faults;
mod served;

/// Not a test: the process of the server, when it is started with the folder it shall serve.
#[test]
fn the_server_itself() {
    served::serve_if_told();
}
