//! Queries: joins, grouping, set operations, subqueries, WITH.

use crate::generator::{Generator, Kind, Scope, Statement};
use crate::world::{Type, View};

/// Something in FROM: its text without an alias, and its columns.
struct Source {
    sql: String,
    columns: Vec<(String, Type)>,
}

impl Generator {
    /// Any query.
    pub(crate) fn query(&mut self) -> Statement {
        let types = self.types(1, 4);
        let (body, ordered) = match self.random.below(20) {
            0 | 1 => (self.compound(&types), false),
            2 => (self.with(&types), false),
            3 => (self.values(&types), false),
            4 => (self.recursive(), false),
            _ => {
                let sql = self.select(&Scope::default(), &types, 2);
                self.maybe_ordered(sql, types.len())
            }
        };
        let kind = Kind::Query { ordered };
        Statement { sql: body, kind, joins: self.joins, aggregates: self.aggregates }
    }

    pub(crate) fn types(&mut self, low: usize, high: usize) -> Vec<Type> {
        (0..self.random.between(low, high)).map(|_| self.a_type()).collect()
    }

    /// Sometimes ordered by all columns, and then sometimes cut off.
    fn maybe_ordered(&mut self, sql: String, columns: usize) -> (String, bool) {
        if !self.random.chance(35) {
            return (sql, false);
        }
        let order = self.order(columns);
        let limit = match self.random.below(4) {
            0 => format!(" LIMIT {}", self.random.between(1, 20)),
            1 => format!(" LIMIT {} OFFSET {}", self.random.between(1, 20), self.random.below(4)),
            _ => String::new(),
        };
        (format!("{sql} ORDER BY {order}{limit}"), true)
    }

    /// All columns by number, each in a direction of its own.
    pub(crate) fn order(&mut self, columns: usize) -> String {
        let keys = (1..=columns).map(|column| {
            let direction = self.random.word(&["", " ASC", " DESC"]);
            format!("{column}{direction} NULLS {}", self.random.word(&["FIRST", "LAST"]))
        });
        keys.collect::<Vec<_>>().join(", ")
    }

    /// A SELECT whose columns have these types.
    pub(crate) fn select(&mut self, outer: &Scope, types: &[Type], depth: usize) -> String {
        let (from, scope) = self.from(outer, depth);
        let filter = match self.random.chance(55) {
            true => format!(" WHERE {}", self.condition(&scope, depth)),
            false => String::new(),
        };
        if outer.columns.is_empty() && self.random.chance(35) {
            return self.grouped(&from, &filter, &scope, types);
        }
        let distinct = if self.random.chance(12) { "DISTINCT " } else { "" };
        let items: Vec<String> = types.iter().map(|t| self.expression(&scope, *t, depth)).collect();
        format!("SELECT {distinct}{} FROM {from}{filter}", items.join(", "))
    }

    fn grouped(&mut self, from: &str, filter: &str, scope: &Scope, types: &[Type]) -> String {
        self.aggregates = true;
        let own = Scope { columns: scope.columns.clone(), outer: vec![] };
        let mut groups = Vec::new();
        let mut items = Vec::new();
        let grouping = self.random.chance(75);
        for data_type in types {
            match self.group(&own, *data_type).filter(|_| grouping && self.random.chance(50)) {
                Some(group) => {
                    groups.push(group.clone());
                    items.push(group);
                }
                None => items.push(self.aggregate(&own, *data_type)),
            }
        }
        let group_by =
            if groups.is_empty() { String::new() } else { format!(" GROUP BY {}", groups.join(", ")) };
        let having = if !groups.is_empty() && self.random.chance(25) {
            let data_type = self.a_type();
            let (left, right) = (self.aggregate(&own, data_type), self.aggregate(&own, data_type));
            format!(" HAVING {left} {} {right}", self.random.word(&["<=", ">=", "<>"]))
        } else {
            String::new()
        };
        format!("SELECT {} FROM {from}{filter}{group_by}{having}", items.join(", "))
    }

    fn group(&mut self, scope: &Scope, data_type: Type) -> Option<String> {
        let fitting: Vec<&String> =
            scope.columns.iter().filter(|(_, t)| *t == data_type).map(|(column, _)| column).collect();
        let column = (*self.random.pick(&fitting)?).clone();
        Some(match (data_type, self.random.below(5)) {
            (Type::Integer, 0) => format!("({column} % 3)"),
            (Type::Integer, 1) => format!("coalesce({column}, 0)"),
            (Type::Text, 0) => format!("upper({column})"),
            _ => column,
        })
    }

    /// An aggregate of a type.
    pub(crate) fn aggregate(&mut self, scope: &Scope, data_type: Type) -> String {
        let distinct = if self.random.chance(15) { "DISTINCT " } else { "" };
        let call = match data_type {
            Type::Integer => match self.random.below(7) {
                0 => "count(*)".to_owned(),
                1 => {
                    let of = self.a_type();
                    format!("count({distinct}{})", self.expression(scope, of, 1))
                }
                2 => format!("max({distinct}{})", self.expression(scope, Type::Integer, 1)),
                3 => format!("min({})", self.expression(scope, Type::Integer, 1)),
                4 => return format!("({} + {})", self.aggregate(scope, data_type), self.random.below(5)),
                _ => format!("sum({distinct}{})", self.expression(scope, Type::Integer, 1)),
            },
            Type::Real => match self.random.below(5) {
                0 | 1 => format!("avg({distinct}{})", self.expression(scope, Type::Integer, 1)),
                2 => format!("sum({})", self.expression(scope, Type::Real, 1)),
                3 => format!("total({})", self.expression(scope, Type::Integer, 1)),
                _ => format!("max({})", self.expression(scope, Type::Real, 1)),
            },
            Type::Text if self.random.chance(30) => {
                let text = self.expression(scope, Type::Text, 1);
                format!("group_concat({text}, ';' ORDER BY {text})")
            }
            Type::Text => {
                let name = self.random.word(&["min", "max"]);
                format!("{name}({})", self.expression(scope, Type::Text, 1))
            }
        };
        if self.random.chance(12) {
            return format!("{call} FILTER (WHERE {})", self.condition(scope, 0));
        }
        call
    }

    /// FROM, and what can be named there.
    pub(crate) fn from(&mut self, outer: &Scope, depth: usize) -> (String, Scope) {
        let joins =
            if depth < 2 { self.random.below(100) / 80 } else { [0, 0, 1, 1, 1, 2, 3][self.random.below(7)] };
        let mut all: Vec<(String, Type)> = outer.columns.clone();
        all.extend(outer.outer.iter().cloned());
        let mut scope = Scope { columns: vec![], outer: all };
        let first = self.source(depth);
        let mut alias = self.alias();
        let mut sql = format!("{} AS {alias}", first.sql);
        add(&mut scope, &alias, &first);
        let mut wide = false;
        for number in 0..joins {
            self.joins = true;
            let second = self.source(depth);
            let left = std::mem::replace(&mut alias, self.alias());
            let before = scope.clone();
            let shared = number == 0 && self.random.chance(20) && has_shared(&first) && has_shared(&second);
            add(&mut scope, &alias, &second);
            let text = format!("{} AS {alias}", second.sql);
            let kind = self.random.word(&[
                "JOIN",
                "INNER JOIN",
                "LEFT JOIN",
                "LEFT OUTER JOIN",
                "RIGHT JOIN",
                "FULL JOIN",
            ]);
            if shared && self.random.chance(30) {
                // Without names in common but one.
                let narrow = format!("(SELECT DISTINCT {SHARED} FROM {}) AS {alias}", second.sql);
                scope = before;
                sql = format!("{sql} NATURAL {kind} {narrow}");
            } else if shared {
                sql = format!("{sql} {kind} {text} USING ({SHARED})");
            } else if !wide && self.random.chance(6) {
                wide = true;
                // A comma binds looser than JOIN, but not in SQLite.
                let comma = number + 1 == joins && self.random.chance(50);
                sql = format!("{sql}{}{text}", if comma { ", " } else { " CROSS JOIN " });
            } else {
                let on = self.on(&before, &left, &alias, &second, &scope);
                sql = format!("{sql} {kind} {text} ON {on}");
            }
        }
        (sql, scope)
    }

    /// An equality between the sides, and perhaps more.
    fn on(&mut self, before: &Scope, left: &str, alias: &str, second: &Source, scope: &Scope) -> String {
        let right: Vec<&(String, Type)> = second.columns.iter().filter(|(_, t)| *t != Type::Real).collect();
        let Some((column, data_type)) = self.random.pick(&right).copied().cloned() else {
            return format!("{left} IS NULL");
        };
        let fitting: Vec<&String> =
            before.columns.iter().filter(|(_, t)| *t == data_type).map(|(column, _)| column).collect();
        let Some(other) = self.random.pick(&fitting).copied().cloned() else {
            return format!("{alias}.{column} IS NOT NULL");
        };
        let equal = format!("{other} = {alias}.{column}");
        let own = Scope { columns: scope.columns.clone(), outer: vec![] };
        match self.random.below(10) {
            0 | 1 => format!("{equal} AND {}", self.condition(&own, 0)),
            2 => format!("{equal} OR {}", self.condition(&own, 0)),
            _ => equal,
        }
    }

    /// A table, a view, or a subquery.
    fn source(&mut self, depth: usize) -> Source {
        if depth > 1 && self.random.chance(12) {
            let types = self.types(1, 3);
            let (aliases, inner) = (self.aliases, self.select(&Scope::default(), &types, 1));
            let columns: Vec<(String, Type)> =
                types.iter().enumerate().map(|(at, t)| (format!("c{aliases}_{at}"), *t)).collect();
            let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
            let number = self.alias();
            let sql = format!("(WITH {number} ({}) AS ({inner}) SELECT * FROM {number})", names.join(", "));
            return Source { sql, columns };
        }
        if self.random.chance(10)
            && let Some(view) = self.random.pick(&self.world.views)
        {
            return Source { sql: view.name.clone(), columns: view.columns.clone() };
        }
        let Some(table) = self.random.pick(&self.world.tables) else {
            return Source { sql: String::new(), columns: vec![] };
        };
        let columns = table.columns.iter().map(|column| (column.name.clone(), column.data_type)).collect();
        Source { sql: table.name.clone(), columns }
    }

    /// A subquery in an expression, over one table.
    pub(crate) fn small_query(&mut self, scope: &Scope, types: &[Type], depth: usize) -> String {
        let inner = self.inner(scope);
        let items: Vec<String> = types.iter().map(|t| self.leaf(&inner.1, *t)).collect();
        let filter = self.condition(&inner.1, depth.min(1));
        format!("SELECT {} FROM {} WHERE {filter}", items.join(", "), inner.0)
    }

    fn inner(&mut self, scope: &Scope) -> (String, Scope) {
        let mut outer = scope.columns.clone();
        outer.extend(scope.outer.iter().cloned());
        let mut inner = Scope { columns: vec![], outer };
        let (source, alias) = (self.source(0), self.alias());
        add(&mut inner, &alias, &source);
        (format!("{} AS {alias}", source.sql), inner)
    }

    /// A subquery that gives one value.
    pub(crate) fn scalar_query(&mut self, scope: &Scope, data_type: Type) -> String {
        let (from, inner) = self.inner(scope);
        let filter = self.condition(&inner, 0);
        if self.random.chance(50) {
            let item = self.leaf(&inner, data_type);
            let order = self.order(1);
            return format!("(SELECT {item} FROM {from} WHERE {filter} ORDER BY {order} LIMIT 1)");
        }
        let own = Scope { columns: inner.columns.clone(), outer: vec![] };
        let column = self.group(&own, data_type).unwrap_or_else(|| "NULL".to_owned());
        let call = match data_type {
            _ if column == "NULL" => return self.leaf(scope, data_type),
            Type::Integer => format!("{}({column})", self.random.word(&["max", "count", "sum"])),
            _ => format!("{}({column})", self.random.word(&["max", "min"])),
        };
        format!("(SELECT {call} FROM {from} WHERE {filter})")
    }

    fn compound(&mut self, types: &[Type]) -> String {
        let (a, b) = (self.select(&Scope::default(), types, 1), self.select(&Scope::default(), types, 1));
        let op = self.random.word(&["UNION", "UNION ALL", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT"]);
        format!("{a} {op} {b}")
    }

    fn with(&mut self, types: &[Type]) -> String {
        let inner_types = self.types(1, 3);
        let inner = self.select(&Scope::default(), &inner_types, 1);
        let (name, head) = self.named("w", &inner_types);
        let outer = self.select(&Scope::default(), types, 2);
        self.world.views.retain(|view| view.name != name);
        format!("WITH {head} AS ({inner}) {outer}")
    }

    fn recursive(&mut self) -> String {
        let (name, end, step) =
            (self.world.fresh("w"), self.random.between(3, 20), self.random.between(1, 3));
        let all = self.random.word(&["", " ALL"]);
        let Some(table) = self.random.pick(&self.world.tables).map(|table| table.name.clone()) else {
            return String::new();
        };
        self.joins = true;
        format!(
            "WITH RECURSIVE {name} (n) AS (SELECT 1 UNION{all} SELECT n + {step} FROM {name} WHERE n < {end}) \
             SELECT n, i0, i1 FROM {name} JOIN {table} ON i0 = n OR i1 = n + 1"
        )
    }

    fn values(&mut self, types: &[Type]) -> String {
        let rows: Vec<String> = (0..self.random.between(1, 4))
            .map(|_| {
                let row: Vec<String> =
                    types.iter().map(|t| self.expression(&Scope::default(), *t, 1)).collect();
                format!("({})", row.join(", "))
            })
            .collect();
        format!("VALUES {}", rows.join(", "))
    }

    pub(crate) fn create_view(&mut self) -> String {
        let types = self.types(1, 4);
        let inner = self.select(&Scope::default(), &types, 1);
        let (_, head) = self.named("v", &types);
        format!("CREATE VIEW {head} AS {inner}")
    }

    /// A new view or WITH query: its name, and the name with those of its columns.
    fn named(&mut self, letter: &str, types: &[Type]) -> (String, String) {
        let name = self.world.fresh(letter);
        let columns: Vec<(String, Type)> =
            types.iter().enumerate().map(|(at, t)| (format!("c{at}"), *t)).collect();
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let head = format!("{name} ({})", names.join(", "));
        self.world.views.push(View { name: name.clone(), columns });
        (name, head)
    }
}

/// The column that every table has.
const SHARED: &str = "i0";

fn has_shared(source: &Source) -> bool {
    source.columns.iter().any(|(name, _)| name == SHARED)
}

fn add(scope: &mut Scope, alias: &str, source: &Source) {
    scope.columns.extend(source.columns.iter().map(|(name, t)| (format!("{alias}.{name}"), *t)));
}
