//! `ruhu import`

use crate::config::{self, DataSettings, ServerSettings};
use crate::fields::{Fault, Level};
use crate::http::time::Day;
use crate::lang::Lang;
use crate::setup::{self, Imported, Published, Wanted};
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Import what the server needs to know
#[derive(Debug, clap::Args)]
pub struct Import {
    #[command(flatten)]
    data: DataSettings,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Import the list of administrative divisions; its counties become the buckets of records
    ///
    /// A CSV file in UTF-8 with the header code,level,name,parent and, if wanted, valid_from and successor. The levels
    /// are province (2 digits), prefecture (4), county (6), township (9) and village (12); every code begins with its
    /// parent's. A line without valid_from (YYYY-MM-DD) holds from always, or from today where the code had another
    /// name; a line with a successor says that the code ended on that day and which one took its place.
    ///
    /// Importing a file again changes nothing; a code that is not in the file stays as it is. If a line is wrong, it is
    /// named and nothing is imported.
    Divisions {
        /// The CSV file
        file: PathBuf,
    },
    /// Make a campaign of the counties in a list, or bring one up to it
    ///
    /// A CSV file in UTF-8 with the header county and, if wanted, name, area and led_by. A county is one of the province's
    /// in the list of divisions, by its 6 digits, and its name must be the one there; area is qinba, wumeng, liangshan_yi,
    /// plateau_tibetan or empty; led_by is provincial or prefecture, and where it is empty the province leads in the four
    /// areas, the prefecture elsewhere.
    ///
    /// The campaign of this name gets exactly these counties; everything else of it stays. Importing a file again changes
    /// nothing. If a value is wrong, its line and column are named and nothing is imported; so it is where a county is
    /// not in the list any more in which an assignment was given or a sample drawn.
    Campaign {
        /// The CSV file
        file: PathBuf,
        /// The campaign's name
        #[arg(long)]
        name: String,
        /// Its first day, YYYY-MM-DD; needed for a new one
        #[arg(long, value_parser = day)]
        from: Option<Day>,
        /// Its last day, YYYY-MM-DD; needed for a new one
        #[arg(long, value_parser = day)]
        to: Option<Day>,
        /// The provincial user who makes it; not needed where there is one only
        #[arg(long, value_name = "USERNAME")]
        user: Option<String>,
    },
    /// Publish an interview form from an XLSForm workbook
    ///
    /// An .xlsx file with the sheets survey, choices and settings, as docs/forms.md tells: questions of type text,
    /// integer, decimal, date, boolean, select_one and select_multiple in groups, with required, relevant, constraint and
    /// constraint_message; labels in columns label::zh and label::en. Each outermost group is a section; one that is
    /// named decisions, plan_tasks, targeted_practice, institutional_innovation or difficulties, or says so in a column
    /// topic, is of that topic.
    ///
    /// A published version never changes: a changed form becomes the next version, the same form again changes nothing.
    /// Whatever is not supported is named by sheet, column and row, and nothing is published.
    Form {
        /// The .xlsx file
        file: PathBuf,
        /// What it is about; not needed where the sheet settings says it in a column level
        #[arg(long, value_parser = ["household", "village", "county"])]
        level: Option<String>,
        /// The provincial user who publishes it; not needed where there is one only
        #[arg(long, value_name = "USERNAME")]
        user: Option<String>,
    },
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).ok_or_else(|| Fault::InvalidDate.detail(Lang::En))
}

impl Import {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let config = config::resolve(self.data, ServerSettings::default())?;
        match self.what {
            What::Divisions { file } => {
                let changed =
                    read(&file, |text, progress| setup::import_divisions(&config, text.as_slice(), progress))?;
                println!("{changed} divisions added or changed");
            }
            What::Campaign { file, name, from, to, user } => {
                let wanted = Wanted { name, from: from.map(Into::into), to: to.map(Into::into), user };
                let done =
                    read(&file, |text, progress| setup::import_campaign(&config, text.as_slice(), wanted, progress))?;
                let Imported { campaign, made, added, changed, removed } = done;
                let what = if made { "made" } else { "brought up to date" };
                println!("campaign {campaign} {what}: {added} counties added, {changed} changed, {removed} removed");
            }
            What::Form { file, level, user } => {
                let lang = Lang::from_environment(|name| std::env::var(name).ok());
                let level = level.as_deref().and_then(Level::parse);
                let done = read(&file, |bytes, _| setup::import_form(&config, &bytes, level, user, lang))?;
                let Published { form, version, questions, new } = done;
                let what = if new { "published" } else { "unchanged: published already" };
                println!("form {form}, version {version}, {questions} questions: {what}");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Imports a file, and shows how far it is.
fn read<T>(file: &Path, import: impl FnOnce(Vec<u8>, &dyn Fn(usize)) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let lines = text.split(|byte| *byte == b'\n').count();
    // Hidden where nobody watches: it draws on a terminal only.
    let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len}")?;
    let bar = ProgressBar::new(lines as u64).with_style(style);
    let done = import(text, &|done| bar.set_position(done as u64));
    bar.finish_and_clear();
    done.with_context(|| format!("{} was not imported", file.display()))
}
