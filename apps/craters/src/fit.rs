//! Training: labelled images, or a review log, to a detector.
