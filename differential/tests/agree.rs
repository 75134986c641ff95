//! Some thousand statements and questions; the program does more.

use drystone_differential::engine::{Drystone, Engine};
use drystone_differential::generator::{Kind, Statement};
use drystone_differential::pair::{Pair, Verdict};
use drystone_differential::reduce::Case;
use drystone_differential::{metamorphic, run};

fn seed() -> u64 {
    let seed = std::env::var("DRYSTONE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    println!("DRYSTONE_SEED={seed}");
    seed
}

#[test]
fn statements_agree() {
    let mut out = Vec::new();
    let tally = run::statements(3_000, seed(), &mut out).unwrap();
    assert_eq!(tally.failed, 0, "{}", String::from_utf8_lossy(&out));
    for (name, share, least) in tally.shares() {
        assert!(share >= least, "only {share:.1} % {name}");
    }
}

#[test]
fn questions_agree() {
    let mut out = Vec::new();
    let totals = metamorphic::checks(500, seed(), &mut out).unwrap();
    assert_eq!((totals.checked, totals.failed), (500, 0), "{}", String::from_utf8_lossy(&out));
}

/// The comparison itself can fail, and what it finds becomes small.
#[test]
fn a_difference_is_found_and_made_small() {
    let query = |sql: &str| Statement {
        sql: sql.to_owned(),
        kind: Kind::Query { ordered: true },
        joins: false,
        aggregates: false,
    };
    let pair = Pair::new().unwrap();
    // Where the two differ by design.
    assert!(matches!(pair.run(&query("VALUES (1), (NULL) ORDER BY 1")), Verdict::Disagree { .. }));
    assert!(matches!(pair.run(&query("SELECT 1 WHERE 'a' = 1")), Verdict::Disagree { .. }));
    assert_eq!(pair.run(&query("SELECT 1 AS a UNION SELECT 2 ORDER BY a")), Verdict::Agree(2));
    assert_eq!(pair.run(&query("SELECT * FROM missing")), Verdict::BothFail);

    let before: Vec<String> = ["CREATE TABLE t (a INTEGER, b INTEGER)", "CREATE TABLE u (a INTEGER)"]
        .into_iter()
        .map(str::to_owned)
        .chain((0..20).map(|n| format!("INSERT INTO t VALUES ({n}, {})", if n == 13 { "NULL" } else { "1" })))
        .collect();
    let failing = query("SELECT a FROM t WHERE a > 3 AND a + 1 < 100 ORDER BY b, a");
    let case = Case { before, failing }.reduced("rows");
    assert!(case.before.len() <= 4, "{}", case.script());
    assert!(case.failing.sql.len() < 50, "{}", case.script());
}

/// Generated expressions must not depend on the machine or the run.
#[test]
fn the_same_seed_gives_the_same_statements() {
    let texts = |seed| -> Vec<String> { run::sample(seed, 50).into_iter().map(|s| s.sql).collect() };
    assert_eq!(texts(5), texts(5));
    assert_ne!(texts(5), texts(6));
    assert!(Drystone::new().is_ok_and(|engine| {
        matches!(engine.run("SELECT 1"), drystone_differential::engine::Outcome::Rows(_))
    }));
}
