//! Scripts and commands given as options.

mod program;

use std::fs;

use program::{Folder, run};

/// Files of their own in the folder.
fn files(folder: &Folder, contents: &[(&str, &str)]) -> Vec<String> {
    let write = |(name, content): &(&str, &str)| {
        let path = folder.join(name);
        fs::write(&path, content).expect("written");
        path.display().to_string()
    };
    contents.iter().map(write).collect()
}

#[test]
fn first_the_options_then_the_rest() {
    let folder = Folder::new("scripts");
    let paths = files(
        &folder,
        &[
            ("init", ".mode csv\nSELECT 'init', 1;\n"),
            ("one", "SELECT 'one', 2;"),
            ("two", "SELECT 'two', 3;\n"),
        ],
    );
    let [init, one, two] = paths.as_slice() else { panic!("three files") };
    let all = ["-f", one, "-init", init, ":memory:", "SELECT 'sql', 4", "-cmd", ".separator ;", "--f", two];
    assert_eq!(run(&all, "SELECT 'never'").ok(), "init,1\none;2\ntwo;3\nsql;4\n");
    assert_eq!(run(&["-init", init, "-cmd", "SELECT 2"], "SELECT 3, 4;").ok(), "init,1\n2\n3,4\n");
    assert_eq!(run(&["-f", one], "SELECT 'never'").ok(), "one|2\n");
}

#[test]
fn an_error_ends_a_script() {
    let folder = Folder::new("scripts-errors");
    let bad = "SELECT 1;\nSELECT x;\nSELECT 2;\n";
    let paths = files(
        &folder,
        &[("bad", bad), ("good", "SELECT 3;"), ("leave", ".quit\n"), ("half", "BEGIN;\nSELECT x;")],
    );
    let [bad, good, leave, half] = paths.as_slice() else { panic!("four files") };
    let ends = |arguments: &[&str], input: &str, out: &str| {
        let ran = run(arguments, input).fails_with(&["error in line 2", "there is no column x"]);
        assert_eq!(ran.out, out, "{arguments:?}");
        ran.err
    };
    let err = ends(&["-f", bad, "-f", good, ":memory:", "SELECT 4"], "SELECT 5;", "1\n");
    assert!(err.contains(&format!("of {bad}:")), "{err}");
    ends(&["-init", bad, "-f", good], "", "1\n");
    ends(&["-init", bad], "SELECT 5;", "1\n");
    // What is typed goes on behind a script that failed.
    ends(&[":memory:", &format!(".read '{bad}'"), "SELECT 4"], "", "1\n");
    ends(&[], &format!(".read '{bad}'\nSELECT 4;\n"), "1\n4\n");
    let prompted = run(&["-init", bad, "-interactive"], "SELECT 5;").fails_with(&["no column x"]);
    assert!(prompted.out.contains("\n1\n") && prompted.out.contains("5\n"), "{}", prompted.out);
    ends(&["-f", half], "", "");
    assert_eq!(run(&["-init", leave, "-interactive"], "SELECT 5;").ok().matches('5').count(), 0);
    assert_eq!(run(&["-f", leave, "-f", good], "").ok(), "");
    run(&["-f", "/no/such/script"], "").fails_with_a_line(&["/no/such/script"]);
    run(&["-cmd", "SELECT x"], "SELECT 1;").fails_with(&["of command 1"]);
}
