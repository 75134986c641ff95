//! Functions beyond the ones every query needs. Results are those of SQLite's and PostgreSQL's
//! documentation, or computed by hand.

mod support;

use support::{check, database, error, fails};

fn all(cases: &[(&str, &str)]) {
    let db = database("");
    for (expression, expected) in cases {
        check(&db, &format!("SELECT {expression}"), &[expected]);
    }
}

#[test]
fn mathematics() {
    all(&[
        ("round(sin(pi() / 2) + cos(0) + atan2(0, 1), 6)", "2.0"),
        ("degrees(pi()), radians(180) = pi(), cbrt(27)", "180.0|true|3.0"),
        ("log(2, 64), log2(8), log10(1000), ln(1)", "6.0|3.0|3.0|0.0"),
        ("gcd(1071, 462), lcm(4, 6), gcd(0, 0), lcm(0, 5), factorial(5)", "21|12|0|0|120"),
        ("bit_count(255), width_bucket(5.35, 0.024, 10.06, 5)", "8|3"),
        ("random(3, 3), random(1, 6) BETWEEN 1 AND 6", "3|true"),
        ("sinh(0), tanh(0), acos(1), asinh(0)", "0.0|0.0|0.0|0.0"),
    ]);
    let db = database("");
    for (sql, code) in [
        ("SELECT acos(2)", "22023"),
        ("SELECT factorial(21)", "22003"),
        ("SELECT factorial(-1)", "22023"),
        ("SELECT log(2, 0)", "22023"),
        ("SELECT sin('x')", "22P02"),
        ("SELECT sin(TRUE)", "42883"),
        ("SELECT sin()", "42883"),
        ("SELECT random(2, 1)", "22023"),
    ] {
        fails(&db, sql, code);
    }
    assert_eq!(error(&db, "SELECT lenght('x')").hint_text(), Some("is length meant?"));
    assert_eq!(error(&db, "SELECT initcpa('x')").hint_text(), Some("is initcap meant?"));
}

#[test]
fn texts() {
    all(&[
        ("concat_ws(', ', 'a', NULL, 3, 1.50)", "a, 3, 1.50"),
        ("concat_ws(NULL, 'a') IS NULL, concat_ws('-')", "true|"),
        ("initcap('hi THOMAS o''neill')", "Hi Thomas O'Neill"),
        ("translate('12345', '143', 'ax')", "a2x5"),
        ("overlay('Txxxxas', 'hom', 2, 4), overlay('abc', 'Z', 2)", "Thomas|aZc"),
        ("char(72, 105), char(), chr(233)", "Hi||\u{e9}"),
        ("bit_length('jose'), to_hex(2147483647)", "32|7fffffff"),
        (
            "quote('it''s'), quote(NULL), quote(1.5), quote(X'0aff'), quote(TRUE)",
            "'it''s'|NULL|1.5|X'0AFF'|TRUE",
        ),
        (
            "quote_literal('O''Reilly'), quote_nullable(NULL), quote_ident('Foo bar'), quote_ident('foo')",
            "'O''Reilly'|NULL|\"Foo bar\"|foo",
        ),
        (
            "encode(X'123456', 'hex'), encode(X'001122', 'base64'), decode('ABEi', 'base64'), unhex('0aFF')",
            "123456|ABEi|\\x001122|\\x0aff",
        ),
        (
            "glob('*.txt', 'a.txt'), glob('[a-c]?', 'bz'), glob('[^a]*', 'abc'), glob('A*', 'abc')",
            "true|true|false|false",
        ),
        ("octet_length(randomblob(5)), zeroblob(2), length(CAST(gen_random_uuid() AS TEXT))", "5|\\x0000|36"),
        ("split_part('abc~@~def~@~ghi', '~@~', 2), lpad('hi', 5, 'xy'), reverse('abcde')", "def|xyxhi|edcba"),
    ]);
}

#[test]
fn is_and_glob() {
    let db = database(
        "CREATE TABLE t (a INTEGER, b INTEGER, s TEXT); INSERT INTO t VALUES (1, 1, 'abc'), (NULL, NULL, 'Abd'), (2, NULL, 'x*')",
    );
    check(
        &db,
        "SELECT a IS b, a IS NOT b, a IS 1, a IS NOT NULL FROM t",
        &["true|false|true|true", "true|false|false|false", "false|true|false|true"],
    );
    check(&db, "SELECT s FROM t WHERE s GLOB 'a*' OR s GLOB '[A-C]??'", &["abc", "Abd"]);
    check(&db, "SELECT s FROM t WHERE s NOT GLOB '*b*' AND NOT s GLOB 'y'", &["x*"]);
    check(
        &db,
        "SELECT 1 + 1 IS 2 AND TRUE, 'a' || 'b' GLOB 'ab', 1 = 1 IS TRUE, NULL IS NULL",
        &["true|true|true|true"],
    );
    check(&db, "SELECT s GLOB NULL IS NULL, s GLOB 'x[*]' FROM t WHERE a = 2", &["true|true"]);
    fails(&db, "SELECT 1 IS", "42601");
    fails(&db, "SELECT 1 IS 1 IS 1", "42601");
}

#[test]
fn format_and_printf() {
    all(&[
        ("format('Hello %s', 'World')", "Hello World"),
        ("format('%d items cost %.2f', 3, 4.5)", "3 items cost 4.50"),
        ("printf('%05d|%-5d|%+d|% d', 42, 42, 42, 42)", "00042|42   |+42| 42"),
        ("printf('%,d %,.2f', 1234567, 9876543.215)", "1,234,567 9,876,543.21"),
        ("printf('%x %X %o', 255, 255, 8)", "ff FF 10"),
        ("printf('%e %g %g', 12345.678, 0.0001, 1e10)", "1.234568e+04 0.0001 1e+10"),
        ("printf('%q|%Q|%Q|%w', 'it''s', 'it''s', NULL, 'a\"b')", "it''s|'it''s'|NULL|a\"\"b"),
        (
            "format('INSERT INTO %I VALUES(%L)', 'Foo bar', 'O''Reilly')",
            "INSERT INTO \"Foo bar\" VALUES('O''Reilly')",
        ),
        ("printf('%10s|%-10s|%.2s|%c|%%', 'ab', 'cd', 'xyz', 'hello')", "        ab|cd        |xy|h|%"),
        ("printf('%*d', 6, 7), printf(NULL) IS NULL, printf('%05.1f', -2.5)", "     7|true|-02.5"),
    ]);
    let db = database("");
    fails(&db, "SELECT format('%d')", "22023");
    fails(&db, "SELECT format('%d', 'x')", "22023");
    fails(&db, "SELECT format('%y', 1)", "22023");
    fails(&db, "SELECT printf('%999999d', 1)", "22023");
}

#[test]
fn dates_with_modifiers() {
    all(&[
        (
            "date('2024-01-31', '+1 month'), date('2024-03-15', 'start of month', '+1 month', '-1 day')",
            "2024-02-29|2024-03-31",
        ),
        (
            "datetime('2024-01-01 12:00', '-90 minutes', '+1 year'), time('10:30', '+45 minutes')",
            "2025-01-01 10:30:00|11:15:00",
        ),
        ("date('2024-06-10', 'weekday 0'), date('2024-06-09', 'weekday 0')", "2024-06-16|2024-06-09"),
        (
            "datetime(1092941466, 'unixepoch'), unixepoch('2004-08-19 18:51:06')",
            "2004-08-19 18:51:06|1092941466",
        ),
        (
            "julianday('2000-01-01 12:00'), date(2451545), datetime(2451545.25)",
            "2451545.0|2000-01-01|2000-01-01 18:00:00",
        ),
        (
            "strftime('%Y/%m/%d', '2024-02-03'), strftime('%s', '1970-01-02'), strftime('%H:%M', '2024-01-01', '+90 minutes')",
            "2024/02/03|86400|01:30",
        ),
        ("datetime('2024-01-01', '+01:30')", "2024-01-01 01:30:00"),
        (
            "date('now') = current_date, date() = current_date, date('now', '+1 day') - current_date",
            "true|true|1",
        ),
        ("julianday('now') > 2460000, unixepoch() > 1700000000", "true|true"),
    ]);
    let db = database("");
    fails(&db, "SELECT date('2024-01-01', '+1 fortnight')", "22023");
    fails(&db, "SELECT date('yesterday', '+1 day')", "22007");
    fails(&db, "SELECT date('9999-12-31', '+1 day')", "22007");
}

#[test]
fn dates_as_postgresql_makes_them() {
    all(&[
        (
            "make_date(2013, 7, 15), make_time(8, 15, 23.5), make_timestamp(2013, 7, 15, 8, 15, 23.5)",
            "2013-07-15|08:15:23.5|2013-07-15 08:15:23.5",
        ),
        ("age(TIMESTAMP '2001-04-10', TIMESTAMP '1957-06-13')", "43 years 9 mons 27 days"),
        ("to_timestamp(1284352323)", "2010-09-13 04:32:03"),
        (
            "to_date('05 Dec 2000', 'DD Mon YYYY'), to_timestamp('2024-02-03 14:05', 'YYYY-MM-DD HH24:MI')",
            "2000-12-05|2024-02-03 14:05:00",
        ),
        (
            "to_char(TIMESTAMP '2002-04-20 17:31:12.66', 'HH12:MI:SS'), to_char(DATE '2024-02-03', 'FMDay, DD FMMonth YYYY')",
            "05:31:12|Saturday, 03 February 2024",
        ),
        (
            "to_char(TIMESTAMP '2002-04-20 17:31:12', 'YYYY-MM-DD\"T\"HH24:MI:SS'), to_char(DATE '2024-12-31', 'DDD Q ID Dy MON')",
            "2002-04-20T17:31:12|366 4 2 Tue DEC",
        ),
        (
            "to_char(125, '999'), to_char(-125.8, '999D99'), to_char(1485, '9,999'), to_char(12, '0000'), to_char(125, 'FM999')",
            " 125|-125.80| 1,485| 0012|125",
        ),
        (
            "to_char(0.1, 'FM990.00'), to_char(485, '999MI'), to_char(-485, '999PR'), to_char(1234567.891, 'FM9,999,999.00')",
            "0.10|485 |<485>|1,234,567.89",
        ),
        ("to_number('$1,234.50', 'L9,999.99')", "1234.5000000000"),
        (
            "date_bin(INTERVAL '15 minutes', TIMESTAMP '2020-02-11 15:44:17', TIMESTAMP '2001-01-01')",
            "2020-02-11 15:30:00",
        ),
        (
            "justify_hours(INTERVAL '27 hours'), justify_days(INTERVAL '35 days')",
            "1 day 03:00:00|1 mon 5 days",
        ),
    ]);
    let db = database("");
    fails(&db, "SELECT make_date(2023, 2, 29)", "22007");
    fails(&db, "SELECT to_date('2024-13-01', 'YYYY-MM-DD')", "22007");
    fails(&db, "SELECT to_date('x', 'YYYY')", "22007");
}

#[test]
fn json() {
    all(&[
        (r#"json(' { "this" : "is", "a": [ "test" ] } ')"#, r#"{"this":"is","a":["test"]}"#),
        (
            r#"'{"a":2,"c":[4,5,{"f":7}]}' -> '$.c[2].f', '{"a":2,"c":[4,5]}' ->> 'a', '[11,22,33]' -> 1, '[1,2]' -> -1"#,
            "7|2|22|2",
        ),
        (
            r#"'{"a":"xyz"}' -> 'a', '{"a":"xyz"}' ->> 'a', '{"a":null}' ->> 'a' IS NULL, '{}' -> 'a' IS NULL"#,
            "\"xyz\"|xyz|true|true",
        ),
        (
            r#"json_extract('{"a":2,"c":[4,5,{"f":7}]}', '$.c[#-1].f'), json_extract('{"a":2,"c":[4,5],"f":7}', '$.c', '$.a')"#,
            "7|[[4,5],2]",
        ),
        (
            r#"json_array_length('[1,2,3,4]'), json_array_length('{"one":[1,2,3]}', '$.one'), json_array_length('{}')"#,
            "4|3|0",
        ),
        (
            r#"json_type('{"a":[2,3.5,true,false,null,"x"]}', '$.a'), json_type('1'), json_typeof('"x"')"#,
            "array|number|string",
        ),
        ("json_array(1, 2, '3', NULL, TRUE, json('[4]'))", r#"[1,2,"3",null,true,[4]]"#),
        (
            "json_object('a', 2, 'c', 4.5), json_build_object('x', DATE '2024-01-02')",
            r#"{"a":2,"c":4.5}|{"x":"2024-01-02"}"#,
        ),
        (
            r#"json_set('{"a":2,"c":4}', '$.a', 99), json_set('{"a":2}', '$.e', 99), json_set('[1]', '$[#]', 2)"#,
            r#"{"a":99,"c":4}|{"a":2,"e":99}|[1,2]"#,
        ),
        (
            r#"json_insert('{"a":2}', '$.a', 99), json_replace('{"a":2}', '$.e', 99), json_replace('{"a":2}', '$.a', 'x')"#,
            r#"{"a":2}|{"a":2}|{"a":"x"}"#,
        ),
        (
            r#"json_remove('[0,1,2,3,4]', '$[2]', '$[0]'), json_remove('{"x":25,"y":42}', '$.y')"#,
            r#"[1,3,4]|{"x":25}"#,
        ),
        (r#"json_patch('{"a":1,"b":2}', '{"a":9,"b":null,"c":8}')"#, r#"{"a":9,"c":8}"#),
        (
            r#"json_valid('{"x":35}'), json_valid('{x'), json_quote('a"b'), to_json(1.50), json_valid(NULL) IS NULL"#,
            r#"true|false|"a\"b"|1.50|true"#,
        ),
        (r#"'{"k":"\u00e9\n\ud83d\ude00"}' ->> 'k'"#, "\u{e9}\n\u{1f600}"),
    ]);
    let db = database("");
    fails(&db, "SELECT json('{')", "22P02");
    fails(&db, "SELECT json_extract('{}', 'a')", "22023");
    fails(&db, "SELECT json_object('a')", "22023");
    fails(&db, &format!("SELECT json('{}{}')", "[".repeat(500), "]".repeat(500)), "22023");
}

#[test]
fn aggregates() {
    let db = database(
        "CREATE TABLE t (g TEXT, n INTEGER, d NUMERIC(6,2), j JSON);
         INSERT INTO t VALUES ('a', 2, 1.5, '{\"x\":1}'), ('a', 4, 2.5, NULL), ('a', 4, NULL, '[]'), ('b', 9, 1, '1'), ('c', NULL, 1, NULL)",
    );
    check(
        &db,
        "SELECT g, variance(n), stddev_pop(n), bit_and(n), bit_or(n), bit_xor(n) FROM t GROUP BY g ORDER BY g",
        &["a|1.3333333333333333|0.9428090415820634|0|6|2", "b|NULL|0.0|9|9|9", "c|NULL|NULL|NULL|NULL|NULL"],
    );
    check(
        &db,
        "SELECT round(stddev(n), 6), round(var_pop(d), 4), round(stddev_samp(d), 4) FROM t",
        &["2.986079|0.375|0.7071"],
    );
    check(
        &db,
        "SELECT g, json_group_array(n), json_agg(j ORDER BY n DESC) FROM t GROUP BY g ORDER BY g",
        &["a|[2,4,4]|[null,[],{\"x\":1}]", "b|[9]|[1]", "c|[null]|[null]"],
    );
    check(&db, "SELECT json_group_object(g, n) FROM t WHERE g > 'a'", &["{\"b\":9,\"c\":null}"]);
    check(&db, "SELECT json_group_array(n), json_object_agg(g, n) FROM t WHERE FALSE", &["[]|{}"]);
    check(&db, "SELECT json_group_array(DISTINCT n) FILTER (WHERE n > 2) FROM t", &["[4,9]"]);
}

#[test]
fn what_the_session_did() {
    let db =
        database("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t (v) VALUES ('a'), ('b')");
    check(&db, "SELECT last_insert_rowid(), changes(), total_changes()", &["2|2|2"]);
    support::run(&db, "UPDATE t SET v = 'c' WHERE id = 1");
    check(&db, "SELECT last_insert_rowid(), changes(), total_changes()", &["2|1|3"]);
    support::run(&db, "INSERT INTO t VALUES (last_insert_rowid() + 10, 'd')");
    check(&db, "SELECT max(id) FROM t", &["12"]);
}
