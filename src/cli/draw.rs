//! `ruhu draw`

use crate::insight::sampling::verify::{Outcome, verify};
use crate::lang::Lang;
use anyhow::Context as _;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Check random samples
#[derive(Debug, clap::Args)]
pub struct Draw {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Draw a published sample again, and say what was checked: exit code 1 if anything differs
    ///
    /// Needs the file alone, as GET /v1/campaigns/{id}/draws/{draw} gives it: no server, no database, no network. How it
    /// is done, and how to do it by hand, stands in docs/sampling.md.
    Verify {
        /// The JSON file; - for the standard input
        file: PathBuf,
        /// The key that it must be signed with: a kid of the server's /.well-known/jwks.json
        #[arg(long, allow_hyphen_values = true)]
        kid: Option<String>,
        /// The language of what is said; else that of the environment
        #[arg(long, value_enum)]
        lang: Option<Language>,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Language {
    En,
    Zh,
}

impl Draw {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let Action::Verify { file, kid, lang } = self.action;
        let lang = match lang {
            Some(Language::En) => Lang::En,
            Some(Language::Zh) => Lang::Zh,
            None => Lang::from_environment(|name| std::env::var(name).ok()),
        };
        let name = file.display();
        let text = if file.as_os_str() == "-" {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| text)
        } else {
            std::fs::read_to_string(&file)
        };
        let text = text.with_context(|| format!("{} {name}", lang.pick("cannot read", "无法读取")))?;
        let report = verify(&text, kid.as_deref())
            .with_context(|| format!("{name} {}", lang.pick("is not a published draw", "不是已公布的抽样文件")))?;
        for finding in &report.findings {
            let mark = match finding.outcome {
                Outcome::Good => "✓",
                Outcome::Bad => "✗",
                Outcome::Note => "·",
            };
            println!("{mark} {}", finding.text(lang));
        }
        let differ = report.findings.iter().filter(|finding| finding.outcome == Outcome::Bad).count();
        if report.is_good() {
            println!("{}", lang.pick("Nothing differs.", "全部相符。"));
            return Ok(ExitCode::SUCCESS);
        }
        println!("{}", lang.pick(&format!("Checks that failed: {differ}"), &format!("不符之处：{differ}")));
        Ok(ExitCode::FAILURE)
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Draw};
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        draw: Draw,
    }

    /// One in 64 begins like an option.
    #[test]
    fn a_key_may_begin_with_a_hyphen() {
        let line = Line::try_parse_from(["ruhu", "verify", "-", "--kid", "-fK3"]).unwrap();
        let Action::Verify { kid, .. } = line.draw.action;
        assert_eq!(kid.as_deref(), Some("-fK3"));
    }
}
