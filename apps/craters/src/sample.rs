//! Scenes of our own making, for the demo and for tests: synthetic, and called so.
