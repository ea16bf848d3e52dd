//! Courses of a membership.
