//! learn: see ARCHITECTURE.md
