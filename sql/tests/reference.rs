//! Foreign keys: what happens to rows whose parent goes or changes its key.

mod support;

use support::{check, database, error, fails, run};

#[test]
fn children_go_with_their_parents() {
    let db = database(
        "CREATE TABLE artist (id INTEGER PRIMARY KEY, name TEXT);
         CREATE TABLE album (id INTEGER PRIMARY KEY, artist INTEGER REFERENCES artist ON DELETE CASCADE);
         CREATE TABLE track (id INTEGER PRIMARY KEY, album INTEGER NOT NULL,
             FOREIGN KEY (album) REFERENCES album (id) ON DELETE CASCADE);
         CREATE INDEX track_album ON track (album);
         INSERT INTO artist VALUES (1, 'a'), (2, 'b');
         INSERT INTO album VALUES (10, 1), (11, 1), (20, 2), (30, NULL);
         INSERT INTO track VALUES (100, 10), (101, 10), (110, 11), (200, 20)",
    );
    assert_eq!(db.execute("DELETE FROM artist WHERE id = 1", ()).expect("delete"), 1);
    check(&db, "SELECT id FROM album ORDER BY id", &["20", "30"]);
    check(&db, "SELECT id FROM track", &["200"]);
    assert!(db.check().expect("check").ok);
}

#[test]
fn a_tree_of_rows_goes_level_by_level() {
    let db = database(
        "CREATE TABLE node (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES node (id) ON DELETE CASCADE);
         INSERT INTO node VALUES (1, NULL), (2, 1), (3, 2), (4, 2), (5, 4), (6, NULL), (7, 6)",
    );
    run(&db, "DELETE FROM node WHERE id = 2");
    check(&db, "SELECT id FROM node ORDER BY id", &["1", "6", "7"]);
    run(&db, "DELETE FROM node");
    check(&db, "SELECT count(*) FROM node", &["0"]);
    // A long chain.
    run(&db, "INSERT INTO node VALUES (1, NULL)");
    for id in 2..=300 {
        db.execute("INSERT INTO node VALUES (?1, ?1 - 1)", [id]).expect("insert");
    }
    run(&db, "DELETE FROM node WHERE id = 1");
    check(&db, "SELECT count(*) FROM node", &["0"]);
    // A ring.
    run(&db, "INSERT INTO node VALUES (1, NULL), (2, 1), (3, 2); UPDATE node SET parent = 3 WHERE id = 1");
    run(&db, "DELETE FROM node WHERE id = 2");
    check(&db, "SELECT count(*) FROM node", &["0"]);
}

#[test]
fn set_null_and_set_default() {
    let db = database(
        "CREATE TABLE team (id INTEGER PRIMARY KEY);
         CREATE TABLE player (name TEXT PRIMARY KEY,
             team INTEGER REFERENCES team ON DELETE SET NULL ON UPDATE SET NULL,
             reserve INTEGER DEFAULT 0 REFERENCES team ON DELETE SET DEFAULT);
         INSERT INTO team VALUES (0), (1), (2);
         INSERT INTO player VALUES ('x', 1, 1), ('y', 2, 1), ('z', 1, 2)",
    );
    run(&db, "DELETE FROM team WHERE id = 1");
    check(&db, "SELECT * FROM player ORDER BY name", &["x|NULL|0", "y|2|0", "z|NULL|2"]);
    // The default is a reference, too.
    fails(&db, "DELETE FROM team", "23503");
    check(&db, "SELECT count(*) FROM team", &["2"]);
    fails(&db, "UPDATE team SET id = 3 WHERE id = 2", "23503");
    run(&db, "UPDATE player SET reserve = 0; UPDATE team SET id = 3 WHERE id = 2");
    check(&db, "SELECT * FROM player ORDER BY name", &["x|NULL|0", "y|NULL|0", "z|NULL|0"]);
}

#[test]
fn keys_that_change_take_their_children_along() {
    let db = database(
        "CREATE TABLE p (a INTEGER, b TEXT, PRIMARY KEY (a, b));
         CREATE TABLE c (id INTEGER PRIMARY KEY, a INTEGER, b TEXT,
             CONSTRAINT c_p FOREIGN KEY (a, b) REFERENCES p ON UPDATE CASCADE);
         CREATE TABLE g (a INTEGER, b TEXT, n INTEGER UNIQUE,
             FOREIGN KEY (a, b) REFERENCES p (a, b) ON UPDATE CASCADE ON DELETE CASCADE);
         INSERT INTO p VALUES (1, 'x'), (2, 'y'), (3, 'z');
         INSERT INTO c VALUES (1, 1, 'x'), (2, 2, 'y'), (3, 1, NULL);
         INSERT INTO g VALUES (1, 'x', 1), (3, 'z', 3)",
    );
    // Keys change places.
    run(&db, "UPDATE p SET a = 3 - a WHERE a < 3");
    check(&db, "SELECT * FROM c ORDER BY id", &["1|2|x", "2|1|y", "3|1|NULL"]);
    check(&db, "SELECT * FROM g ORDER BY n", &["2|x|1", "3|z|3"]);
    // One may go with it, the other may not.
    let refused = error(&db, "DELETE FROM p WHERE b = 'x'");
    assert_eq!(refused.code(), "23503");
    assert!(refused.message().starts_with("c_p: "), "{refused}");
    check(&db, "SELECT count(*) FROM g", &["2"]);
    run(&db, "DELETE FROM c; DELETE FROM p WHERE b = 'x'");
    check(&db, "SELECT * FROM g", &["3|z|3"]);
    run(&db, "INSERT INTO p VALUES (3, 'z') ON CONFLICT (a, b) DO UPDATE SET b = 'new'");
    check(&db, "SELECT * FROM g", &["3|new|3"]);
    assert!(db.check().expect("check").ok);
}

#[test]
fn restrict_and_no_action() {
    let db = database(
        "CREATE TABLE p (id INTEGER PRIMARY KEY);
         CREATE TABLE r (p INTEGER REFERENCES p ON DELETE RESTRICT ON UPDATE RESTRICT);
         CREATE TABLE n (p INTEGER REFERENCES p ON DELETE NO ACTION);
         INSERT INTO p VALUES (1), (2), (3); INSERT INTO r VALUES (1); INSERT INTO n VALUES (2)",
    );
    for sql in
        ["DELETE FROM p WHERE id = 1", "UPDATE p SET id = 9 WHERE id = 1", "DELETE FROM p WHERE id = 2"]
    {
        fails(&db, sql, "23503");
    }
    // At the end of the statement the key is there again; RESTRICT does not wait for that.
    run(&db, "DELETE FROM r; UPDATE p SET id = 5 - id WHERE id > 1");
    run(&db, "INSERT INTO r VALUES (3)");
    fails(&db, "UPDATE p SET id = 5 - id WHERE id > 1", "23503");
    check(&db, "SELECT id FROM p ORDER BY id", &["1", "2", "3"]);
}

#[test]
fn what_changes_along_obeys_its_own_rules() {
    let db = database(
        "CREATE TABLE p (id INTEGER PRIMARY KEY);
         CREATE TABLE must (p INTEGER NOT NULL REFERENCES p ON DELETE SET NULL);
         CREATE TABLE small (p INTEGER CHECK (p < 10) REFERENCES p ON UPDATE CASCADE);
         CREATE TABLE one (p INTEGER DEFAULT 7 UNIQUE REFERENCES p ON DELETE SET DEFAULT);
         INSERT INTO p VALUES (1), (2), (3), (4), (7);
         INSERT INTO must VALUES (1); INSERT INTO small VALUES (2); INSERT INTO one VALUES (3), (4)",
    );
    run(&db, "BEGIN; INSERT INTO p VALUES (8)");
    fails(&db, "DELETE FROM p WHERE id = 1", "23502");
    fails(&db, "UPDATE p SET id = 20 WHERE id = 2", "23514");
    fails(&db, "DELETE FROM p WHERE id IN (3, 4)", "23505");
    run(&db, "COMMIT");
    check(&db, "SELECT id FROM p ORDER BY id", &["1", "2", "3", "4", "7", "8"]);
    check(&db, "SELECT p FROM one ORDER BY p", &["3", "4"]);
    run(&db, "DELETE FROM p WHERE id = 3; UPDATE p SET id = 9 WHERE id = 2");
    check(&db, "SELECT p FROM one ORDER BY p", &["4", "7"]);
    check(&db, "SELECT p FROM small", &["9"]);
}

#[test]
fn a_key_that_is_a_reference() {
    let db = database(
        "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT);
         CREATE TABLE passport (person INTEGER PRIMARY KEY REFERENCES person ON DELETE CASCADE ON UPDATE CASCADE, no TEXT);
         CREATE TABLE stamp (person INTEGER REFERENCES passport ON DELETE CASCADE ON UPDATE CASCADE, place TEXT,
             PRIMARY KEY (person, place));
         INSERT INTO person VALUES (1, 'a'), (2, 'b'); INSERT INTO passport VALUES (1, 'x'), (2, 'y');
         INSERT INTO stamp VALUES (1, 'Rome'), (1, 'Oslo'), (2, 'Rome')",
    );
    run(&db, "UPDATE person SET id = id + 10");
    check(&db, "SELECT * FROM stamp ORDER BY person, place", &["11|Oslo", "11|Rome", "12|Rome"]);
    run(&db, "DELETE FROM person WHERE id = 11");
    check(&db, "SELECT person, no FROM passport", &["12|y"]);
    check(&db, "SELECT * FROM stamp", &["12|Rome"]);
    assert!(db.check().expect("check").ok);
}

#[test]
fn replacing_a_row_counts_as_deleting_it() {
    let db = database(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, v TEXT UNIQUE);
         CREATE TABLE c (p INTEGER REFERENCES p ON DELETE CASCADE);
         INSERT INTO p VALUES (1, 'a'), (2, 'b'); INSERT INTO c VALUES (1), (2)",
    );
    run(&db, "INSERT OR REPLACE INTO p VALUES (3, 'a')");
    check(&db, "SELECT p FROM c", &["2"]);
}

#[test]
fn deferred_references_wait_for_the_commit() {
    let db = database(
        "CREATE TABLE hen (id INTEGER PRIMARY KEY, egg INTEGER REFERENCES egg DEFERRABLE INITIALLY DEFERRED);
         CREATE TABLE egg (id INTEGER PRIMARY KEY, hen INTEGER NOT NULL, kind TEXT,
             FOREIGN KEY (hen) REFERENCES hen (id) DEFERRABLE INITIALLY DEFERRED)",
    );
    fails(&db, "INSERT INTO hen VALUES (1, 10)", "23503");
    run(&db, "BEGIN; INSERT INTO hen VALUES (1, 10); INSERT INTO egg VALUES (10, 1, 'x'); COMMIT");
    run(&db, "BEGIN; DELETE FROM hen; INSERT INTO egg VALUES (11, 2, 'y')");
    let broken = error(&db, "COMMIT");
    assert_eq!(broken.code(), "23503");
    assert!(!db.is_autocommit());
    // It can be mended.
    run(&db, "INSERT INTO hen VALUES (1, NULL), (2, 11); COMMIT");
    check(&db, "SELECT id, egg FROM hen ORDER BY id", &["1|NULL", "2|11"]);
    run(&db, "BEGIN; UPDATE egg SET hen = 7 WHERE id = 10; DELETE FROM egg WHERE id = 10; COMMIT");
    run(&db, "BEGIN; INSERT INTO hen VALUES (5, 99)");
    fails(&db, "COMMIT", "23503");
    run(&db, "ROLLBACK; BEGIN; SAVEPOINT s; INSERT INTO hen VALUES (5, 99); ROLLBACK TO s; COMMIT");
    check(&db, "SELECT count(*) FROM hen", &["2"]);
}

#[test]
fn a_transaction_can_defer_all_references() {
    let db = database(
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER NOT NULL REFERENCES t); INSERT INTO t VALUES (1, 1)",
    );
    run(&db, "BEGIN; PRAGMA defer_foreign_keys = ON; INSERT INTO t VALUES (2, 3)");
    check(&db, "PRAGMA defer_foreign_keys", &["1"]);
    assert_eq!(error(&db, "COMMIT").code(), "23503");
    run(&db, "INSERT INTO t VALUES (3, 2); COMMIT");
    check(&db, "PRAGMA defer_foreign_keys", &["0"]);
    run(&db, "BEGIN");
    fails(&db, "INSERT INTO t VALUES (4, 5)", "23503");
    run(&db, "ROLLBACK");
    fails(&db, "PRAGMA defer_foreign_keys = maybe", "22023");
    check(&db, "SELECT count(*) FROM t", &["3"]);
}

#[test]
fn a_transaction_object_ends_with_a_broken_commit() {
    let mut db = database(
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED)",
    );
    let transaction = db.transaction().expect("begin");
    transaction.execute("INSERT INTO t VALUES (1, 2)", ()).expect("insert");
    assert_eq!(transaction.commit().expect_err("broken").code(), "23503");
    assert!(db.is_autocommit());
    let mut insert = db.prepare("INSERT INTO t VALUES (?, ?)").expect("prepare");
    assert_eq!(insert.execute_many([(1, 2), (3, 9)]).expect_err("broken").code(), "23503");
    assert!(db.is_autocommit());
    assert_eq!(insert.execute_many([(1, 2), (2, 1)]).expect("batch"), 2);
    check(&db, "SELECT count(*) FROM t", &["2"]);
}

#[test]
fn many_references_wait_without_a_look_at_all_rows_each() {
    let db = database(
        "CREATE TABLE p (id INTEGER PRIMARY KEY);
         CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p)",
    );
    run(&db, "BEGIN; PRAGMA defer_foreign_keys = ON");
    let begun = std::time::Instant::now();
    let mut insert = db.prepare("INSERT INTO c VALUES (?, ?)").expect("prepare");
    for id in 0..20_000i64 {
        insert.execute((id, id / 2)).expect("insert");
    }
    run(
        &db,
        "DELETE FROM c WHERE p = 9999; INSERT INTO p SELECT i FROM generate_series(0, 9998) AS g(i); COMMIT",
    );
    // Two hundred million rows take longer on any machine, twenty thousand on none.
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
    check(&db, "SELECT count(*) FROM c", &["19998"]);
    assert!(db.check().expect("check").ok);
}

#[test]
fn a_default_that_is_the_deleted_key_is_looked_up() {
    for (deferred, ends) in [("", ""), ("DEFERRABLE INITIALLY DEFERRED", "COMMIT")] {
        let db = database(&format!(
            "CREATE TABLE p (u INTEGER PRIMARY KEY);
             CREATE TABLE c (id INTEGER PRIMARY KEY,
                 pu INTEGER DEFAULT 2 REFERENCES p ON DELETE SET DEFAULT ON UPDATE SET DEFAULT {deferred});
             INSERT INTO p VALUES (2), (3); INSERT INTO c VALUES (1, 2)"
        ));
        for change in ["DELETE FROM p WHERE u = 2", "UPDATE p SET u = 5 WHERE u = 2", "DELETE FROM p"] {
            fails(&db, change, "23503");
            run(&db, "BEGIN");
            match ends {
                "" => fails(&db, change, "23503"),
                commit => {
                    run(&db, change);
                    fails(&db, commit, "23503");
                }
            }
            run(&db, "ROLLBACK");
        }
        run(&db, "REPLACE INTO p VALUES (2); UPDATE c SET pu = 3; DELETE FROM p WHERE u = 3");
        check(&db, "SELECT pu FROM c", &["2"]);
    }
}

#[test]
fn a_table_with_waiting_references_keeps_its_shape() {
    let db = database(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, v INTEGER);
         CREATE TABLE c (x INTEGER, y INTEGER, pid INTEGER REFERENCES p DEFERRABLE INITIALLY DEFERRED, z INTEGER)",
    );
    run(&db, "BEGIN; INSERT INTO c VALUES (1, 2, 77, 3)");
    let refused = error(&db, "ALTER TABLE c DROP COLUMN x");
    assert_eq!((refused.code(), refused.hint_text()), ("55006", Some("COMMIT first")));
    fails(&db, "ALTER TABLE c ADD COLUMN w INTEGER REFERENCES p", "55006");
    run(&db, "ALTER TABLE p DROP COLUMN v; ALTER TABLE p RENAME COLUMN id TO number");
    fails(&db, "COMMIT", "23503");
    run(&db, "INSERT INTO p VALUES (77); COMMIT; ALTER TABLE c DROP COLUMN x");
    check(&db, "SELECT * FROM c", &["2|77|3"]);
    // What waited is forgotten with the rows, and the table has its old shape again.
    run(&db, "BEGIN; SAVEPOINT s; ALTER TABLE c DROP COLUMN y; INSERT INTO c VALUES (88, 4); ROLLBACK TO s");
    run(&db, "ALTER TABLE c DROP COLUMN z; COMMIT");
    check(&db, "SELECT * FROM c", &["2|77"]);
    run(&db, "BEGIN; INSERT INTO c VALUES (1, 99); SAVEPOINT s; DELETE FROM p; ROLLBACK TO s");
    fails(&db, "COMMIT", "23503");
    run(&db, "DROP TABLE c; COMMIT");
}
