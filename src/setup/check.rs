//! Going through a whole database, county after county, each as it stands at one moment.

use super::open;
use crate::Config;
use crate::store::audit::{self, Broken};
use crate::store::checks::{self, Wrong};
use crate::store::{StoreError, Tx, promoted};
use sync_core::{Bucket, Collection};

/// What a check came to.
#[derive(Debug, Default)]
pub struct Checked {
    pub counties: usize,
    pub records: u64,
    /// What is wrong, by county.
    pub wrong: Vec<(Bucket, Wrong)>,
    pub entries: u64,
    pub broken: Vec<Broken>,
    /// Rows of the collections' own tables that were made anew.
    pub mended: usize,
}

impl Checked {
    /// Whether everything is right, now.
    pub fn is_sound(&self) -> bool {
        self.broken.is_empty() && self.wrong.iter().all(|(_, wrong)| self.mended > 0 && matches!(wrong, Wrong::Row(_)))
    }
}

/// Checks the database of a configuration; `progress` is told how many of how many counties are done. With `mend`, the
/// collections' own tables are made anew from the records where they are wrong: nothing else can be.
pub fn check(config: &Config, mend: bool, progress: &dyn Fn(usize, usize)) -> anyhow::Result<Checked> {
    let store = open(config)?;
    let counties = store.read_now(checks::counties)?;
    let mut checked = Checked { counties: counties.len(), ..Checked::default() };
    progress(0, counties.len());
    for (done, bucket) in (1..).zip(&counties) {
        let bucket = *bucket;
        let county = store.snapshot_now(|conn| checks::county(conn, bucket))?;
        checked.records += county.records;
        let rows = county.wrong.iter().any(|wrong| matches!(wrong, Wrong::Row(_)));
        checked.wrong.extend(county.wrong.into_iter().map(|wrong| (bucket, wrong)));
        if mend && rows {
            checked.mended += store.write_now(move |tx| mend_county(tx, bucket))?;
        }
        progress(done, counties.len());
    }
    (checked.entries, checked.broken) = store.snapshot_now(audit::verify)?;
    Ok(checked)
}

/// The county's head is locked meanwhile: nobody writes there.
fn mend_county(tx: &mut Tx<'_>, bucket: Bucket) -> Result<usize, StoreError> {
    crate::store::buckets::lock(tx, &[bucket].into())?;
    let mut made = 0;
    for collection in Collection::ALL {
        made += promoted::rebuild(tx, bucket, collection)?;
    }
    Ok(made)
}
