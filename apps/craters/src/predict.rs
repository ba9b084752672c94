//! A survey of a whole scene, tile by tile: memory does not grow with the scene, a stopped survey
//! goes on where it was, and the result does not depend on where tiles begin.
