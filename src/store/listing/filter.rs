//! What a list is narrowed by.

use super::{Kind, Listing, Sql, Value};
use crate::fields::grams;
use crate::insight::extent::Extent;
use crate::store::Engine;
use crate::store::dialect;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// Is one of the values.
    In,
    Gte,
    Lt,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// `column` is the place in [`super::List::columns`].
    Column {
        column: usize,
        compare: Compare,
        values: Vec<Value>,
    },
    /// Every one of these stands somewhere in the row's texts.
    Texts(Vec<String>),
    Place(Place),
    /// Whether the row is overdue.
    Overdue(bool),
}

/// Where a row's place is. Degrees of WGS-84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    Inside(Extent),
    Near { lat: f64, lon: f64, metres: f64 },
}

impl Place {
    /// It lies in here.
    pub fn extent(&self) -> Extent {
        match *self {
            Self::Inside(extent) => extent,
            Self::Near { lat, lon, metres } => {
                let up = metres / DEGREE;
                // A little more than the farthest that the circle reaches: meridians come together towards the poles.
                let aside = up / (lat.abs() + up).min(89.9).to_radians().cos();
                Extent { south: lat - up, west: lon - aside, north: lat + up, east: lon + aside }
            }
        }
    }
}

/// Where a list's texts are looked through.
#[derive(Debug, Clone, Copy)]
pub struct Texts {
    /// A column of all texts in small letters.
    pub sql: &'static str,
    /// The table `f`, if it has an index of their pieces.
    pub pieces_of: Option<&'static str>,
}

/// The columns of latitude and longitude.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    pub lat: &'static str,
    pub lon: &'static str,
}

/// What becomes overdue.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// A column of days.
    pub due: &'static str,
    /// A column of names, and those of what nobody waits for any more.
    pub state: &'static str,
    pub done: &'static [&'static str],
}

/// A degree of latitude in metres, on a sphere of the earth's mean radius.
const DEGREE: f64 = 111_195.08;

impl<R> Listing<R> {
    /// `sql` (`FROM … WHERE …`) with this filter; `by_index` allows an engine to look for it by an index.
    pub fn narrowed(&self, engine: Engine, sql: Sql, filter: &Filter, by_index: bool) -> Sql {
        match filter {
            Filter::Column { column, compare, values } => {
                self.compared(engine, sql, (*column, *compare, values), by_index)
            }
            Filter::Texts(parts) => match &self.list.texts {
                Some(texts) => parts.iter().fold(sql, |sql, part| found(sql, engine, texts, part, by_index)),
                None => sql,
            },
            Filter::Place(place) => match &self.list.places {
                Some(places) => placed(sql, engine, places, place, by_index),
                None => sql,
            },
            Filter::Overdue(is) => match &self.list.deadlines {
                Some(deadlines) => overdue(sql, engine, deadlines, *is),
                None => sql,
            },
        }
    }

    fn compared(&self, engine: Engine, sql: Sql, filter: (usize, Compare, &[Value]), by_index: bool) -> Sql {
        let column = self.column(filter.0);
        if matches!(column.kind, Kind::Choices(_)) {
            return chosen(sql, engine, &column.sql, filter.2);
        }
        let sql = sql.sql(" AND ");
        let plain = |sql: Sql| sql.sql(if by_index { "" } else { dialect::by_no_index(engine) }).column(column);
        match (filter.1, filter.2) {
            (Compare::Gte, [value]) => plain(sql).sql(" >= ").bind(value.clone()),
            (Compare::Lt, [value]) => plain(sql).sql(" < ").bind(value.clone()),
            // As the partial indexes have it.
            (_, [Value::Bool(flag)]) if column.kind == Kind::Bool => plain(sql.sql(if *flag { "" } else { "NOT " })),
            (_, [value]) => plain(sql).sql(" = ").bind(value.clone()),
            (_, values) => plain(sql).sql(" IN ").list(values.iter().cloned()),
        }
    }
}

/// The index of pieces finds rows that may have the text; what they have decides.
fn found(sql: Sql, engine: Engine, texts: &Texts, part: &str, by_index: bool) -> Sql {
    let pieces = grams(part);
    let sql = match texts.pieces_of.filter(|_| by_index && !pieces.is_empty()) {
        Some(table) => {
            let (before, behind) = dialect::has_pieces(engine, table);
            sql.sql(" AND ").sql(before).bind(Value::Text(pieces.join(" "))).sql(behind)
        }
        None => sql,
    };
    let position = dialect::position(engine);
    sql.sql(format!(" AND {position}({}, ", texts.sql)).bind(Value::Text(part.to_owned())).sql(") > 0")
}

/// One of these is among those that were chosen.
fn chosen(sql: Sql, engine: Engine, column: &str, values: &[Value]) -> Sql {
    let position = dialect::position(engine);
    let mut sql = sql.sql(" AND (FALSE");
    for value in values {
        if let Value::Text(one) = value {
            sql = sql.sql(format!(" OR {position}({column}, ")).bind(Value::Text(format!(" {one} "))).sql(") > 0");
        }
    }
    sql.sql(")")
}

/// Due before today, in China.
fn overdue(sql: Sql, engine: Engine, deadlines: &Deadlines, is: bool) -> Sql {
    let Deadlines { due, state, done } = deadlines;
    let (today, done) = (dialect::today(engine), done.join("', '"));
    let not = if is { "" } else { "NOT " };
    sql.sql(format!(" AND {not}COALESCE({due} < {today} AND ({state} IS NULL OR {state} NOT IN ('{done}')), FALSE)"))
}

fn inside(sql: Sql, places: &Places, plain: &'static str, extent: Extent) -> Sql {
    let Extent { south, west, north, east } = extent;
    let between = |sql: Sql, column: &'static str, low: f64, high: f64| {
        sql.sql(" AND ")
            .sql(plain)
            .sql(column)
            .sql(" BETWEEN ")
            .bind(Value::Real(low))
            .sql(" AND ")
            .bind(Value::Real(high))
    };
    between(between(sql, places.lat, south, north), places.lon, west, east)
}

fn placed(sql: Sql, engine: Engine, places: &Places, place: &Place, by_index: bool) -> Sql {
    let plain = if by_index { "" } else { dialect::by_no_index(engine) };
    let sql = inside(sql, places, plain, place.extent());
    match *place {
        Place::Inside(_) => sql,
        Place::Near { lat, lon, metres } => {
            let (up, cosine) = (metres / DEGREE, lat.to_radians().cos());
            // Pythagoras, with the cosine of the latitude halfway, by its tangent: good to a thousandth over 100 km.
            let slope = lat.to_radians().sin() * 0.5_f64.to_radians();
            let (north, east) = (format!("({} - ", places.lat), format!("({} - ", places.lon));
            let dy = |sql: Sql| sql.sql(north.clone()).bind(Value::Real(lat)).sql(")");
            let dx = |sql: Sql| {
                let sql =
                    sql.sql(east.clone()).bind(Value::Real(lon)).sql(") * (").bind(Value::Real(cosine)).sql(" - ");
                dy(sql.bind(Value::Real(slope)).sql(" * ")).sql(")")
            };
            let sql = dy(dy(sql.sql(" AND ")).sql(" * ")).sql(" + ");
            dx(dx(sql).sql(" * ")).sql(" <= ").bind(Value::Real(up * up))
        }
    }
}
