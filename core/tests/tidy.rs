//! The rules of the house that a formatter cannot see.
//!
//! Every source file has a header, is ASCII and not too long; functions fit a screen; `core` is
//! free of `std`, `alloc` and `unsafe`; elsewhere `unsafe` stays in `sys.rs`; no module has a name
//! that says nothing; and a room imports only from the rooms that the tables below allow.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Lines of a file without its tests.
const FILE_LINES_MAX: usize = 600;
/// Lines of a function from `fn` to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;
/// Module names that say nothing.
const EMPTY_NAMES: [&str; 8] = ["util", "utils", "common", "misc", "manager", "helper", "helpers", "stuff"];
/// Where a package has its code.
const FOLDERS: [&str; 5] = ["src", "tests", "benches", "examples", "fuzz_targets"];
const PACKAGES: [&str; 13] = [
    "core",
    "platform-posix",
    "platform-linux",
    "platform-macos",
    "platform-sim",
    "sql",
    "cli",
    "crash",
    "conformance",
    "differential",
    "benches",
    "fuzz",
    "embedded",
];

/// The rooms of `core` in their order: each may import from those before it.
const CORE_ROOMS: &[&str] = &[
    "seeded",
    "limits",
    "error",
    "bytes",
    "checksum",
    "device",
    "platform",
    "page",
    "memory",
    "pager",
    "space",
    "btree",
    "log",
    "meta",
    "engine",
    "transaction",
    "cursor",
    "checkpoint",
    "recovery",
    "integrity",
];

/// The rooms of `sql` in their order. `plan` is the language that `bind`, `optimize` and `execute`
/// speak, so it stands before them.
const SQL_ROOMS: &[&str] = &[
    "error",
    "memory",
    "types",
    "encoding",
    "functions",
    "expression",
    "storage",
    "parse",
    "catalog",
    "plan",
    "bind",
    "optimize",
    "execute",
    "session",
];

/// A source file, whole and with everything blanked out that is not code outside tests.
struct Source {
    path: PathBuf,
    text: String,
    code: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else {
        return; // a package without this folder, or `core` outside its workspace
    };
    let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn sources(package: &str, folders: &[&str]) -> Vec<Source> {
    let mut files = Vec::new();
    for folder in folders {
        collect(&root().join(package).join(folder), &mut files);
    }
    let source = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let code = without_tests(&without_words(&text));
        let path = path.strip_prefix(root()).unwrap().to_owned();
        Source { path, text, code }
    };
    files.into_iter().map(source).collect()
}

/// The production code of a package.
fn production(package: &str) -> Vec<Source> {
    let mut sources = sources(package, &["src"]);
    sources.retain(|source| {
        let mut parts = source.path.components().map(|part| part.as_os_str());
        !parts.any(|part| part == "tests" || part == "tests.rs")
    });
    sources
}

/// Blanks out comments, strings and characters; line breaks stay.
fn without_words(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => {
                at + bytes[at..].iter().position(|b| *b == b'\n').unwrap_or(bytes.len() - at)
            }
            b'/' if bytes[at..].starts_with(b"/*") => {
                find(bytes, at + 2, b"*/").map_or(bytes.len(), |end| end + 2)
            }
            b'r' if raw_string(bytes, at).is_some() => raw_string(bytes, at).unwrap(),
            b'"' => string_end(bytes, at),
            b'\'' => character_end(bytes, at),
            _ => {
                at += 1;
                continue;
            }
        };
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end.max(at + 1);
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn find(bytes: &[u8], from: usize, needle: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(needle.len()).position(|window| window == needle).map(|at| from + at)
}

/// The end of a raw string that starts here.
fn raw_string(bytes: &[u8], at: usize) -> Option<usize> {
    if at > 0 && word_byte(bytes[at - 1]) && bytes[at - 1] != b'b' {
        return None;
    }
    let hashes = bytes[at + 1..].iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(at + 1 + hashes) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    find(bytes, at + 2 + hashes, &close).map(|end| end + close.len())
}

fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != b'"' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    (end + 1).min(bytes.len())
}

/// The end of a character literal; a lifetime ends at once.
fn character_end(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at + 1) == Some(&b'\\') {
        return find(bytes, at + 3, b"'").map_or(at + 1, |end| end + 1);
    }
    match bytes.get(at + 2..(at + 6).min(bytes.len())) {
        Some(tail) if tail.first() == Some(&b'\'') => at + 3,
        Some(tail) if bytes[at + 1] >= 0x80 => {
            at + 1 + tail.iter().position(|byte| *byte == b'\'').map_or(0, |end| end + 2)
        }
        _ => at + 1,
    }
}

const fn word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The position behind the brace that closes the first one opened from here; `None` where a
/// semicolon comes first.
fn block_end(code: &str, from: usize) -> Option<usize> {
    let mut depth = [0i32; 3];
    for (at, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'{' => depth[0] += 1,
            b'(' => depth[1] += 1,
            b'[' => depth[2] += 1,
            b')' => depth[1] -= 1,
            b']' => depth[2] -= 1,
            b'}' => {
                depth[0] -= 1;
                if depth[0] == 0 {
                    return Some(at + 1);
                }
            }
            b';' if depth == [0; 3] => return None,
            _ => {}
        }
    }
    None
}

/// Blanks out what is compiled for tests only.
fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    let mut from = 0;
    while let Some(at) = out[from..].find("#[cfg(test)]").map(|at| from + at) {
        let start = at + "#[cfg(test)]".len();
        let end = block_end(&out, start).unwrap_or(start);
        let blank: String = out[at..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(at..end, &blank);
        from = end;
    }
    out
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// Where the word stands alone in the code.
fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = code.as_bytes();
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = at.checked_sub(1).is_none_or(|before| !word_byte(bytes[before]));
        let after = bytes.get(at + word.len()).is_none_or(|byte| !word_byte(*byte));
        before && after
    })
}

fn report(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}\n{}\n", broken.join("\n"));
}

#[test]
fn every_file_has_a_header_and_is_ascii() {
    let mut broken = Vec::new();
    for source in PACKAGES.iter().flat_map(|package| sources(package, &FOLDERS)) {
        let path = source.path.display();
        if !source.text.starts_with("//! ") {
            broken.push(format!("{path}: no `//!` header in the first line"));
        }
        if let Some(at) = source.text.bytes().position(|byte| !byte.is_ascii()) {
            broken.push(format!("{path}:{}: not ASCII", line_of(&source.text, at)));
        }
        let stem = source.path.file_stem().unwrap().to_string_lossy().into_owned();
        let folder = source.path.parent().and_then(Path::file_name).unwrap();
        for name in [stem, folder.to_string_lossy().into_owned()] {
            if EMPTY_NAMES.contains(&name.as_str()) {
                broken.push(format!("{path}: the name {name} says nothing"));
            }
        }
    }
    report("headers, ASCII, names", &broken);
}

#[test]
fn files_and_functions_are_short() {
    let mut broken = Vec::new();
    for source in PACKAGES.iter().flat_map(|package| production(package)) {
        let path = source.path.display();
        let lines = lines_without_tests(&source);
        if lines > FILE_LINES_MAX {
            broken.push(format!("{path}: {lines} lines, at most {FILE_LINES_MAX}"));
        }
        for at in words(&source.code, "fn") {
            let Some(end) = block_end(&source.code, at) else {
                continue;
            };
            let lines = source.code[at..end].matches('\n').count() + 1;
            if lines > FUNCTION_LINES_MAX {
                let line = line_of(&source.code, at);
                broken.push(format!(
                    "{path}:{line}: a function of {lines} lines, at most {FUNCTION_LINES_MAX}"
                ));
            }
        }
    }
    report("lengths", &broken);
}

/// Lines up to the test module, which stands last.
fn lines_without_tests(source: &Source) -> usize {
    let tests = source.text.find("\n#[cfg(test)]\nmod ");
    let end = tests.unwrap_or(source.text.len());
    source.text[..end].lines().count()
}

#[test]
fn core_stands_alone() {
    let mut broken = Vec::new();
    for source in production("core") {
        for word in ["std", "alloc", "unsafe"] {
            for at in words(&source.code, word) {
                let line = line_of(&source.code, at);
                broken.push(format!("{}:{line}: {word} in core", source.path.display()));
            }
        }
    }
    report("no std, alloc, unsafe", &broken);
}

#[test]
fn unsafe_stays_in_sys_and_is_argued() {
    let mut broken = Vec::new();
    for source in PACKAGES.iter().flat_map(|package| sources(package, &FOLDERS)) {
        let is_sys = source.path.file_stem().is_some_and(|stem| stem == "sys");
        for at in words(&source.code, "unsafe") {
            let line = line_of(&source.code, at);
            let path = source.path.display();
            if !is_sys {
                broken.push(format!("{path}:{line}: unsafe outside sys.rs"));
            } else if !is_argued(&source.text, line) {
                broken.push(format!("{path}:{line}: no SAFETY comment above"));
            }
        }
    }
    report("unsafe", &broken);
}

/// Whether the comment right above a line says why it is safe.
fn is_argued(text: &str, line: usize) -> bool {
    let above: Vec<&str> = text.lines().take(line - 1).collect();
    let comment = above.iter().rev().map_while(|line| line.trim_start().strip_prefix("// "));
    comment.into_iter().any(|line| line.starts_with("SAFETY: "))
}

/// The first segments of everything the code names behind `crate::`, with their positions.
fn crate_paths(code: &str) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let start = at + "crate::".len();
        if at > 0 && (word_byte(code.as_bytes()[at - 1]) || code.as_bytes()[at - 1] == b'$') {
            continue;
        }
        if code[start..].starts_with('{') {
            let end = block_end(code, start).unwrap_or(code.len());
            let mut depth = 0;
            let mut segment = true;
            for (offset, byte) in code.bytes().enumerate().take(end).skip(start) {
                match byte {
                    b'{' => depth += 1,
                    b'}' => depth -= 1,
                    b',' => segment = true,
                    byte if word_byte(byte) && depth == 1 && segment => {
                        paths.push((offset, word_at(code, offset)));
                        segment = false;
                    }
                    _ => {}
                }
            }
        } else {
            paths.push((start, word_at(code, start)));
        }
    }
    paths
}

fn word_at(code: &str, at: usize) -> String {
    code[at..].chars().take_while(|c| word_byte(*c as u8)).collect()
}

/// Which room each name re-exported at the crate's root comes from.
fn exports(lib: &str, rooms: &[&str]) -> BTreeMap<String, String> {
    let mut exports = BTreeMap::new();
    for (at, _) in lib.match_indices("pub use ") {
        let rest = &lib[at + "pub use ".len()..];
        let Some((path, _)) = rest.split_once(';') else {
            continue;
        };
        let room = word_at(path, 0);
        if rooms.contains(&room.as_str()) {
            let names = path[room.len()..].split(|c: char| !word_byte(c as u8));
            exports.extend(names.map(|name| (name.to_owned(), room.clone())));
        }
    }
    exports
}

/// The modules written inside a file; their `super` is the file itself.
fn inline_modules(code: &str) -> Vec<Range<usize>> {
    let modules = words(code, "mod");
    modules.filter_map(|at| Some(at..block_end(code, at)?)).collect()
}

fn check_rooms(package: &str, rooms: &[&str]) {
    let sources = production(package);
    let lib = sources.iter().find(|source| source.path.ends_with("src/lib.rs"));
    let Some(lib) = lib else {
        return;
    };
    let exports = exports(&lib.code, rooms);
    let position = |name: &str| rooms.iter().position(|room| *room == name);
    let mut broken = Vec::new();
    for source in sources.iter().filter(|source| !source.path.ends_with("src/lib.rs")) {
        let path = source.path.display();
        let mut parts = source.path.components().skip(2);
        let first = parts.next().unwrap().as_os_str().to_string_lossy().into_owned();
        let is_root = parts.next().is_none_or(|part| part.as_os_str() == "mod.rs");
        let room = first.trim_end_matches(".rs");
        let Some(own) = position(room) else {
            broken.push(format!("{path}: the room {room} has no place in the order"));
            continue;
        };
        for (at, name) in crate_paths(&source.code) {
            let line = line_of(&source.code, at);
            let target = exports.get(&name).map_or(name.as_str(), String::as_str);
            match position(target) {
                Some(other) if other > own => {
                    broken.push(format!("{path}:{line}: {room} imports from {target}"));
                }
                Some(_) => {}
                None => broken.push(format!("{path}:{line}: crate::{name} is in no room")),
            }
        }
        let inner = inline_modules(&source.code);
        for (at, _) in source.code.match_indices("super::") {
            if inner.iter().any(|module| module.contains(&at)) {
                continue;
            }
            if is_root || source.code[at..].starts_with("super::super::") {
                let line = line_of(&source.code, at);
                broken.push(format!("{path}:{line}: say crate:: to leave the room"));
            }
        }
    }
    report("a room imports only from rooms before it", &broken);
}

#[test]
fn rooms_of_core() {
    check_rooms("core", CORE_ROOMS);
}

#[test]
fn rooms_of_sql() {
    check_rooms("sql", SQL_ROOMS);
}

#[test]
fn the_scanner_itself() {
    let text = "fn a() { \"crate::x {\"; '\"'; '{'; /* unsafe */ b'\\''; r#\"\"}\"#; }\n// crate::y\n";
    let code = without_words(text);
    assert_eq!(code.len(), text.len());
    assert_eq!(block_end(&code, 0), text.find('\n'));
    assert!(!code.contains("crate") && !code.contains("unsafe"));
    let code = "use crate::{a::{b, c}, D};\n#[cfg(test)]\nmod tests {\n use crate::e;\n}\ncrate::f();";
    let names: Vec<String> = crate_paths(&without_tests(code)).into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["a", "D", "f"]);
    let lib = "pub use a::B;\npub use c::{D, E};\n";
    assert_eq!(exports(lib, &["a", "c"])["E"], "c");
    assert!(words("pub(in x) unsafe_code unsafe {", "unsafe").eq([22]));
    let text = "// SAFETY: it is\n// so.\nunsafe {\n}\n// Safe.\nunsafe {}\nunsafe {}\n";
    assert_eq!([3, 6, 7].map(|line| is_argued(text, line)), [true, false, false]);
}
