//! What the README shows is what the program and the library do.

mod program;

use program::{Folder, run};

const README: &str = include_str!("../../README.md");

mod example {
    include!("readme/example.rs.txt");

    pub fn run() -> Result<()> {
        main()
    }
}

#[test]
fn the_session() {
    let lines = README
        .lines()
        .filter_map(|line| line.strip_prefix("drystone> ").or_else(|| line.strip_prefix("     ...> ")));
    let input: String = lines.map(|line| line.to_owned() + "\n").collect();
    assert!(input.contains("LEFT JOIN"), "{input}");
    let expected = "Silent Stones|Counting Bridges|9.99\nThe Velvet Foxes||\n";
    assert_eq!(run::<&str>(&[], &input).ok(), expected);
}

#[test]
fn the_example() {
    let shown = format!("```rust\n{}```", include_str!("readme/example.rs.txt"));
    assert!(README.contains(&shown), "the README shows another example");
    let folder = Folder::new("readme");
    std::env::set_current_dir(folder.path()).expect("a folder");
    example::run().expect("the example works");
    let again = example::run();
    assert!(again.is_ok(), "{again:?}");
    assert!(folder.join("library.db").exists());
}

#[test]
fn documents_that_are_named_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = 0;
    for link in README.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(root.join(link).exists(), "{link} does not exist");
        found += 1;
    }
    assert!(found > 3);
}
