//! The examples of the documentation, run. Each chapter (`## ..`) has a database of its own.

mod support;

use std::path::Path;

#[test]
fn the_examples_of_the_sql_documentation() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/sql.md");
    // The package may stand without its repository.
    let Ok(text) = std::fs::read_to_string(&path) else { return };
    let mut script = String::new();
    let mut inside = false;
    for line in text.lines() {
        // Lines keep their numbers.
        match line {
            "```sql" => inside = true,
            "```" => inside = false,
            heading if !inside && heading.starts_with("## ") => script.push_str("---"),
            line if inside => script.push_str(line),
            _ => {}
        }
        script.push('\n');
    }
    let counts = support::script::check_script("docs/sql.md", &script);
    assert!(counts.results >= 60, "{counts:?}");
}
