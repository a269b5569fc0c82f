//! The two languages that people read here.

/// English or Simplified Chinese.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    #[default]
    En,
    Zh,
}

impl Lang {
    /// The better liked of the two in an `Accept-Language` header (RFC 9110, section 12.5.4); English when
    /// neither is named.
    pub fn from_accept_language(header: &str) -> Self {
        let weight = |prefix: &str| {
            header
                .split(',')
                .filter_map(|item| {
                    let mut parts = item.split(';').map(str::trim);
                    let tag = parts.next()?.to_ascii_lowercase();
                    let named = tag == prefix || tag.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('-'));
                    let q = parts.find_map(|p| p.strip_prefix("q=")).and_then(|q| q.parse::<f32>().ok()).unwrap_or(1.0);
                    named.then_some(q)
                })
                .fold(0.0_f32, f32::max)
        };
        if weight("zh") > weight("en") { Self::Zh } else { Self::En }
    }

    /// What the environment of a command says (POSIX, section 8.2): the first of these variables that is set.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set).unwrap_or_default();
        if locale.starts_with("zh") { Self::Zh } else { Self::En }
    }

    /// Picks one of two texts.
    pub fn pick<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;

    #[test]
    fn the_better_liked_language_wins() {
        for (header, expected) in [
            ("", Lang::En),
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::Zh),
            ("en-US,en;q=0.9,zh;q=0.5", Lang::En),
            ("de, zh-Hans;q=0.3", Lang::Zh),
            ("fr", Lang::En),
        ] {
            assert_eq!(Lang::from_accept_language(header), expected, "{header}");
        }
    }

    #[test]
    fn the_first_variable_that_is_set_decides() {
        for (set, expected) in [
            (&[("LANG", "zh_CN.UTF-8")][..], Lang::Zh),
            (&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")], Lang::En),
            (&[("LANG", "C"), ("LC_ALL", ""), ("LC_MESSAGES", "zh_TW")], Lang::Zh),
            (&[], Lang::En),
        ] {
            let variable = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(Lang::from_environment(variable), expected, "{set:?}");
        }
    }
}
