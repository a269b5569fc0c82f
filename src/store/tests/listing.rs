//! A list's pages hold every row once, in order, whatever the order, the filters and the size of the page.

use super::Scratch;
use crate::auth::keys::Keys;
use crate::http::list::{ListParams, Page};
use crate::http::{Code, Problem};
use crate::store::dialect::Rows;
use crate::store::listing::{self, Column, Kind, List, Sql, Value};
use crate::store::types::{DbInstant, DbUuid, Id, Instant};
use crate::store::{Engine, StoreError};
use actix_web::FromRequest as _;
use actix_web::test::TestRequest;
use diesel::Queryable;
use diesel::sql_types::{Integer, Text};
use std::sync::LazyLock;
use uuid::Uuid;

const ROWS: i32 = 23;

#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
struct Row {
    id: Id,
    username: String,
    place_no: i32,
    created_at: Instant,
}

static LIST: LazyLock<List<Row>> = LazyLock::new(|| {
    List::new("people", [Column::new("id", Kind::Uuid, "u.id").sorted(|row: &Row| Value::Uuid(row.id.0))]).with([
        Column::new("name", Kind::Text, "u.username").sorted(|row: &Row| Value::Text(row.username.clone())),
        Column::new("place", Kind::Int, "u.place_no").sorted(|row: &Row| Value::Int(row.place_no.into())),
        Column::new("at", Kind::Instant, "u.created_at").sorted(|row: &Row| Value::Instant(row.created_at.ms())),
        Column::new("disabled", Kind::Bool, "(u.disabled_at IS NOT NULL)"),
    ])
});

struct People {
    scratch: Scratch,
    keys: Keys,
    rows: Vec<Row>,
}

impl People {
    /// Names whose order differs between collations; places and times that many share.
    fn new(engine: Engine) -> Self {
        let scratch = Scratch::new(engine);
        let names = ["a", "B", "b", "Z", "_", "é", "阿", "-a"];
        let row = |n: i32| Row {
            id: Id(Uuid::new_v4()),
            username: format!("{}{n}", names[n as usize % names.len()]),
            place_no: n % 3,
            created_at: Instant::from_ms(1_429_153_358_000 + i64::from(n / 5)),
        };
        let rows: Vec<Row> = (0..ROWS).map(row).collect();
        let batch = Rows::new()
            .uuid("id", rows.iter().map(|row| row.id))
            .text("username", rows.iter().map(|row| row.username.clone()))
            .int("place_no", rows.iter().map(|row| row.place_no))
            .instant("created_at", rows.iter().map(|row| row.created_at));
        let statement = "INSERT INTO users (id, username, password_hash, role, region, place_no, created_at) \
             SELECT id, username, '-', 'prefecture', '5134', place_no, created_at FROM v";
        scratch.store.write_now(move |tx| batch.execute(tx, statement).map_err(StoreError::from)).unwrap();
        let keys = Keys::open(&scratch.dir).unwrap();
        Self { scratch, keys, rows }
    }

    fn page(&self, caller: Uuid, query: &str) -> Result<Page<Row>, Problem> {
        let request = TestRequest::with_uri(&format!("/?{query}")).to_http_request();
        let params = ListParams::extract(&request).into_inner()?;
        let asked = params.read(&LIST, &self.keys, caller)?;
        let found = self.scratch.store.read_now(|conn| {
            let from = Sql::new("FROM users u WHERE u.region = ").bind(Value::Text("5134".into()));
            let columns = "u.id, u.username, u.place_no, u.created_at";
            listing::page::<(DbUuid, Text, Integer, DbInstant), _>(conn, &asked.listing, columns, from)
        })?;
        Ok(asked.page(found, |row| row))
    }

    /// All pages of `limit`.
    fn all(&self, query: &str, limit: usize) -> Vec<Row> {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.page(Uuid::nil(), &format!("{query}&limit={limit}{cursor}")).unwrap();
            assert!(page.items.len() <= limit);
            rows.extend(page.items);
            let Some(next) = page.next else { return rows };
            cursor = format!("&cursor={next}");
        }
    }

    fn expected(&self, keep: impl Fn(&Row) -> bool, order: impl Fn(&Row, &Row) -> std::cmp::Ordering) -> Vec<Row> {
        let mut rows: Vec<Row> = self.rows.iter().filter(|row| keep(row)).cloned().collect();
        rows.sort_by(order);
        rows
    }
}

fn pages_hold_every_row_once(engine: Engine) {
    let people = People::new(engine);
    for limit in [1, 4, 100] {
        assert_eq!(people.all("", limit), people.expected(|_| true, |a, b| a.id.cmp(&b.id)));
        let by_name = people.expected(|_| true, |a, b| a.username.cmp(&b.username));
        assert_eq!(people.all("sort=name", limit), by_name);
        assert_eq!(people.all("sort=-name", limit), by_name.into_iter().rev().collect::<Vec<_>>());
        let uniform = |a: &Row, b: &Row| (b.created_at, b.place_no, b.id).cmp(&(a.created_at, a.place_no, a.id));
        assert_eq!(people.all("sort=-at,-place", limit), people.expected(|_| true, uniform));
        let mixed =
            |a: &Row, b: &Row| a.place_no.cmp(&b.place_no).then((b.created_at, b.id).cmp(&(a.created_at, a.id)));
        assert_eq!(people.all("sort=place,-at", limit), people.expected(|_| true, mixed));
        let id = |a: &Row, b: &Row| a.id.cmp(&b.id);
        let later = |row: &Row| row.place_no != 1 && row.created_at >= Instant::from_ms(1_429_153_358_002);
        let query = "place[in]=0,2&at[gte]=2015-04-16T11:02:38.002+08:00&disabled=false";
        assert_eq!(people.all(query, limit), people.expected(later, id));
        assert_eq!(people.all("name[lt]=a", limit), people.expected(|row| row.username.as_str() < "a", id));
    }
    let one = &people.rows[7];
    assert_eq!(people.all(&format!("id={}", one.id.0), 5), std::slice::from_ref(one));
    let counted = people.page(Uuid::nil(), "limit=2&count=true&place=0").unwrap();
    assert_eq!(counted.total, Some(8));
}

#[test]
fn pages_hold_every_row_once_on_sqlite() {
    pages_hold_every_row_once(Engine::Sqlite);
}

#[test]
fn pages_hold_every_row_once_on_postgres() {
    pages_hold_every_row_once(Engine::Postgres);
}

#[test]
fn what_a_list_does_not_offer_is_refused() {
    let people = People::new(Engine::Sqlite);
    let (ali, bo) = (Uuid::new_v4(), Uuid::new_v4());
    let next = people.page(ali, "limit=2&sort=name&place=0").unwrap().next.unwrap();
    assert!(people.page(ali, &format!("sort=name&place=0&cursor={next}")).is_ok());
    let refused = |caller, query: &str| people.page(caller, query).unwrap_err().code;
    for (caller, query) in [
        (bo, format!("sort=name&place=0&cursor={next}")),
        (ali, format!("sort=-name&place=0&cursor={next}")),
        (ali, format!("sort=name&place=1&cursor={next}")),
        (ali, format!("sort=name&place=0&cursor={}", &next[1..])),
        (ali, "cursor=".to_owned()),
    ] {
        assert_eq!(refused(caller, &query), Code::BadCursor, "{query}");
    }
    for query in
        ["colour=red", "sort=colour", "sort=disabled", "sort=", "name[ne]=x", "id[lt]=x", "name]=x", "place=0&place=1"]
    {
        assert_eq!(refused(ali, query), Code::UnknownParameter, "{query}");
    }
    for query in ["limit=0", "limit=1001", "limit=x", "count=1", "id=x", "at=now", "place=x", "name=%00", "disabled="] {
        assert_eq!(refused(ali, query), Code::Malformed, "{query}");
    }
}
