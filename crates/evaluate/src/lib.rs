//! evaluate: see ARCHITECTURE.md
