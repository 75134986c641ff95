//! Trees of what is easily got wrong: precedence, names, parameters, bounds, places.

use super::ast::{Expr, ExprKind, SelectItem, SetExpr, Statement};
use super::parse;
use crate::error::Error;

fn expression(sql: &str) -> Expr {
    match parse(&format!("SELECT {sql}")).expect(sql).expect(sql).statement {
        Statement::Query(query) => match query.body {
            SetExpr::Select(mut select) => match select.items.remove(0) {
                SelectItem::Expr { expr, .. } => expr,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// The expression with a parenthesis around every operator.
fn shape(expr: &Expr) -> String {
    let list = |exprs: &[Expr], between: &str| {
        format!("({})", exprs.iter().map(shape).collect::<Vec<_>>().join(between))
    };
    match &expr.kind {
        ExprKind::Literal(value) => value.to_string(),
        ExprKind::Column(names) => names.iter().map(|n| n.text.as_str()).collect::<Vec<_>>().join("."),
        ExprKind::Parameter(index) => format!("?{index}"),
        ExprKind::Unary { op, operand } => format!("({op:?} {})", shape(operand)),
        ExprKind::Binary { op, left, right } => format!("({} {op:?} {})", shape(left), shape(right)),
        ExprKind::And(terms) => list(terms, " And "),
        ExprKind::Or(terms) => list(terms, " Or "),
        ExprKind::Is { operand, test, negated } => format!("({} Is {negated} {test:?})", shape(operand)),
        ExprKind::Distinct { left, right, .. } => format!("({} Distinct {})", shape(left), shape(right)),
        ExprKind::Like(like) => format!("({} Like {})", shape(&like.operand), shape(&like.pattern)),
        ExprKind::Between { operand, low, high, .. } => {
            format!("({} Between {} {})", shape(operand), shape(low), shape(high))
        }
        ExprKind::Cast { operand, data_type } => format!("({}::{data_type})", shape(operand)),
        other => format!("{other:?}"),
    }
}

fn error(sql: &str) -> Error {
    parse(sql).expect_err(sql)
}

#[test]
fn operators_bind_as_in_postgresql() {
    for (sql, tree) in [
        ("1 + 2 * 3", "(1 Add (2 Multiply 3))"),
        ("1 - 2 - 3", "((1 Subtract 2) Subtract 3)"),
        ("-a * b", "((Minus a) Multiply b)"),
        ("-2 ^ 2", "(-2 Power 2)"),
        ("-a ^ 2 ^ b", "(((Minus a) Power 2) Power b)"),
        ("a || b || c", "((a Concat b) Concat c)"),
        ("a = b AND c OR NOT d AND e", "(((a Equal b) And c) Or ((Not d) And e))"),
        ("NOT a = b", "(Not (a Equal b))"),
        ("NOT a IS NULL", "(Not (a Is false Null))"),
        ("a + 1 IS DISTINCT FROM b AND c", "(((a Add 1) Distinct b) And c)"),
        ("a LIKE b || 'x' AND c", "((a Like (b Concat x)) And c)"),
        ("a BETWEEN 1 AND 2 AND b", "((a Between 1 2) And b)"),
        ("a BETWEEN b + 1 AND c * 2", "(a Between (b Add 1) (c Multiply 2))"),
        ("-a::text", "(Minus (a::text))"),
        ("a < b + 1", "(a Less (b Add 1))"),
        ("a=?", "(a Equal ?0)"),
        ("a<>-1", "(a NotEqual -1)"),
        ("~1+2", "((BitNot 1) Add 2)"),
        ("0x1F + 0", "(31 Add 0)"),
        ("X'1F'", "\\x1f"),
        ("1 << 2 + 3", "(1 ShiftLeft (2 Add 3))"),
    ] {
        assert_eq!(shape(&expression(sql)), tree, "{sql}");
    }
}

#[test]
fn joins_associate_left() {
    let parsed = parse("SELECT 1 FROM a CROSS JOIN b LEFT JOIN c ON x JOIN d ON y").expect("parses");
    let text = format!("{:?}", parsed.expect("one").statement);
    let order: Vec<usize> =
        ["\"a\"", "\"b\"", "\"c\"", "\"d\""].iter().map(|n| text.find(n).expect("there")).collect();
    assert!(order.is_sorted());
    assert!(text.contains("left: Join"));
    assert!(!text.contains("right: Join"));
}

#[test]
fn names_are_quoted_in_three_ways() {
    for sql in ["[a b]", "\"a b\"", "`a b`"] {
        assert_eq!(shape(&expression(sql)), "a b");
    }
    assert_eq!(shape(&expression("t.[c]")), "t.c");
}

#[test]
fn parameters_are_numbered_in_the_order_of_the_text() {
    let parsed =
        parse("SELECT ?, :a, ?4, ?, @b, $c, :a FROM t LIMIT ? OFFSET $2").expect("parses").expect("one");
    assert_eq!(parsed.parameters.len(), 8);
    assert_eq!(parsed.parameters.index(":a"), Some(1));
    assert_eq!(parsed.parameters.index("b"), Some(5));
    assert_eq!(parsed.parameters.index("$c"), Some(6));
    assert!(parse("SELECT ?0").is_err());
    assert!(parse("SELECT : a").is_err());
}

#[test]
fn what_is_not_there_says_so_with_its_place() {
    for (sql, part, column) in [
        ("SELECT a FROM t FOR UPDATE", "FOR UPDATE", 0),
        ("SELECT sum(a) OVER () FROM t", "window function", 8),
        ("CREATE TABLE t (a INTEGER) WITH (x = 1)", "table option", 0),
        ("CREATE TEMP TABLE t (a INTEGER)", "temporary", 0),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1", "materialized", 26),
        ("INSERT OR ROLLBACK INTO t VALUES (1)", "OR ROLLBACK", 0),
    ] {
        let error = error(sql);
        assert_eq!(error.code(), "0A000", "{sql}: {error}");
        assert!(error.message().contains(part), "{sql}: {error}");
        if column > 0 {
            assert_eq!(error.position().map(|at| at.column), Some(column), "{sql}");
        }
    }
}

#[test]
fn syntax_errors_have_a_place() {
    let at = |sql| error(sql).position().map(|at| (at.line, at.column, at.offset));
    assert_eq!(at("SELECT 1 FRM t WHERE"), Some((1, 14, 13)));
    assert_eq!(at("SELECT\n 'a"), Some((2, 2, 8)));
    assert_eq!(at("SELECT a FROM"), Some((1, 14, 13)));
    assert_eq!(at("SELECT 1; SELECT 2"), Some((1, 9, 8)));
    assert!(parse(" -- nothing\n ;").expect("empty").is_none());
}

#[test]
fn slips_of_keywords_are_named() {
    for (sql, keyword) in [
        ("SELEC 1", "SELECT"),
        ("CREAT TABLE t (a INTEGER)", "CREATE"),
        ("CREATE TABEL t (a INTEGER)", "TABLE"),
        ("SELECT * FORM t", "FROM"),
        ("SELECT a FORM t", "FROM"),
        ("SELECT a, b FROM t WEHRE a = 1", "WHERE"),
        ("SELECT a FROM t GRUOP BY a", "GROUP"),
        ("SELECT a FROM t ODER BY a", "ORDER"),
        ("SELECT a FROM t LIMT 5", "LIMIT"),
        ("SELECT a FROM t JION u ON t.a = u.a", "JOIN"),
        ("INSERT INTO t VALEUS (1)", "VALUES"),
        ("UPDAT t SET a = 1", "UPDATE"),
        ("DELETE FORM t", "FROM"),
        ("DELET FROM t", "DELETE"),
        ("ROLBACK", "ROLLBACK"),
        ("DROP TABEL t", "TABLE"),
        ("CREATE VEIW v AS SELECT 1", "VIEW"),
        ("CREATE UNIQUE IDNEX i ON t (a)", "INDEX"),
        ("SELECT a FROM t WHERE a = 1 ADN a = 2", "AND"),
    ] {
        let expected = format!("is {keyword} meant?");
        assert_eq!(error(sql).hint_text(), Some(expected.as_str()), "{sql}: {}", error(sql));
    }
    for sql in [
        "hello",
        "SELECT 1 +",
        "SELECT a FROM t WHERE",
        "SELECT \"form\" )",
        "SELECT (1, 2",
        "CREATE TABLE t (a INT b TEXT)",
    ] {
        assert_eq!(error(sql).hint_text(), None, "{sql}");
    }
    for sql in ["BEGIN\ncommit", "INSERT INTO t VALUES (1)\n  COMMIT", "SELECT a FROM t WHERE a = 1\ncommit"]
    {
        assert_eq!(
            error(sql).hint_text(),
            Some("does a semicolon lack before COMMIT?"),
            "{sql}: {}",
            error(sql)
        );
    }
    assert_eq!(error("DROP TABEL t").message(), "unexpected \"TABEL\" after DROP");
}
