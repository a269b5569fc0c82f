//! Interview forms: published versions, which never change. Those that came with the server are every province's, the
//! others their province's.

use super::conn::{Conn, StoreError, Tx};
use super::dialect::Rows;
use super::listing::{self, Column, Found, Kind, List, Listed, Listing, Sql, Value};
use super::types::{DbInstant, DbJson, DbUuid, Id, Instant, JsonText};
use crate::insight::forms::Definition;
use crate::insight::forms::defaults::DEFAULTS;
use diesel::Queryable;
use diesel::sql_types::{Bool, Integer, Nullable, Text};
use std::sync::LazyLock;
use sync_core::scope::Region;
use uuid::Uuid;

/// The region of those that came with the server.
const EVERYWHERE: &str = "";

type FormSql = (DbUuid, Text, Text, Integer, Text, DbJson, Integer, DbInstant, Nullable<DbUuid>, Bool);

/// A row of `forms`, without its definition.
#[derive(Debug, Clone, Queryable)]
pub struct Form {
    pub id: Id,
    /// The province's two digits, or empty.
    pub region: String,
    pub form: String,
    pub version: i32,
    /// `household`, `village` or `county`.
    pub level: String,
    pub title: JsonText,
    pub questions: i32,
    pub created_at: Instant,
    /// `None`: it came with the server.
    pub created_by: Option<Id>,
    /// It is the newest version that the province has.
    pub current: bool,
}

/// A version with its definition.
pub type Whole = (Form, JsonText);

type Of = Column<Form>;

const COLUMNS: &str =
    "f.id, f.region, f.form, f.version, f.level, f.title, f.questions, f.created_at, f.created_by, f.current";

pub static LIST: LazyLock<List<Form>> = LazyLock::new(|| {
    let id = Of::new("id", Kind::Uuid, "f.id").sorted(|f| Value::Uuid(f.id.0));
    List::new("forms", [id]).with([
        Of::new("form", Kind::Text, "f.form").sorted(|f| Value::Text(f.form.clone())),
        Of::new("version", Kind::Int, "f.version").sorted(|f| Value::Int(f.version.into())),
        Of::new("level", Kind::Text, "f.level").sorted(|f| Value::Text(f.level.clone())),
        Of::new("created_at", Kind::Instant, "f.created_at").sorted(|f| Value::Instant(f.created_at.ms())),
        Of::new("current", Kind::Bool, "f.current"),
    ])
});

impl Listed for Form {
    fn list() -> &'static List<Self> {
        &LIST
    }
}

/// `FROM` the versions that a province has, as `f`.
fn of(province: Region) -> Sql {
    let regions = || [Value::Text(EVERYWHERE.to_owned()), Value::Text(province.to_string())];
    Sql::new(
        "FROM (SELECT x.*, NOT EXISTS (SELECT 1 FROM forms n WHERE n.form = x.form AND n.version > x.version \
         AND n.region IN ",
    )
    .list(regions())
    .sql(") AS current FROM forms x WHERE x.region IN ")
    .list(regions())
    .sql(") f WHERE 1 = 1")
}

pub fn list(conn: &mut Conn, listing: &Listing<Form>, province: Region) -> Result<Found<Form>, StoreError> {
    listing::page::<FormSql, _>(conn, listing, COLUMNS, of(province))
}

fn whole(conn: &mut Conn, province: Region, condition: Sql) -> Result<Vec<Whole>, StoreError> {
    let sql = Sql::new(format!("SELECT {COLUMNS}, f.definition ")).join(of(province)).sql(" AND ").join(condition);
    listing::rows::<(FormSql, DbJson), Whole>(conn, sql.sql(" ORDER BY f.form, f.version"))
}

/// A version; `None` when the province has none of this id.
pub fn find(conn: &mut Conn, id: Uuid, province: Region) -> Result<Option<Whole>, StoreError> {
    Ok(whole(conn, province, Sql::new("f.id = ").bind(Value::Uuid(id)))?.pop())
}

/// The newest version of each form that the province has.
pub fn current(conn: &mut Conn, province: Region) -> Result<Vec<Whole>, StoreError> {
    whole(conn, province, Sql::new("f.current"))
}

/// The newest version of one form.
pub fn latest(conn: &mut Conn, form: &str, province: Region) -> Result<Option<Whole>, StoreError> {
    let of_form = Sql::new("f.current AND f.form = ").bind(Value::Text(form.to_owned()));
    Ok(whole(conn, province, of_form)?.pop())
}

/// A version of one form by its number.
pub fn version(conn: &mut Conn, form: &str, version: i32, province: Region) -> Result<Option<Whole>, StoreError> {
    let of_form = Sql::new("f.form = ").bind(Value::Text(form.to_owned()));
    let numbered = of_form.sql(" AND f.version = ").bind(Value::Int(version.into()));
    Ok(whole(conn, province, numbered)?.pop())
}

impl Form {
    fn of(id: Uuid, region: String, version: i32, definition: &Definition, (at, by): (Instant, Option<Id>)) -> Whole {
        let row = Self {
            id: Id(id),
            region,
            form: definition.form.clone(),
            version,
            level: definition.level.name().to_owned(),
            title: JsonText::of(&definition.title),
            questions: definition.questions().count() as i32,
            created_at: at,
            created_by: by,
            current: true,
        };
        (row, JsonText::of(definition))
    }

    /// A version that a province publishes now.
    pub fn new(province: Region, version: i32, definition: &Definition, by: Uuid) -> Whole {
        Self::of(Uuid::now_v7(), province.to_string(), version, definition, (Instant::now(), Some(Id(by))))
    }
}

/// Puts in the forms that come with the server, if they are not there; they have the same ids everywhere. A part of the
/// migration.
pub(super) fn seed(conn: &mut Conn) -> Result<(), StoreError> {
    // 2015-04-13, the first day of the campaign.
    let at = Instant::from_ms(1_428_854_400_000);
    let default = |definition: &Definition| {
        let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("urn:ruhu:form:{}:1", definition.form).as_bytes());
        Form::of(id, EVERYWHERE.to_owned(), 1, definition, (at, None))
    };
    insert(conn, &DEFAULTS.each_ref().map(default))?;
    Ok(())
}

/// Publishes a version; `false` when the province has one of this number already.
pub fn publish(tx: &mut Tx<'_>, new: &Whole) -> Result<bool, StoreError> {
    Ok(insert(tx, std::slice::from_ref(new))? == 1)
}

fn insert(conn: &mut Conn, new: &[Whole]) -> Result<usize, StoreError> {
    let rows = Rows::new()
        .uuid("id", new.iter().map(|(form, _)| form.id))
        .text("region", new.iter().map(|(form, _)| form.region.clone()))
        .text("form", new.iter().map(|(form, _)| form.form.clone()))
        .int("version", new.iter().map(|(form, _)| form.version))
        .text("level", new.iter().map(|(form, _)| form.level.clone()))
        .json("title", new.iter().map(|(form, _)| form.title.clone()))
        .int("questions", new.iter().map(|(form, _)| form.questions))
        .json("definition", new.iter().map(|(_, definition)| definition.clone()))
        .instant("created_at", new.iter().map(|(form, _)| form.created_at))
        .opt_uuid("created_by", new.iter().map(|(form, _)| form.created_by));
    let tail = "INSERT INTO forms (id, region, form, version, level, title, questions, definition, created_at, created_by) \
         SELECT * FROM v WHERE true ON CONFLICT DO NOTHING";
    Ok(rows.execute(conn, tail)?)
}
