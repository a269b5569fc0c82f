//! Words of an expression. As in XPath 1.0, section 3.7, a name or a `*` behind an operand is an operator.

use super::{Operator, Refused};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(String),
    /// `${name}`
    Reference(String),
    Here,
    /// Of a function.
    Name(String),
    Operator(Operator),
    Open,
    Close,
    Comma,
}

/// The words with their places, from 1.
pub(super) fn lex(text: &str) -> Result<Vec<(usize, Token)>, Refused> {
    let chars: Vec<char> = text.chars().collect();
    let mut lexer = Lexer { chars: &chars, at: 0, tokens: Vec::new() };
    while let Some(c) = lexer.peek() {
        if c.is_whitespace() {
            lexer.at += 1;
        } else {
            let at = lexer.at + 1;
            let token = lexer.token(c)?;
            lexer.tokens.push((at, token));
        }
    }
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    chars: &'a [char],
    at: usize,
    tokens: Vec<(usize, Token)>,
}

fn begins_name(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn goes_on(c: char) -> bool {
    begins_name(c) || c.is_ascii_digit() || matches!(c, '-' | '.' | ':')
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let taken: String = self.chars[self.at..].iter().take_while(|c| wanted(**c)).collect();
        self.at += taken.chars().count();
        taken
    }

    fn refused(&self, en: impl Into<String>, zh: impl Into<String>) -> Refused {
        Refused::new(self.at + 1, en, zh)
    }

    /// Whether an operand has just ended.
    fn behind_operand(&self) -> bool {
        matches!(
            self.tokens.last(),
            Some((_, Token::Number(_) | Token::Text(_) | Token::Reference(_) | Token::Here | Token::Close))
        )
    }

    fn one(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    fn operator(&mut self, length: usize, operator: Operator) -> Token {
        self.at += length;
        Token::Operator(operator)
    }

    fn token(&mut self, c: char) -> Result<Token, Refused> {
        Ok(match (c, self.chars.get(self.at + 1).copied()) {
            ('(', _) => self.one(Token::Open),
            (')', _) => self.one(Token::Close),
            (',', _) => self.one(Token::Comma),
            ('=', _) => self.operator(1, Operator::Equal),
            ('!', Some('=')) => self.operator(2, Operator::Unequal),
            ('<', Some('=')) => self.operator(2, Operator::LessOrEqual),
            ('>', Some('=')) => self.operator(2, Operator::GreaterOrEqual),
            ('<', _) => self.operator(1, Operator::Less),
            ('>', _) => self.operator(1, Operator::Greater),
            ('+', _) => self.operator(1, Operator::Plus),
            ('-', _) => self.operator(1, Operator::Minus),
            ('*', _) if self.behind_operand() => self.operator(1, Operator::Times),
            ('$', Some('{')) => self.reference()?,
            ('\'' | '"', _) => self.text(c)?,
            ('0'..='9', _) | ('.', Some('0'..='9')) => self.number()?,
            ('.', Some('.')) | ('/' | '@' | '[' | ']' | '|' | '*', _) => {
                return Err(self.refused(
                    "paths to nodes are not supported: name a question as ${name}",
                    "不支持节点路径，请以 ${题名} 引用题目",
                ));
            }
            ('.', _) => self.one(Token::Here),
            _ if begins_name(c) => self.name(),
            _ => return Err(self.refused(format!("{c:?} has no meaning here"), format!("此处不能出现 {c:?}"))),
        })
    }

    fn reference(&mut self) -> Result<Token, Refused> {
        let begin = self.at;
        self.at += 2;
        let name = self.take_while(|c| c != '}');
        if self.peek().is_none() {
            self.at = begin;
            return Err(self.refused("`${` is not closed", "“${”没有闭合"));
        }
        Ok(self.one(Token::Reference(name.trim().to_owned())))
    }

    fn text(&mut self, quote: char) -> Result<Token, Refused> {
        let begin = self.at;
        self.at += 1;
        let text = self.take_while(|c| c != quote);
        if self.peek().is_none() {
            self.at = begin;
            return Err(self.refused("the text is not closed", "文本没有闭合"));
        }
        Ok(self.one(Token::Text(text)))
    }

    fn number(&mut self) -> Result<Token, Refused> {
        let mut digits = self.take_while(|c| c.is_ascii_digit());
        if self.peek() == Some('.') {
            self.at += 1;
            digits.push('.');
            digits.push_str(&self.take_while(|c| c.is_ascii_digit()));
        }
        digits.parse().map(Token::Number).map_err(|_| self.refused("this is not a number", "不是数字"))
    }

    fn name(&mut self) -> Token {
        let name = self.take_while(goes_on);
        let operator = match name.as_str() {
            "or" => Operator::Or,
            "and" => Operator::And,
            "div" => Operator::Div,
            "mod" => Operator::Mod,
            _ => return Token::Name(name),
        };
        if self.behind_operand() { Token::Operator(operator) } else { Token::Name(name) }
    }
}
