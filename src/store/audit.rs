//! The audit: who did what. For each province its entries form a chain, each with the hash of the one before: none can be
//! changed, left out or put in between without every later hash changing.

use super::conn::{Conn, StoreError, Tx};
use super::dialect::{Rows, for_update};
use super::listing::{self, Column, Found, Kind, List, Listed, Listing, Sql, Value};
use super::types::{DbInstant, DbJson, DbUuid, Id, Instant, JsonText};
use crate::load_rows;
use diesel::Queryable;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;
use sync_core::canonical;
use sync_core::scope::Region;
use uuid::Uuid;

const COLUMNS: &str = "a.province, a.n, a.id, a.at, a.user_id, a.role, a.region, a.team_id, a.action, a.subject, a.detail, \
     a.previous, a.hash";

type EntrySql =
    (Text, BigInt, DbUuid, DbInstant, DbUuid, Text, Text, Nullable<DbUuid>, Text, Text, DbJson, Binary, Binary);

/// An entry of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Entry {
    pub province: String,
    pub n: i64,
    pub id: Id,
    pub at: Instant,
    pub user: Id,
    pub role: String,
    pub region: String,
    pub team: Option<Id>,
    pub action: String,
    pub subject: String,
    /// Canonical JSON.
    pub detail: JsonText,
    pub previous: Vec<u8>,
    pub hash: Vec<u8>,
}

/// Who did it.
#[derive(Debug, Clone, Copy)]
pub struct Actor {
    pub user: Uuid,
    pub role: super::Role,
    pub region: Region,
    pub team: Option<Uuid>,
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Entry {
    /// SHA-256 over the RFC 8785 form of the entry as it is told, without its hash.
    pub fn reckon(&self) -> Result<Vec<u8>, StoreError> {
        let detail: Json =
            serde_json::from_str(&self.detail.0).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let told = json!({
            "province": self.province, "n": self.n, "id": self.id.0, "at_ms": self.at.ms(), "user": self.user.0,
            "role": self.role, "region": self.region, "team": self.team.map(|team| team.0), "action": self.action,
            "subject": self.subject, "detail": detail, "previous": hex(&self.previous),
        });
        Ok(Sha256::digest(canonical::to_string(&told)).to_vec())
    }
}

/// Writes down what is done in this transaction. The province's chain is locked until the commit.
pub fn note(tx: &mut Tx<'_>, actor: &Actor, action: &str, subject: &str, detail: &Json) -> Result<(), StoreError> {
    let province = actor.region.province().to_string();
    let first = Rows::new().text("province", [province.clone()]).bytes("hash", [vec![0; 32]]);
    first.execute(
        tx,
        "INSERT INTO audit_heads (province, n, hash) SELECT province, 0, hash FROM v WHERE TRUE ON CONFLICT DO NOTHING",
    )?;
    let tail = format!(
        "SELECT h.n, h.hash FROM v CROSS JOIN audit_heads h WHERE h.province = v.province{}",
        for_update(tx, "h")
    );
    let heads = load_rows!(&mut **tx, &first, &tail, (BigInt, Binary) => (i64, Vec<u8>))?;
    let (n, previous) = heads.into_iter().next().ok_or_else(|| StoreError::Corrupt("no head of the audit".into()))?;
    let mut entry = Entry {
        province,
        n: n + 1,
        id: Id(Uuid::now_v7()),
        at: Instant::now(),
        user: Id(actor.user),
        role: actor.role.name().to_owned(),
        region: actor.region.to_string(),
        team: actor.team.map(Id),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: JsonText(canonical::to_string(detail)),
        previous,
        hash: Vec::new(),
    };
    entry.hash = entry.reckon()?;
    Rows::new()
        .text("province", [entry.province.clone()])
        .big("n", [entry.n])
        .uuid("id", [entry.id])
        .instant("at", [entry.at])
        .uuid("user_id", [entry.user])
        .text("role", [entry.role])
        .text("region", [entry.region])
        .opt_uuid("team_id", [entry.team])
        .text("action", [entry.action])
        .text("subject", [entry.subject])
        .json("detail", [entry.detail])
        .bytes("previous", [entry.previous])
        .bytes("hash", [entry.hash.clone()])
        .insert(tx, "audit")?;
    Rows::new()
        .text("province", [entry.province])
        .big("n", [entry.n])
        .bytes("hash", [entry.hash])
        .execute(tx, "UPDATE audit_heads SET n = v.n, hash = v.hash FROM v WHERE audit_heads.province = v.province")?;
    Ok(())
}

/// What a caller sees of the audit.
#[derive(Debug, Clone, Copy)]
pub enum Sight {
    /// The province's, all of it.
    Province(Region),
    /// What was done by the people of a prefecture.
    Prefecture(Region),
    Team(Uuid),
}

/// What the audit can be filtered and sorted by; the oldest first.
pub static LIST: LazyLock<List<Entry>> = LazyLock::new(|| {
    let id = Column::new("id", Kind::Uuid, "a.id").sorted(|entry: &Entry| Value::Uuid(entry.id.0));
    List::new("audit", [id]).with([
        Column::new("at", Kind::Instant, "a.at").sorted(|entry: &Entry| Value::Instant(entry.at.ms())),
        Column::new("user", Kind::Uuid, "a.user_id"),
        Column::new("team", Kind::Uuid, "a.team_id"),
        Column::new("region", Kind::Text, "a.region"),
        Column::new("action", Kind::Text, "a.action"),
        Column::new("subject", Kind::Text, "a.subject"),
    ])
});

impl Listed for Entry {
    fn list() -> &'static List<Self> {
        &LIST
    }
}

/// A page of the audit.
pub fn page(conn: &mut Conn, sight: &Sight, listing: &Listing<Entry>) -> Result<Found<Entry>, StoreError> {
    let text = |region: &Region| Value::Text(region.to_string());
    let from = Sql::new("FROM audit a WHERE ");
    let from = match sight {
        Sight::Province(region) => from.sql("a.province = ").bind(text(region)),
        Sight::Prefecture(region) => {
            from.sql("a.province = ").bind(text(&region.province())).sql(" AND a.region = ").bind(text(region))
        }
        Sight::Team(team) => from.sql("a.team_id = ").bind(Value::Uuid(*team)),
    };
    listing::page::<EntrySql, _>(conn, listing, COLUMNS, from)
}

/// Why a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// A number is missing before this entry, or it is there twice.
    Gap { province: String, n: i64 },
    /// The entry does not name the hash of the one before.
    Unlinked { province: String, n: i64 },
    /// The entry's hash is not that of its content.
    Changed { province: String, n: i64 },
    /// The chain ends before its head.
    Cut { province: String, n: i64 },
}

const PAGE: usize = 1000;

/// Goes through every province's chain; gives the number of entries and what is broken.
pub fn verify(conn: &mut Conn) -> Result<(u64, Vec<Broken>), StoreError> {
    let heads: Vec<(String, i64, Vec<u8>)> = listing::rows::<(Text, BigInt, Binary), _>(
        conn,
        Sql::new("SELECT h.province, h.n, h.hash FROM audit_heads h ORDER BY h.province"),
    )?;
    let (mut entries, mut broken) = (0, Vec::new());
    for (province, last, hash) in heads {
        let (mut n, mut link) = (0, vec![0; 32]);
        loop {
            let sql = Sql::new(format!("SELECT {COLUMNS} FROM audit a WHERE a.province = "))
                .bind(Value::Text(province.clone()))
                .sql(" AND a.n > ")
                .bind(Value::Int(n))
                .sql(format!(" ORDER BY a.n LIMIT {PAGE}"));
            let page: Vec<Entry> = listing::rows::<EntrySql, _>(conn, sql)?;
            if page.is_empty() {
                break;
            }
            for entry in page {
                entries += 1;
                let at = || (province.clone(), entry.n);
                if entry.n != n + 1 {
                    let (province, n) = at();
                    broken.push(Broken::Gap { province, n });
                }
                if entry.previous != link {
                    let (province, n) = at();
                    broken.push(Broken::Unlinked { province, n });
                }
                if entry.reckon()? != entry.hash {
                    let (province, n) = at();
                    broken.push(Broken::Changed { province, n });
                }
                (n, link) = (entry.n, entry.hash);
            }
        }
        if n != last || link != hash {
            broken.push(Broken::Cut { province, n });
        }
    }
    Ok((entries, broken))
}
