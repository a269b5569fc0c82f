//! The grammar, by recursive descent.

use super::functions::Function;
use super::lex::{Token, lex};
use super::{Expr, Operator, Refused};
use regex::RegexBuilder;

/// In characters.
const LENGTH_MOST: usize = 2_000;
/// How deep operands may stand in each other.
const DEEPEST: usize = 40;
/// Of a compiled pattern, in bytes.
const PATTERN_MOST: usize = 1 << 18;

/// Parses an expression. `place` tells where a question is in the form's list.
pub fn parse(text: &str, place: &dyn Fn(&str) -> Option<usize>) -> Result<Expr, Refused> {
    let length = text.chars().count();
    if length > LENGTH_MOST {
        return Err(Refused::new(
            LENGTH_MOST + 1,
            format!("an expression has at most {LENGTH_MOST} characters"),
            format!("表达式最多 {LENGTH_MOST} 个字符"),
        ));
    }
    let tokens = lex(text)?;
    let mut parser = Parser { tokens: &tokens, next: 0, end: length + 1, depth: 0, place };
    let expression = parser.level(0)?;
    if parser.peek().is_some() { Err(parser.unexpected()) } else { Ok(expression) }
}

struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    next: usize,
    /// Behind the last character.
    end: usize,
    depth: usize,
    place: &'a dyn Fn(&str) -> Option<usize>,
}

/// The operators of each level, the loosest first.
const LEVELS: [&[Operator]; 6] = [
    &[Operator::Or],
    &[Operator::And],
    &[Operator::Equal, Operator::Unequal],
    &[Operator::Less, Operator::LessOrEqual, Operator::Greater, Operator::GreaterOrEqual],
    &[Operator::Plus, Operator::Minus],
    &[Operator::Times, Operator::Div, Operator::Mod],
];

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn unexpected(&self) -> Refused {
        match self.peek() {
            Some(_) => Refused::new(self.at(), "this is not expected here", "此处语法有误"),
            None => Refused::new(self.at(), "something is missing at the end", "表达式不完整"),
        }
    }

    fn level(&mut self, level: usize) -> Result<Expr, Refused> {
        let Some(operators) = LEVELS.get(level) else { return self.sign() };
        let mut left = self.level(level + 1)?;
        while let Some(Token::Operator(operator)) = self.peek() {
            let operator = *operator;
            if !operators.contains(&operator) {
                break;
            }
            self.next += 1;
            let right = self.level(level + 1)?;
            left = Expr::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn sign(&mut self) -> Result<Expr, Refused> {
        let mut negative = false;
        while self.peek() == Some(&Token::Operator(Operator::Minus)) {
            self.next += 1;
            negative = !negative;
        }
        let operand = self.operand()?;
        Ok(if negative { Expr::Negative(Box::new(operand)) } else { operand })
    }

    fn operand(&mut self) -> Result<Expr, Refused> {
        let at = self.at();
        let Some(token) = self.peek().cloned() else { return Err(self.unexpected()) };
        match token {
            Token::Operator(_) | Token::Close | Token::Comma => return Err(self.unexpected()),
            _ => self.next += 1,
        }
        match token {
            Token::Number(number) => Ok(Expr::Number(number)),
            Token::Text(text) => Ok(Expr::Text(text)),
            Token::Reference(name) => (self.place)(&name).map(Expr::Answer).ok_or_else(|| {
                Refused::new(at, format!("there is no question {name:?}"), format!("没有名为 {name:?} 的题目"))
            }),
            Token::Open => {
                let inside = self.deeper(at, |parser| parser.level(0))?;
                if self.peek() != Some(&Token::Close) {
                    return Err(self.unexpected());
                }
                self.next += 1;
                Ok(inside)
            }
            Token::Name(name) => self.call(at, &name),
            // The others were refused above.
            Token::Here | Token::Operator(_) | Token::Close | Token::Comma => Ok(Expr::Here),
        }
    }

    fn deeper<T>(&mut self, at: usize, inside: impl FnOnce(&mut Self) -> Result<T, Refused>) -> Result<T, Refused> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Refused::new(at, "this is nested too deeply", "嵌套层数过多"));
        }
        let done = inside(self);
        self.depth -= 1;
        done
    }

    fn call(&mut self, at: usize, name: &str) -> Result<Expr, Refused> {
        if self.peek() != Some(&Token::Open) {
            return Err(Refused::new(
                at,
                format!("{name:?} is no question and no function: a question is ${{{name}}}, a text is in quotes"),
                format!("{name:?} 既非题目也非函数：题目写作 ${{{name}}}，文本须加引号"),
            ));
        }
        self.next += 1;
        let arguments = self.deeper(at, Self::arguments)?;
        if name == "regex" {
            return regex(at, arguments);
        }
        let Some(function) = Function::parse(name) else {
            let (en, zh) = (format!("the function {name} is not supported"), format!("不支持函数 {name}"));
            return Err(Refused::new(at, en, zh));
        };
        let (least, most) = function.arguments();
        if !(least..=most).contains(&arguments.len()) {
            let (en, zh) = match (least, most) {
                (least, usize::MAX) => (format!("{least} or more arguments"), format!("至少 {least} 个参数")),
                (least, most) if least == most => (format!("{least} arguments"), format!("{least} 个参数")),
                (least, most) => (format!("{least} to {most} arguments"), format!("{least} 至 {most} 个参数")),
            };
            return Err(Refused::new(at, format!("{name} takes {en}"), format!("函数 {name} 需要{zh}")));
        }
        Ok(Expr::Call(function, arguments))
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, Refused> {
        let mut arguments = Vec::new();
        if self.peek() == Some(&Token::Close) {
            self.next += 1;
            return Ok(arguments);
        }
        loop {
            arguments.push(self.level(0)?);
            match self.peek() {
                Some(Token::Comma) => self.next += 1,
                Some(Token::Close) => {
                    self.next += 1;
                    return Ok(arguments);
                }
                _ => return Err(self.unexpected()),
            }
        }
    }
}

fn regex(at: usize, mut arguments: Vec<Expr>) -> Result<Expr, Refused> {
    let (Some(Expr::Text(pattern)), Some(of), true) = (arguments.pop(), arguments.pop(), arguments.is_empty()) else {
        return Err(Refused::new(
            at,
            "regex takes two arguments, the second a text in quotes",
            "函数 regex 需要两个参数，第二个为引号内的文本",
        ));
    };
    let whole = RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(PATTERN_MOST).build();
    let whole = whole.map_err(|_| {
        Refused::new(at, "the pattern of regex cannot be read, or is too large", "regex 的模式无法解析或过大")
    });
    Ok(Expr::Matches(Box::new(of), whole?))
}
