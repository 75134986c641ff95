mod splitter;
fn main() {}
