//! `docs/format.md` is in step with the code, and enough to read a database by.
//!
//! The numbers at the document's end are compared with the source, the tables above with the
//! numbers. Then a reader that knows nothing but the document (this file's second half) reads what
//! the engine wrote: meta, trees, long values, map and log.

use drystone_core::checksum::crc32c;
use drystone_core::{Database, Options, StaticMemory, View};
use drystone_platform_sim::{Plan, SimOptions, SimPlatform};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "core/src/page/format.rs";
const META: &str = "core/src/meta/format.rs";
const SPACE: &str = "core/src/space/format.rs";
const LOG: &str = "core/src/log/format.rs";

/// A number, a range of bytes, or a byte string as it is written.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Number(u64),
    Range(u64, u64),
    Text(String),
}

type Constants = BTreeMap<String, Value>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The document; `None` where the package stands alone.
fn document() -> Option<String> {
    let text = fs::read_to_string(root().join("docs/format.md")).ok();
    if text.is_none() {
        println!("skipped: docs/format.md is not there");
    }
    text
}

/// The fenced blocks of a kind: the rest of the opening line, and the lines inside.
fn blocks(document: &str, kind: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix("```").and_then(|rest| rest.strip_prefix(kind)) {
            let inside = lines.by_ref().take_while(|line| *line != "```").map(str::to_owned).collect();
            found.push((rest.trim().to_owned(), inside));
        }
    }
    found
}

/// The value of a simple expression; names are looked up in `known`, later ones first.
fn evaluate(text: &str, known: &[&Constants]) -> Option<Value> {
    let text = text.trim();
    if let Some(start) = text.find("b\"") {
        let end = text.rfind('"')? + 1;
        return Some(Value::Text(text[start..end].to_owned()));
    }
    if let Some((from, to)) = text.split_once("..") {
        return Some(Value::Range(number(from, known)?, number(to, known)?));
    }
    number(text, known).map(Value::Number)
}

fn number(text: &str, known: &[&Constants]) -> Option<u64> {
    let text = text.trim();
    if let Some((left, right)) = text.split_once(" + ") {
        return Some(number(left, known)? + number(right, known)?);
    }
    if let Some((left, right)) = text.split_once(" << ") {
        return Some(number(left, known)? << number(right, known)?);
    }
    let plain = text.replace('_', "");
    if let Ok(number) = plain.parse() {
        return Some(number);
    }
    match known.iter().rev().find_map(|known| known.get(text))? {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// The constants that the document states, by source file.
fn stated(document: &str) -> BTreeMap<String, Constants> {
    let block = |(file, lines): (String, Vec<String>)| {
        let line = |line: String| {
            let (name, value) = line.split_once(" = ").expect("name = value");
            let value = evaluate(value, &[]).unwrap_or_else(|| panic!("{file}: {line}"));
            (name.to_owned(), value)
        };
        let constants = lines.into_iter().map(line).collect();
        (file, constants)
    };
    blocks(document, "constants ").into_iter().map(block).collect()
}

/// The constants of a source file: `const` items, numbered variants, and the fields that
/// `put_*(&mut bytes, offset, self.field)` writes.
fn constants(source: &str, page: &Constants) -> Constants {
    let mut found = Constants::new();
    for line in source.lines() {
        let item = ["const ", "pub const ", "pub(crate) const "].iter().find_map(|w| line.strip_prefix(w));
        if let Some((head, value)) = item.and_then(|item| item.split_once(" = "))
            && let Some((name, _)) = head.split_once(':')
            && let Some(value) = evaluate(value.trim_end_matches(';'), &[page, &found])
        {
            found.insert(name.to_owned(), value);
        }
        let line = line.trim();
        if let Some((name, value)) = line.strip_suffix(',').and_then(|line| line.split_once(" = "))
            && let Ok(value) = value.parse()
        {
            found.insert(name.to_owned(), Value::Number(value));
        }
        if let Some((name, start, len)) = field(line) {
            found.insert(name, Value::Range(start, start + len));
        }
    }
    found
}

/// A field in a line that writes one: name, offset, length.
fn field(line: &str) -> Option<(String, u64, u64)> {
    let (call, rest) = line.split_once("(&mut bytes, ")?;
    if let Some(name) = call.strip_prefix("self.").and_then(|call| call.strip_suffix(".put")) {
        return Some((name.to_owned(), rest.strip_suffix(");")?.parse().ok()?, 8));
    }
    let (offset, what) = rest.split_once(", ")?;
    let len = match call {
        "put_u32" => 4,
        "put_u64" => 8,
        "put" => 12,
        _ => return None,
    };
    let name = match what.split_once("self.") {
        Some((_, name)) => name.chars().take_while(|c| c.is_alphanumeric() || "._".contains(*c)).collect(),
        None => what.strip_suffix(");")?.to_lowercase(),
    };
    (name != "crc").then_some((name, offset.parse().ok()?, len))
}

#[test]
fn the_numbers_are_those_of_the_source() {
    let Some(document) = document() else { return };
    let stated = stated(&document);
    let read = |file: &str| fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    let page = constants(&read(PAGE), &Constants::new());
    for (file, stated) in &stated {
        let source = constants(&read(file), &page);
        for (name, value) in stated {
            assert_eq!(source.get(name), Some(value), "{file}: {name} in the source, in the document");
        }
        if file.ends_with("format.rs") {
            let missing: Vec<&String> = source.keys().filter(|name| !stated.contains_key(*name)).collect();
            assert!(missing.is_empty(), "{file}: the document lacks {missing:?}");
        }
    }
    for room in ["page", "meta", "space", "log"] {
        assert!(stated.contains_key(&format!("core/src/{room}/format.rs")), "the document lacks {room}");
    }
}

#[test]
fn the_tables_have_the_same_numbers() {
    let Some(document) = document() else { return };
    let stated = stated(&document);
    for (file, sections) in [(META, "2"), (PAGE, "3"), (LOG, "67")] {
        let mut rows = BTreeSet::new();
        for section in document.split("\n## ").filter(|text| sections.contains(&text[..1])) {
            let cells = |line: &str| {
                let mut cells = line.strip_prefix('|')?.split('|').map(|cell| cell.trim().parse::<u64>());
                Some((cells.next()?.ok()?, cells.next()?.ok()?))
            };
            rows.extend(section.lines().filter_map(cells));
        }
        for (name, value) in &stated[file] {
            if let Value::Range(start, end) = value {
                assert!(rows.contains(&(*start, end - start)), "{file}: no row for {name}");
            }
        }
    }
}

// --- databases to read ---------------------------------------------------------------------------

type Memory = StaticMemory<SimPlatform, 512, 64, 4096, 2>;
type Engine = Database<SimPlatform, Memory>;
type Entries = Vec<(Vec<u8>, Vec<u8>)>;

/// What the devices hold after `fill`, and a clean close if `close` says so.
fn written(close: bool, fill: impl FnOnce(&Engine)) -> (Vec<u8>, Vec<u8>) {
    let platform = SimPlatform::new(SimOptions { seed: 1, ..SimOptions::default() });
    let kept = platform.clone();
    let options = Options { ring_len: 128 << 10, checkpoint_auto: false, ..Options::default() };
    let db = Engine::open(platform, Memory::new(), options).unwrap();
    fill(&db);
    if close {
        db.close().unwrap();
    }
    let state = kept.crash(Plan::AllNew);
    (state.data, state.log)
}

/// The document's example.
fn walls(db: &Engine) {
    let mut txn = db.write().unwrap();
    let tree = txn.create_tree(b"walls").unwrap();
    txn.put(tree, b"stone-a", b"grey").unwrap();
    txn.put(tree, b"stone-b", b"blue").unwrap();
    txn.commit().unwrap();
}

#[test]
fn the_examples_are_what_the_engine_writes() {
    let Some(document) = document() else { return };
    let (data, _) = written(true, walls);
    let (_, log) = written(false, walls);
    let examples = blocks(&document, "hex ");
    assert!(examples.len() >= 3);
    for (place, lines) in examples {
        let (device, offset) = place.split_once(" 0x").unwrap();
        let offset = usize::from_str_radix(offset, 16).unwrap();
        let bytes: Vec<u8> = lines
            .iter()
            .flat_map(|line| line.split(' '))
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect();
        let found = if device == "data" { &data } else { &log };
        assert_eq!(found[offset..][..bytes.len()], bytes, "{place}");
    }
}

// --- a reader that knows only the document -------------------------------------------------------

struct Numbers(BTreeMap<String, Constants>);

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn varint(bytes: &[u8], at: &mut usize) -> usize {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes[*at];
        *at += 1;
        value |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

fn take<'b>(bytes: &'b [u8], at: &mut usize, len: usize) -> &'b [u8] {
    *at += len;
    &bytes[*at - len..*at]
}

impl Numbers {
    fn number(&self, file: &str, name: &str) -> usize {
        match self.0[file][name] {
            Value::Number(number) => number as usize,
            ref other => panic!("{file}: {name} is {other:?}"),
        }
    }

    fn get(&self, file: &str, name: &str, bytes: &[u8]) -> u64 {
        match self.0[file][name] {
            Value::Range(start, end) => little_endian(&bytes[start as usize..end as usize]),
            ref other => panic!("{file}: {name} is {other:?}"),
        }
    }

    /// The newest meta copy, with its page size.
    fn meta<'d>(&self, data: &'d [u8]) -> (usize, &'d [u8]) {
        let mut size = self.number("core/src/limits.rs", "PAGE_SIZE_MIN");
        while size <= self.number("core/src/limits.rs", "PAGE_SIZE_MAX") {
            let copies = (0..4).filter_map(|copy| {
                let bytes = data.get(copy * size..)?.get(..self.number(META, "META_LEN"))?;
                let valid = bytes[4..16] == *b"Drystone db\0"
                    && u64::from(crc32c(0, &bytes[4..])) == little_endian(&bytes[..4])
                    && self.get(META, "version", bytes) == self.number(META, "VERSION") as u64
                    && self.get(META, "page_size", bytes) == size as u64
                    && self.get(META, "generation", bytes) % 2 == copy as u64 / 2;
                valid.then_some(bytes)
            });
            if let Some(meta) = copies.max_by_key(|bytes| self.get(META, "generation", bytes)) {
                return (size, meta);
            }
            size *= 2;
        }
        panic!("no meta");
    }
}

/// A data device, read by the document.
struct File<'d> {
    numbers: &'d Numbers,
    data: &'d [u8],
    size: usize,
    meta: &'d [u8],
    reached: BTreeSet<usize>,
}

impl<'d> File<'d> {
    fn new(numbers: &'d Numbers, data: &'d [u8]) -> Self {
        let (size, meta) = numbers.meta(data);
        Self { numbers, data, size, meta, reached: BTreeSet::new() }
    }

    /// The view of the page a pointer leads to; `None` for null.
    fn page(&mut self, ptr: &[u8]) -> Option<&'d [u8]> {
        let (page, tag) = (little_endian(&ptr[..4]) as usize, little_endian(&ptr[4..8]));
        if page == 0 {
            return None;
        }
        assert!(self.reached.insert(page), "page {page} is reached twice");
        let bytes = &self.data[page * self.size..][..self.size];
        let view = &bytes[self.numbers.number(PAGE, "CRC_LEN")..];
        assert_eq!(u64::from(crc32c(0, view)), little_endian(&bytes[..4]));
        assert_eq!(self.numbers.get(PAGE, "PAGE", view), page as u64);
        assert_eq!(self.numbers.get(PAGE, "TAG", view), tag);
        assert!(self.numbers.get(PAGE, "BIRTH", view) <= self.numbers.get(META, "epoch", self.meta));
        Some(view)
    }

    /// All entries under a node of a tree, in order.
    fn entries(&mut self, ptr: &[u8], tree: u64, level: Option<u64>, out: &mut Entries) {
        let Some(view) = self.page(ptr) else { return };
        let get = |name| self.numbers.get(PAGE, name, view);
        assert_eq!(get("TREE"), tree);
        let own = get("LEVEL");
        assert!(level.is_none_or(|level| level == own));
        assert_eq!(get("KIND") as usize, self.numbers.number(PAGE, if own == 0 { "Leaf" } else { "Inner" }));
        let prefix = &view[view.len() - get("PREFIX") as usize..];
        let slot_len = self.numbers.number("core/src/page/node.rs", "SLOT");
        let slots = self.numbers.number(PAGE, "HEADER");
        for index in 0..get("COUNT") as usize {
            let slot = &view[slots + index * slot_len..][..slot_len];
            let head_len = self.numbers.number("core/src/page/node.rs", "HEAD");
            let (head, mut at) = (&slot[..head_len], little_endian(&slot[head_len..]) as usize);
            let value = varint(view, &mut at);
            if own > 0 {
                let child = take(view, &mut at, self.numbers.number(PAGE, "POINTER"));
                self.entries(child, tree, Some(own - 1), out);
                continue;
            }
            let suffix_len = if value % 2 == 1 { varint(view, &mut at) } else { 2 * get("USUAL") as usize };
            let (suffix_len, long) = (suffix_len / 2, suffix_len % 2 == 1);
            let in_head = suffix_len <= head_len;
            let suffix = if in_head { &head[..suffix_len] } else { take(view, &mut at, suffix_len) };
            let same = suffix_len.min(head_len);
            assert_eq!((&head[..same], head[same..].iter().any(|byte| *byte > 0)), (&suffix[..same], false));
            let key = [prefix, suffix].concat();
            let value = match long {
                false => take(view, &mut at, value / 2).to_vec(),
                true => self.long(&view[at..at + 8], tree, &key, value / 2),
            };
            out.push((key, value));
        }
    }

    fn long(&mut self, first: &[u8], tree: u64, key: &[u8], len: usize) -> Vec<u8> {
        let mut value = Vec::new();
        let mut ptr = first;
        while value.len() < len {
            let view = self.page(ptr).unwrap();
            assert_eq!(self.numbers.get(PAGE, "TREE", view), tree);
            assert_eq!(self.numbers.get(PAGE, "KIND", view) as usize, self.numbers.number(PAGE, "Overflow"));
            let mut at = self.numbers.number(PAGE, "HEADER");
            ptr = take(view, &mut at, 8);
            let key_len = little_endian(take(view, &mut at, 2)) as usize;
            assert_eq!(take(view, &mut at, key_len), key);
            value.extend_from_slice(take(view, &mut at, self.numbers.get(PAGE, "COUNT", view) as usize));
        }
        assert_eq!(value.len(), len);
        value
    }

    /// All trees by name.
    fn trees(&mut self) -> BTreeMap<Vec<u8>, Entries> {
        let id = self.numbers.number("core/src/memory/state.rs", "CATALOG") as u64;
        let mut catalog = Vec::new();
        self.entries(&self.meta[72..80], id, None, &mut catalog);
        assert_eq!(catalog.len() as u64, self.numbers.get(META, "catalog_count", self.meta));
        let mut names = BTreeMap::new();
        let mut trees = BTreeMap::new();
        let mut graves = 0;
        for (key, value) in catalog {
            let mut entries = Vec::new();
            match key[0] {
                b'i' => {
                    let id = u32::from_be_bytes(key[1..].try_into().unwrap());
                    self.entries(&value[..8], id.into(), None, &mut entries);
                    assert_eq!(entries.len() as u64, little_endian(&value[8..16]));
                    trees.insert(id, entries);
                }
                b'n' => drop(names.insert(key[1..].to_vec(), little_endian(&value) as u32)),
                b'g' => {
                    graves += 1;
                    self.entries(&value[4..12], little_endian(&value[..4]), None, &mut entries);
                }
                other => panic!("a catalog key that begins with {other}"),
            }
        }
        assert_eq!(graves, self.numbers.get(META, "graves", self.meta));
        assert_eq!(names.len(), trees.len());
        names.into_iter().map(|(name, id)| (name, trees.remove(&id).unwrap())).collect()
    }

    /// The pages the map calls used.
    fn used(&mut self, ptr: &[u8], level: u32, node: usize, out: &mut BTreeSet<usize>) {
        let kept = std::mem::take(&mut self.reached);
        let view = self.page(ptr);
        self.reached = kept;
        let Some(view) = view else { return };
        let kind = self.numbers.number(PAGE, if level == 0 { "MapLeaf" } else { "MapInner" });
        assert_eq!(self.numbers.get(PAGE, "KIND", view) as usize, kind);
        let words = (self.size - 36) / 8;
        let place = self.places(level, node);
        assert!((place..place + 3).contains(&(little_endian(&ptr[..4]) as usize)));
        if level > 0 {
            for slot in 0..words {
                self.used(&view[32 + slot * 8..][..8], level - 1, node * words + slot, out);
            }
            return;
        }
        let set = |bit: &usize| view[32 + bit / 8] >> (bit % 8) & 1 == 1;
        out.extend((0..words * 64).filter(set).map(|bit| node * words * 64 + bit));
    }

    /// Where the places of a node of the map begin.
    fn places(&self, level: u32, node: usize) -> usize {
        let words = (self.size - 36) / 8;
        let bits = words * 64;
        match (level, node) {
            (0, 0) => self.numbers.number(SPACE, "META_PAGES"),
            (0, _) => node * bits,
            (_, 0) => words.pow(level - 1) * bits + 4 * level as usize,
            _ => node * words.pow(level) * bits + 4 * level as usize,
        }
    }

    /// Meta pages and places of the map.
    fn reserved(&self) -> BTreeSet<usize> {
        let count = self.numbers.get(META, "page_count", self.meta) as usize;
        let mut pages: BTreeSet<usize> = (0..self.numbers.number(SPACE, "META_PAGES")).collect();
        for level in 0..=self.numbers.number(SPACE, "MAP_LEVELS_MAX") as u32 {
            for node in 0.. {
                let place = self.places(level, node);
                if place >= count {
                    break;
                }
                pages.extend(place..place + self.numbers.number(SPACE, "PLACES"));
            }
        }
        pages
    }
}

fn long_values(db: &Engine, model: &mut BTreeMap<Vec<u8>, Vec<u8>>) {
    let mut txn = db.write().unwrap();
    let tree = txn.create_tree(b"long").unwrap();
    txn.create_tree(b"empty").unwrap();
    let gone = txn.create_tree(b"gone").unwrap();
    for number in 0..900u32 {
        let key = format!("shared beginning {:05}", number * 7 % 900).into_bytes();
        let value = vec![number as u8; if number % 3 == 0 { 20 } else { 3000 }];
        txn.put(tree, &key, &value).unwrap();
        txn.put(gone, &key, b"gone").unwrap();
        model.insert(key, value);
    }
    txn.commit().unwrap();
    let mut txn = db.write().unwrap();
    txn.drop_tree(b"gone").unwrap();
    let key = b"shared beginning 00007".to_vec();
    assert!(txn.delete(tree, &key).unwrap());
    model.remove(&key);
    txn.commit().unwrap();
}

#[test]
fn the_document_is_enough_to_read_a_database() {
    let Some(document) = document() else { return };
    let numbers = Numbers(stated(&document));
    let mut model = BTreeMap::new();
    let (data, _) = written(true, |db| {
        walls(db);
        long_values(db, &mut model);
    });
    let mut file = File::new(&numbers, &data);
    assert_eq!(numbers.get(META, "clean", file.meta), 1);
    let trees = file.trees();
    assert_eq!(trees.len(), 3);
    assert!(trees[&b"long"[..]] == model.into_iter().collect::<Entries>());
    assert_eq!(trees[&b"walls"[..]][1], (b"stone-b".to_vec(), b"blue".to_vec()));
    let mut used = BTreeSet::new();
    let levels = numbers.get(META, "map_levels", file.meta) as u32;
    assert_eq!(levels, 1, "the database is too small to show a level");
    file.used(&file.meta[88..96], levels, 0, &mut used);
    assert_eq!(used.len() as u64, numbers.get(META, "used_count", file.meta));
    assert_eq!(used, &file.reached | &file.reserved());
}

/// Bytes of a block.
const BLOCK: usize = 512;

/// The payload of the block at an LSN, if it is of the chain.
fn payload<'l>(numbers: &Numbers, log: &'l [u8], meta: &[u8], lsn: u64) -> Option<&'l [u8]> {
    let base = numbers.get(META, "ring_base", meta);
    let offset = ((lsn - base) % numbers.get(META, "ring_len", meta)) as usize;
    let bytes = &log[offset..][..BLOCK];
    let get = |name| numbers.get(LOG, name, bytes);
    let valid = bytes[4..8] == *b"DSlg"
        && (64..=BLOCK as u64).contains(&get("USED"))
        && get("CRC") == u64::from(crc32c(0, &bytes[4..get("USED") as usize]))
        && get("LSN") == lsn
        && get("DATABASE") == numbers.get(META, "identity.database", meta)
        && get("INCARNATION") == numbers.get(META, "identity.incarnation", meta)
        && get("SALT") == numbers.get(META, "identity.salt", meta);
    valid.then(|| &bytes[numbers.number(LOG, "BLOCK_HEADER")..get("USED") as usize])
}

/// The operations of a record: code, tree, key or name, value.
fn operations(numbers: &Numbers, bytes: &[u8]) -> Vec<(usize, usize, Vec<u8>, Vec<u8>)> {
    let code = |name| numbers.number("core/src/log/operations.rs", name);
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let operation = usize::from(take(bytes, &mut at, 1)[0]);
        let tree = varint(bytes, &mut at);
        let key_len = if operation == code("CLEAR") { 0 } else { varint(bytes, &mut at) };
        let value_len = if operation == code("PUT") { varint(bytes, &mut at) } else { 0 };
        let key = take(bytes, &mut at, key_len).to_vec();
        found.push((operation, tree, key, take(bytes, &mut at, value_len).to_vec()));
    }
    found
}

#[test]
fn the_document_is_enough_to_read_a_log() {
    let Some(document) = document() else { return };
    let numbers = Numbers(stated(&document));
    let mut expected = Vec::new();
    let (data, log) = written(false, |db| {
        walls(db);
        let tree = db.read().unwrap().tree(b"walls").unwrap().unwrap();
        for number in 0..40u32 {
            let mut txn = db.write().unwrap();
            // Some records go over several blocks.
            let value = vec![number as u8; number as usize % 7 * 150];
            txn.put(tree, &number.to_be_bytes(), &value).unwrap();
            txn.commit().unwrap();
            expected.push((1, 2, number.to_be_bytes().to_vec(), value));
        }
        let mut txn = db.write().unwrap();
        txn.delete(tree, b"stone-a").unwrap();
        txn.clear_tree(tree).unwrap();
        txn.drop_tree(b"walls").unwrap();
        txn.commit().unwrap();
    });
    let walls = |operation, key: &[u8], value: &[u8]| (operation, 2, key.to_vec(), value.to_vec());
    let first = [walls(3, b"walls", b""), walls(1, b"stone-a", b"grey"), walls(1, b"stone-b", b"blue")];
    expected.splice(0..0, first);
    expected.extend([walls(2, b"stone-a", b""), walls(5, b"", b""), walls(4, b"walls", b"")]);

    let (_, meta) = numbers.meta(&data);
    assert_eq!(numbers.get(META, "clean", meta), 0);
    let mut lsn = numbers.get(META, "replay.lsn", meta);
    let mut chain = numbers.get(META, "replay.chain", meta);
    let mut parent = numbers.get(META, "last_record", meta);
    let mut bytes = Vec::new();
    while let Some(payload) = payload(&numbers, &log, meta, lsn) {
        bytes.extend(payload);
        lsn += BLOCK as u64;
    }
    let header = numbers.number(LOG, "RECORD_HEADER");
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let record = &bytes[at..];
        let len = header + numbers.get(LOG, "len", record) as usize;
        let crc = little_endian(&record[len..len + 4]);
        assert_eq!(crc, u64::from(crc32c(0, &record[..len])));
        assert_eq!(numbers.get(LOG, "chain", record), chain);
        assert_eq!(numbers.get(LOG, "parent", record), parent);
        found.extend(operations(&numbers, &record[header..len]));
        parent = numbers.get(LOG, "epoch", record);
        chain = crc;
        at += numbers.number(LOG, "RECORD_OVERHEAD") - header + len;
    }
    assert!(found == expected, "{} operations instead of {}, or others", found.len(), expected.len());
}
