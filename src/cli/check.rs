//! `ruhu check`

use crate::config::{self, DataSettings, ServerSettings};
use crate::setup;
use crate::store::audit::Broken;
use indicatif::{ProgressBar, ProgressStyle};
use std::process::ExitCode;

/// What is told of one kind of fault at most.
const TOLD: usize = 50;

/// Check that a database is sound: exit code 1 if anything is wrong
///
/// Goes through every record: against its digest, against its county's count and sum, against its history, against its row
/// in the collection's own table (by which lists are filtered and sorted); and through the audit's chain of hashes. A server
/// may run meanwhile. Nothing is changed, unless --mend is given.
#[derive(Debug, clap::Args)]
pub struct Check {
    #[command(flatten)]
    data: DataSettings,
    /// Make the collections' own tables anew from the records, where they are wrong
    #[arg(long)]
    mend: bool,
}

impl Check {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let config = config::resolve(self.data, ServerSettings::default())?;
        // Hidden where nobody watches: it draws on a terminal only.
        let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} counties  {elapsed}, {eta} left")?;
        let bar = ProgressBar::new(0).with_style(style);
        let checked = setup::check(&config, self.mend, &|done, all| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        });
        bar.finish_and_clear();
        let checked = checked?;
        for (bucket, wrong) in checked.wrong.iter().take(TOLD) {
            println!("✗ {bucket}: {wrong}");
        }
        if checked.wrong.len() > TOLD {
            println!("  … and {} more", checked.wrong.len() - TOLD);
        }
        for broken in checked.broken.iter().take(TOLD) {
            let (province, n, what) = match broken {
                Broken::Gap { province, n } => (province, n, "does not follow on the entry before"),
                Broken::Unlinked { province, n } => (province, n, "does not name the hash of the entry before"),
                Broken::Changed { province, n } => (province, n, "has another content than its hash says"),
                Broken::Cut { province, n } => (province, n, "is the last, and should not be"),
            };
            println!("✗ audit of {province}: entry {n} {what}");
        }
        if checked.mended > 0 {
            println!("mended: {} rows of the collections' own tables were made anew", checked.mended);
        }
        let mark = if checked.is_sound() { "✓" } else { "✗" };
        println!(
            "{mark} {} records in {} counties and {} entries of the audit: {}",
            checked.records,
            checked.counties,
            checked.entries,
            if checked.wrong.is_empty() && checked.broken.is_empty() {
                "nothing is wrong".to_owned()
            } else {
                format!("{} faults", checked.wrong.len() + checked.broken.len())
            }
        );
        Ok(if checked.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
