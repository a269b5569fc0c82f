//! The rule, way by way, and the trail under every order of arrival.

mod rule;
mod trails;
