//! Checks of a body that has the right shape: what is wrong is gathered, and told at once.

use super::problem::{Code, Problem};
use crate::fields::{Fault, FieldError};
use chrono::NaiveDate;

/// The faults of one body.
#[derive(Debug, Default)]
pub struct Checks(Vec<FieldError>);

impl Checks {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn fault(&mut self, pointer: &str, fault: Fault) {
        self.0.push(FieldError::new(pointer, fault));
    }

    pub fn extend(&mut self, faults: impl IntoIterator<Item = FieldError>) {
        self.0.extend(faults);
    }

    /// A name for people: 1 to `max` characters, not only blanks, none of them a control character.
    pub fn name(&mut self, pointer: &str, text: &str, max: usize) {
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            self.fault(pointer, Fault::InvalidText);
        } else if text.chars().count() > max {
            self.fault(pointer, Fault::TooLong { max });
        }
    }

    /// A name that may be absent.
    pub fn optional_name(&mut self, pointer: &str, text: Option<&str>, max: usize) {
        if let Some(text) = text {
            self.name(pointer, text, max);
        }
    }

    /// A period of days; both ends belong to it.
    pub fn period(&mut self, from: NaiveDate, to: NaiveDate) {
        if to < from {
            self.fault("/to", Fault::EndsTooEarly);
        }
    }

    pub fn faults(self) -> Vec<FieldError> {
        self.0
    }

    /// 400 with every fault, if there is one: of the parameters of a query string, pointed into as if they were one object.
    pub fn parameters(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        let problem = Problem::new(Code::Malformed);
        let problem = problem.detail("Some parameters cannot be taken: see `errors`.", "部分参数无效，详见 errors。");
        Err(problem.errors(self.0))
    }

    /// 422 with every fault, if there is one.
    pub fn done(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(invalid(self.0)) }
    }
}

/// 422 with these faults.
pub fn invalid(errors: Vec<FieldError>) -> Problem {
    Problem::new(Code::Invalid)
        .detail("Some values are not valid: see `errors`.", "部分内容无效，详见 errors。")
        .errors(errors)
}
