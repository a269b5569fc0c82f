//! `ruhu import`

use crate::config::{self, DataSettings, ServerSettings};
use crate::setup;
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
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
}

impl Import {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let config = config::resolve(self.data, ServerSettings::default())?;
        let What::Divisions { file } = self.what;
        let text = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let lines = text.split(|byte| *byte == b'\n').count();
        // Hidden where nobody watches: it draws on a terminal only.
        let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len}")?;
        let bar = ProgressBar::new(lines as u64).with_style(style);
        let changed = setup::import_divisions(&config, text.as_slice(), &|done| bar.set_position(done as u64));
        bar.finish_and_clear();
        let changed = changed.with_context(|| format!("{} was not imported", file.display()))?;
        println!("{changed} divisions added or changed");
        Ok(ExitCode::SUCCESS)
    }
}
