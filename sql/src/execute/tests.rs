//! Tests of operators: plans made by hand over small tables in memory.

use super::*;
use crate::catalog::{Column, Index, RowKey, Table};
use crate::expression::{
    Aggregate, AggregateParts, Expression, SortKey, Subquery, SubqueryKind, aggregate, call,
};
use crate::functions::Function;
use crate::plan::{Access, Bound, JoinType, Path, Plan};
use crate::storage::{Store, StoreOptions, TreeId};
use crate::types::DataType;
use std::cell::Cell;
use std::sync::Arc;

const INT: DataType = DataType::BigInt;

/// Columns of an index, each perhaps descending, and whether it is unique.
type IndexColumns<'a> = (&'a [(usize, bool)], bool);

struct Bench {
    store: Store,
    tables: Cell<u32>,
    settings: Settings,
}

impl Bench {
    fn new() -> Bench {
        let options = StoreOptions {
            create: true,
            read_only: false,
            salvage: false,
            cache_bytes: 4 << 20,
            busy_timeout_us: 0,
        };
        Bench { store: Store::memory(&options).unwrap(), tables: Cell::new(0), settings: Settings::default() }
    }

    fn tree(&self, name: &str) -> TreeId {
        let mut write = self.store.write().unwrap();
        let tree = write.create_tree(name.as_bytes()).unwrap();
        write.commit().unwrap();
        tree
    }

    /// A table of columns a, b, ... with indexes over some of them.
    fn table(
        &self,
        types: &[DataType],
        key: RowKey,
        indexes: &[IndexColumns<'_>],
        rows: &[Vec<Value>],
    ) -> Arc<Table> {
        let column = |(number, data_type): (usize, &DataType)| Column {
            name: format!("c{number}"),
            data_type: *data_type,
            not_null: false,
            declared_not_null: false,
            default: None,
            default_text: None,
        };
        let name = format!("t{}", self.tables.replace(self.tables.get() + 1));
        let index = |(number, (columns, unique)): (usize, &IndexColumns<'_>)| {
            let index = Index {
                id: 1,
                name: format!("{name}_{number}"),
                columns: columns.to_vec(),
                unique: *unique,
                tree: self.tree(&format!("{name}_{number}")),
                sql: None,
            };
            Arc::new(index)
        };
        let table = Arc::new(Table {
            id: 1,
            columns: types.iter().enumerate().map(column).collect(),
            key,
            primary_key_name: None,
            autoincrement: false,
            indexes: indexes.iter().enumerate().map(index).collect(),
            foreign_keys: vec![],
            checks: vec![],
            tree: self.tree(&name),
            sql: String::new(),
            name,
        });
        let codec = RowCodec::new(&table);
        let mut write = self.store.write().unwrap();
        for (rowid, row) in rows.iter().enumerate() {
            let key = codec.row_key(row, rowid as i64 + 1).unwrap();
            let mut value = Vec::new();
            codec.row_value(row, &mut value).unwrap();
            assert!(write.insert(table.tree, &key, &value).unwrap());
            assert_eq!(codec.decode(&key, &value).unwrap().0, *row);
            for index in &table.indexes {
                let (entry, value) = codec.index_entry(index, row, &key).unwrap();
                assert!(write.insert(index.tree, &entry, &value).unwrap());
                assert_eq!(codec.entry_row_key(index, &entry, &value).unwrap(), key);
            }
        }
        write.commit().unwrap();
        table
    }

    fn run_with(
        &self,
        plan: Physical,
        subplans: Vec<Physical>,
        parameters: &[Value],
    ) -> Result<Vec<Vec<Value>>> {
        let types = plan.types();
        let statement = Statement { plan: Plan::Query(plan), subplans, columns: vec![] };
        let Plan::Query(plan) = &statement.plan else { panic!("not a query") };
        let mut execution = Execution::new(plan, self.settings.clone());
        let transaction = self.store.read().unwrap();
        let mut rows = Vec::new();
        while let Some(batch) = execution.next(&transaction, &statement, parameters)? {
            assert!(batch.len() > 0);
            rows.extend((0..batch.len()).map(|row| batch.row(row, &types)));
        }
        Ok(rows)
    }

    fn run(&self, plan: Physical) -> String {
        match self.run_with(plan, vec![], &[]) {
            Ok(rows) => show(&rows),
            Err(error) => format!("error {}", error.code()),
        }
    }
}

fn show(rows: &[Vec<Value>]) -> String {
    let cell = |value: &Value| if value.is_null() { "-".to_owned() } else { value.to_string() };
    let line = |row: &Vec<Value>| row.iter().map(cell).collect::<Vec<_>>().join(" ");
    rows.iter().map(line).collect::<Vec<_>>().join(", ")
}

fn int(value: i64) -> Value {
    Value::Integer(value)
}

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

fn col(index: usize) -> Expression {
    Expression::column(index, INT)
}

fn constant(value: i64) -> Expression {
    Expression::constant(int(value))
}

fn compare(function: Function, left: Expression, right: Expression) -> Expression {
    call(function, vec![left, right]).unwrap()
}

fn ints(rows: &[&[i64]]) -> Vec<Vec<Value>> {
    // -1 stands for NULL.
    let value = |value: &i64| if *value == -1 { Value::Null } else { int(*value) };
    rows.iter().map(|row| row.iter().map(value).collect()).collect()
}

fn values(rows: &[&[i64]]) -> Physical {
    let width = rows.first().map_or(0, |row| row.len());
    let constant = |value: Value| Expression::Constant { value, data_type: INT };
    let rows = ints(rows).into_iter().map(|row| row.into_iter().map(constant).collect()).collect();
    Physical::Values { rows, types: vec![INT; width] }
}

fn everything(path: Path) -> Access {
    Access { path, equal: vec![], one_of: vec![], lower: None, upper: None, reverse: false }
}

fn scan(table: &Arc<Table>, columns: &[usize], access: Access) -> Physical {
    Physical::Scan { table: table.clone(), columns: columns.to_vec(), access, filter: None }
}

fn bound(value: i64, inclusive: bool) -> Option<Bound> {
    Some(Bound { value: constant(value), inclusive })
}

#[test]
fn scans_of_every_kind_of_key() {
    let bench = Bench::new();
    let rows = ints(&[&[5, 50], &[3, 30], &[9, -1], &[7, 30]]);
    let integer =
        bench.table(&[INT, INT], RowKey::Integer(0), &[(&[(1, false)], false), (&[(1, true)], false)], &rows);
    assert_eq!(bench.run(scan(&integer, &[0, 1], everything(Path::Table))), "3 30, 5 50, 7 30, 9 -");
    assert_eq!(bench.run(scan(&integer, &[1, 2], everything(Path::Index(0)))), "30 3, 30 7, 50 5, - 9");
    assert_eq!(bench.run(scan(&integer, &[1], everything(Path::Index(1)))), "-, 50, 30, 30");
    let reverse = Access { reverse: true, ..everything(Path::Table) };
    assert_eq!(bench.run(scan(&integer, &[0], reverse)), "9, 7, 5, 3");
    let point = |key| Access { equal: vec![key], ..everything(Path::Table) };
    assert_eq!(bench.run(scan(&integer, &[1], point(constant(5)))), "50");
    assert_eq!(bench.run(scan(&integer, &[1], point(constant(6)))), "");
    let null = Expression::Constant { value: Value::Null, data_type: INT };
    assert_eq!(bench.run(scan(&integer, &[1], point(null.clone()))), "");
    let range = |path, lower, upper, reverse| Access { lower, upper, reverse, ..everything(path) };
    assert_eq!(
        bench.run(scan(&integer, &[0], range(Path::Table, bound(3, false), bound(7, true), false))),
        "5, 7"
    );
    assert_eq!(
        bench.run(scan(&integer, &[0], range(Path::Table, bound(3, true), bound(7, false), true))),
        "5, 3"
    );
    assert_eq!(bench.run(scan(&integer, &[0], range(Path::Table, bound(i64::MAX, false), None, false))), "");
    for path in [Path::Index(0), Path::Index(1)] {
        let run =
            |lower, upper| bench.run(scan(&integer, &[1], range(path, lower, upper, path == Path::Index(1))));
        assert_eq!(run(bound(30, false), None), "50");
        assert_eq!(run(bound(30, true), bound(49, true)), "30, 30");
        assert_eq!(run(None, bound(50, false)), "30, 30");
        assert_eq!(run(bound(50, true), bound(30, true)), "");
    }
    let equal = Access { equal: vec![constant(30)], ..everything(Path::Index(0)) };
    assert_eq!(bench.run(scan(&integer, &[0], equal)), "3, 7");
    let list = || vec![constant(50), constant(30), null.clone(), constant(30), constant(31)];
    let listed = Access { one_of: list(), ..everything(Path::Index(0)) };
    assert_eq!(bench.run(scan(&integer, &[0], listed)), "3, 7, 5");
    let listed = Access { one_of: vec![constant(9), constant(3), constant(4)], ..everything(Path::Table) };
    assert_eq!(bench.run(scan(&integer, &[0], listed)), "3, 9");
    let listed = Access { one_of: list(), reverse: true, ..everything(Path::Index(0)) };
    assert_eq!(bench.run(scan(&integer, &[0], listed)), "5, 7, 3");

    let hidden = bench.table(&[INT, INT], RowKey::Rowid, &[(&[(0, false)], true)], &rows);
    assert_eq!(bench.run(scan(&hidden, &[0, 2], everything(Path::Table))), "5 1, 3 2, 9 3, 7 4");
    let equal = Access { equal: vec![constant(9)], ..everything(Path::Index(0)) };
    assert_eq!(bench.run(scan(&hidden, &[2, 0], equal)), "3 9");

    let mixed = vec![vec![text("b"), int(1)], vec![text("a"), int(2)], vec![text("a"), int(1)]];
    let composite =
        bench.table(&[DataType::TEXT, INT], RowKey::Columns(vec![0, 1]), &[(&[(1, true)], false)], &mixed);
    assert_eq!(bench.run(scan(&composite, &[0, 1], everything(Path::Table))), "a 1, a 2, b 1");
    assert_eq!(bench.run(scan(&composite, &[0, 1], everything(Path::Index(0)))), "a 2, a 1, b 1");
    let prefix = Access {
        equal: vec![Expression::constant(text("a"))],
        lower: bound(1, false),
        ..everything(Path::Table)
    };
    assert_eq!(bench.run(scan(&composite, &[0, 1], prefix)), "a 2");
}

#[test]
fn long_scans_come_in_batches() {
    let bench = Bench::new();
    let rows: Vec<Vec<Value>> = (0..5000).map(|row| vec![int(row), int(row % 7)]).collect();
    let table = bench.table(&[INT, INT], RowKey::Integer(0), &[(&[(1, false)], false)], &rows);
    let filter = compare(Function::Equal, col(1), constant(3));
    let filtered = Physical::Scan {
        table: table.clone(),
        columns: vec![0, 1],
        access: everything(Path::Table),
        filter: Some(filter),
    };
    assert_eq!(bench.run_with(filtered, vec![], &[]).unwrap().len(), 714);
    let by_index = Access { equal: vec![constant(3)], ..everything(Path::Index(0)) };
    assert_eq!(bench.run_with(scan(&table, &[0], by_index), vec![], &[]).unwrap().len(), 714);
    let backwards = Access { reverse: true, ..everything(Path::Index(0)) };
    let all = bench.run_with(scan(&table, &[1, 0], backwards), vec![], &[]).unwrap();
    assert_eq!(
        (all.len(), all[0].clone(), all[4999].clone()),
        (5000, vec![int(6), int(4997)], vec![int(0), int(0)])
    );
    let count = |input| Physical::Aggregate {
        input: Box::new(input),
        groups: vec![],
        aggregates: vec![aggregate("count", vec![], AggregateParts::default()).unwrap()],
    };
    assert_eq!(bench.run(count(scan(&table, &[], everything(Path::Table)))), "5000");
    let some = Access { one_of: vec![constant(3), constant(4)], ..everything(Path::Index(0)) };
    assert_eq!(bench.run(count(scan(&table, &[], some))), "1428");
    let limit = Physical::Limit {
        input: Box::new(scan(&table, &[0], everything(Path::Table))),
        limit: Some(constant(3)),
        offset: Some(constant(1500)),
    };
    assert_eq!(bench.run(limit), "1500, 1501, 1502");
    let negative =
        Physical::Limit { input: Box::new(values(&[&[1]])), limit: Some(constant(-2)), offset: None };
    assert_eq!(bench.run(negative), "error 22023");
}

#[test]
fn joins_agree_with_each_other() {
    let bench = Bench::new();
    let left: &[&[i64]] = &[&[1, 10], &[2, 20], &[2, 21], &[3, 30], &[-1, 40]];
    let right = ints(&[&[2, 200], &[2, 201], &[3, 5], &[4, 400], &[-1, 500]]);
    let table = bench.table(&[INT, INT], RowKey::Rowid, &[(&[(0, false)], false)], &right);
    let on_large = || compare(Function::Greater, col(3), constant(100));
    let equal = || compare(Function::Equal, col(0), col(2));
    let inner = || Box::new(scan(&table, &[0, 1], everything(Path::Table)));
    let expected = [
        (JoinType::Inner, "2 20 2 200, 2 20 2 201, 2 21 2 200, 2 21 2 201"),
        (JoinType::Left, "1 10 - -, 2 20 2 200, 2 20 2 201, 2 21 2 200, 2 21 2 201, 3 30 - -, - 40 - -"),
        (JoinType::Semi, "2 20, 2 21"),
        (JoinType::Anti, "1 10, 3 30, - 40"),
    ];
    for (join, rows) in expected {
        let outer = || Box::new(values(left));
        let hash = Physical::HashJoin {
            left: outer(),
            right: inner(),
            left_keys: vec![col(0)],
            right_keys: vec![col(0)],
            on: Some(on_large()),
            join,
        };
        assert_eq!(bench.run(hash), rows, "hash {join:?}");
        let both = crate::expression::and(vec![equal(), on_large()]).unwrap();
        let nested = Physical::LoopJoin { left: outer(), right: inner(), on: Some(both), join };
        assert_eq!(bench.run(nested), rows, "loop {join:?}");
        let access = Access { equal: vec![col(0)], ..everything(Path::Index(0)) };
        let indexed = |inner_filter, on| Physical::IndexJoin {
            outer: outer(),
            table: table.clone(),
            columns: vec![0, 1],
            access: access.clone(),
            inner_filter,
            on,
            join,
        };
        assert_eq!(bench.run(indexed(None, Some(on_large()))), rows, "index {join:?}");
        let inner_large = compare(Function::Greater, col(1), constant(100));
        assert_eq!(bench.run(indexed(Some(inner_large), None)), rows, "index {join:?}, inner filter");
    }
}

#[test]
fn big_joins_give_every_pair() {
    let bench = Bench::new();
    let rows: Vec<Vec<Value>> = (0..3000).map(|row| vec![int(row), int(row % 10)]).collect();
    let table = bench.table(&[INT, INT], RowKey::Integer(0), &[], &rows);
    let side = || Box::new(scan(&table, &[0, 1], everything(Path::Table)));
    let count = |plan| {
        let aggregates = vec![aggregate("count", vec![], AggregateParts::default()).unwrap()];
        bench.run(Physical::Aggregate { input: Box::new(plan), groups: vec![], aggregates })
    };
    let hash = Physical::HashJoin {
        left: side(),
        right: side(),
        left_keys: vec![col(1)],
        right_keys: vec![col(1)],
        on: None,
        join: JoinType::Inner,
    };
    assert_eq!(count(hash), "900000");
    let cross = Physical::LoopJoin {
        left: Box::new(values(&[&[1], &[2]])),
        right: side(),
        on: None,
        join: JoinType::Inner,
    };
    assert_eq!(count(cross), "6000");
    let empty = || Box::new(Physical::Values { rows: vec![], types: vec![INT] });
    let lonely = Physical::LoopJoin { left: side(), right: empty(), on: None, join: JoinType::Left };
    assert_eq!(count(lonely), "3000");
    let lookup = Physical::IndexJoin {
        outer: side(),
        table: table.clone(),
        columns: vec![1],
        access: Access { equal: vec![col(1)], ..everything(Path::Table) },
        inner_filter: None,
        on: None,
        join: JoinType::Inner,
    };
    assert_eq!(count(lookup), "3000");
}

#[test]
fn groups_and_aggregates() {
    let bench = Bench::new();
    let input = || Box::new(values(&[&[1, 5], &[-1, 7], &[1, -1], &[2, 5], &[-1, 7], &[1, 6]]));
    let agg = |name: &str, distinct: bool, filter: Option<Expression>| -> Aggregate {
        aggregate(name, vec![col(1)], AggregateParts { distinct, filter, order: vec![] }).unwrap()
    };
    let rows = aggregate("count", vec![], AggregateParts::default()).unwrap();
    let some = compare(Function::Greater, col(1), constant(5));
    let aggregates = vec![
        rows,
        agg("count", false, None),
        agg("sum", false, None),
        agg("count", true, None),
        agg("max", false, Some(some)),
    ];
    let grouped =
        Physical::Aggregate { input: input(), groups: vec![col(0)], aggregates: aggregates.clone() };
    assert_eq!(bench.run(grouped), "1 3 2 11 2 6, - 2 2 14 1 7, 2 1 1 5 1 -");
    let whole = Physical::Aggregate { input: input(), groups: vec![], aggregates: aggregates.clone() };
    assert_eq!(bench.run(whole), "6 5 30 3 7");
    let empty = || Box::new(Physical::Values { rows: vec![], types: vec![INT, INT] });
    let none = Physical::Aggregate { input: empty(), groups: vec![], aggregates: aggregates.clone() };
    assert_eq!(bench.run(none), "0 0 - 0 -");
    let none = Physical::Aggregate { input: empty(), groups: vec![col(0)], aggregates };
    assert_eq!(bench.run(none), "");
}

#[test]
fn sorting_is_stable_and_knows_nulls() {
    let bench = Bench::new();
    let input = || Box::new(values(&[&[2, 1], &[-1, 2], &[1, 3], &[2, 4], &[1, 5]]));
    let key = |descending, nulls_first| SortKey { expression: col(0), descending, nulls_first };
    let sort = |key, limit: Option<i64>| Physical::Sort {
        input: input(),
        keys: vec![key],
        limit: limit.map(constant),
        offset: None,
    };
    assert_eq!(bench.run(sort(key(false, false), None)), "1 3, 1 5, 2 1, 2 4, - 2");
    assert_eq!(bench.run(sort(key(true, true), None)), "- 2, 2 1, 2 4, 1 3, 1 5");
    assert_eq!(bench.run(sort(key(true, false), Some(3))), "2 1, 2 4, 1 3");
    assert_eq!(bench.run(sort(key(false, false), Some(0))), "");
    let rows: Vec<Vec<Value>> = (0..10_000).map(|row| vec![int(row), int(row * 7919 % 10_007)]).collect();
    let table = bench.table(&[INT, INT], RowKey::Integer(0), &[], &rows);
    let top = |limit: Option<i64>| {
        let input = Box::new(scan(&table, &[0, 1], everything(Path::Table)));
        let expression = col(1);
        let keys = vec![SortKey { expression, descending: false, nulls_first: false }];
        bench
            .run_with(Physical::Sort { input, keys, limit: limit.map(constant), offset: None }, vec![], &[])
            .unwrap()
    };
    assert_eq!(top(Some(1500)), top(None)[..1500]);
}

#[test]
fn memory_is_limited() {
    let mut bench = Bench::new();
    bench.settings.memory_limit = 10_000;
    let rows: Vec<Vec<Value>> = (0..5000).map(|row| vec![int(row)]).collect();
    let table = bench.table(&[INT], RowKey::Integer(0), &[], &rows);
    let input = || Box::new(scan(&table, &[0], everything(Path::Table)));
    let keys = vec![SortKey { expression: col(0), descending: true, nulls_first: true }];
    assert_eq!(bench.run(Physical::Sort { input: input(), keys, limit: None, offset: None }), "error 53200");
    let join = Physical::LoopJoin { left: input(), right: input(), on: None, join: JoinType::Inner };
    assert_eq!(bench.run(join), "error 53200");
    let distinct = bench.run(Physical::Distinct { input: input(), on: vec![] });
    assert_eq!(distinct.split(", ").count(), 5000);
    bench.settings.deadline = Some(std::time::Instant::now());
    assert_eq!(bench.run(*input()), "error 57014");
}

#[test]
fn distinct_and_set_operations() {
    let bench = Bench::new();
    let left = || Box::new(values(&[&[1], &[2], &[2], &[-1], &[-1], &[3], &[2]]));
    let right = || Box::new(values(&[&[2], &[2], &[-1], &[4]]));
    assert_eq!(bench.run(Physical::Distinct { input: left(), on: vec![] }), "1, 2, -, 3");
    let operation =
        |except, all| bench.run(Physical::SetOperation { left: left(), right: right(), except, all });
    assert_eq!(operation(true, false), "1, 3");
    assert_eq!(operation(true, true), "1, -, 3, 2");
    assert_eq!(operation(false, false), "2, -");
    assert_eq!(operation(false, true), "2, 2, -");
    let append = Physical::Append { inputs: vec![*left(), *right()], types: vec![INT] };
    assert_eq!(bench.run(append), "1, 2, 2, -, -, 3, 2, 2, 2, -, 4");
}

#[test]
fn subqueries() {
    let bench = Bench::new();
    let rows = ints(&[&[1, 10], &[1, 11], &[2, 20]]);
    let table = bench.table(&[INT, INT], RowKey::Rowid, &[(&[(0, false)], false)], &rows);
    let outer = Expression::Outer { slot: 0, data_type: INT };
    let access = Access { equal: vec![outer], ..everything(Path::Index(0)) };
    let correlated = || scan(&table, &[1], access.clone());
    let ask = |kind, data_type| {
        let subquery = Subquery { plan: 0, kind, outer: vec![col(0)], data_type, place: Default::default() };
        Expression::Subquery(Box::new(subquery))
    };
    let run = |input: &[&[i64]], expression: Expression, subplan: Physical| {
        let plan = Physical::Project { input: Box::new(values(input)), expressions: vec![expression] };
        match bench.run_with(plan, vec![subplan], &[]) {
            Ok(rows) => show(&rows),
            Err(error) => format!("error {}", error.code()),
        }
    };
    let input: &[&[i64]] = &[&[1], &[2], &[3], &[-1], &[2]];
    let exists = ask(SubqueryKind::Exists { negated: false }, DataType::Boolean);
    assert_eq!(run(input, exists, correlated()), "true, true, false, false, true");
    assert_eq!(run(&input[1..], ask(SubqueryKind::Scalar, INT), correlated()), "20, -, -, 20");
    assert_eq!(run(input, ask(SubqueryKind::Scalar, INT), correlated()), "error 21000");
    let contains = ask(SubqueryKind::In { operands: vec![constant(11)], negated: true }, DataType::Boolean);
    assert_eq!(run(input, contains, correlated()), "false, true, true, true, true");
    let sum = Physical::Aggregate {
        input: Box::new(correlated()),
        groups: vec![],
        aggregates: vec![aggregate("sum", vec![col(0)], AggregateParts::default()).unwrap()],
    };
    assert_eq!(run(input, ask(SubqueryKind::Scalar, INT), sum), "21, 20, -, -, 20");
}

#[test]
fn parameters() {
    let bench = Bench::new();
    let parameter = Expression::Parameter { index: 0, data_type: INT, rounds: false };
    let plan = || Physical::Values { rows: vec![vec![parameter.clone()]], types: vec![INT] };
    assert_eq!(bench.run_with(plan(), vec![], &[text("42")]).unwrap(), [[int(42)]]);
    assert_eq!(bench.run_with(plan(), vec![], &[text("x")]).unwrap_err().code(), "22P02");
    assert_eq!(bench.run_with(plan(), vec![], &[]).unwrap_err().code(), "07001");
}
