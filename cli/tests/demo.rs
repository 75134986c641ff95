//! The demonstration, small.

mod program;

use program::{Folder, run, sql};

#[test]
fn builds_queries_and_finds_its_library_again() {
    let folder = Folder::new("demo");
    let file = folder.join("music.db");
    let name = file.display().to_string();
    let arguments = ["demo", "--tracks", "300", "--file", &name];
    let out = run(&arguments, "").ok();
    for text in ["300 tracks", "1,500 plays", "no damage", "2,000 plays found", "Look around"] {
        assert!(out.contains(text), "no '{text}' in: {out}");
    }
    assert_eq!(sql(&file, "SELECT COUNT(*) FROM track; SELECT COUNT(*) FROM play;").ok(), "300\n2000\n");
    // It replaces no file it was pointed at.
    run(&arguments, "").fails_with_a_line(&[&name, "exists"]);
    assert_eq!(sql(&file, "SELECT COUNT(*) FROM track;").ok(), "300\n");
}
