//! The expressions of relevance and constraint: the part of XPath 1.0 that XLSForm uses, over answers in place of nodes.
//!
//! ```text
//! or      = and { "or" and }
//! and     = equal { "and" equal }
//! equal   = order { ( "=" | "!=" ) order }
//! order   = sum { ( "<" | "<=" | ">" | ">=" ) sum }
//! sum     = product { ( "+" | "-" ) product }
//! product = sign { ( "*" | "div" | "mod" ) sign }
//! sign    = { "-" } operand
//! operand = number | text | "${" name "}" | "." | function "(" [ or { "," or } ] ")" | "(" or ")"
//! ```
//!
//! `.` is the answer that is judged. An unanswered question is the empty text, a select_multiple the list of what was
//! chosen, in one text with blanks between where a text is wanted. Values are converted as in XPath 1.0, sections 3.4 and
//! 4; dates are values of their own, and days since 1970 as numbers, as in OpenRosa. Whatever else XPath has (paths,
//! axes, predicates, unions) is refused by its place. There is no recursion, no loop and no I/O: an expression ends.

mod evaluate;
mod functions;
mod lex;
mod parse;
#[cfg(test)]
mod tests;
mod value;

pub use evaluate::Answers;
pub use parse::parse;
pub use value::Value;

use functions::Function;
use regex::Regex;

/// A parsed expression; `${name}`s are places in the form's list of questions.
#[derive(Debug, Clone)]
pub enum Expr {
    Text(String),
    Number(f64),
    Answer(usize),
    /// `.`
    Here,
    Negative(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Call(Function, Vec<Expr>),
    /// `regex(text, 'pattern')`: the whole text must match.
    Matches(Box<Expr>, Regex),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Div,
    Mod,
}

/// What is wrong with an expression, and at which character, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub at: usize,
    pub en: String,
    pub zh: String,
}

impl Refused {
    fn new(at: usize, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { at, en: en.into(), zh: zh.into() }
    }
}
