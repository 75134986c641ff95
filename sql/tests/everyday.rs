//! A hundred things people do every day, in the style of the SQLite and PostgreSQL documentation.

mod support;

#[test]
fn everyday_snippets() {
    let counts = support::script::check_script("everyday.sql", include_str!("everyday.sql"));
    assert!(counts.results + counts.refusals >= 100, "{counts:?}");
    assert!(counts.refusals <= 10, "{counts:?}");
}
