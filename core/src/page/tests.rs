//! Nodes against a sorted vector, and hostile bytes.

use super::edit;
use super::format::{Identity, Kind, Ptr, begin};
use super::node::{self, Node, Payload};
use super::sequence::{Change, Parts, Sequence};

extern crate std;
use std::vec::Vec;

const fn identity() -> Identity {
    Identity { ptr: Ptr { page: 9, tag: 7 }, birth: 1, tree: 3, kind: Kind::Leaf, level: 0 }
}

fn leaf(len: usize) -> Vec<u8> {
    let mut view = std::vec![0; len];
    begin(&mut view, identity());
    view
}

#[test]
fn cells_come_and_go_in_key_order() {
    let mut view = leaf(508);
    for key in [b"banana", b"apples", b"cherry"] {
        let index = Node::new(&view).search(key).unwrap_err();
        assert!(edit::insert(&mut view, index, [&key[..2], &key[2..]], Payload::Value(&key[..3])));
        node::check(&view).unwrap();
    }
    let node = Node::new(&view);
    assert_eq!(node.search(b"banana"), Ok(1));
    assert_eq!(node.search(b"bananas"), Err(2));
    assert_eq!(node.payload(2), Payload::Value(b"che"));
    let mut copy = leaf(508);
    let sequence = Sequence::One {
        node,
        change: Some(Change {
            index: 3,
            replace: false,
            key: Parts(b"d", b"ate"),
            payload: Payload::Value(b""),
        }),
    };
    assert!(sequence.write(0..4, &mut copy));
    node::check(&copy).unwrap();
    assert_eq!(Node::new(&copy).search(b"date"), Ok(3));
    edit::remove(&mut copy, 0);
    node::check(&copy).unwrap();
    assert_eq!(Node::new(&copy).search(b"apples"), Err(0));
}

/// The first key of an inner node may be above the next one, in its head or only behind it.
#[test]
fn the_first_key_of_an_inner_node_says_nothing() {
    for stale in [&b"key 5 stale"[..], b"zebra", b"key 2", b"key 25", b"a"] {
        let mut view = leaf(508);
        begin(&mut view, Identity { kind: Kind::Inner, level: 1, ..identity() });
        for (index, key) in [stale, b"key 2", b"key 3", b"key 4"].iter().enumerate() {
            let child = Payload::Child(Ptr { page: 20 + index as u32, tag: 1 });
            assert!(edit::insert(&mut view, index, [key, &[]], child));
        }
        node::check(&view).unwrap();
        let node = Node::new(&view);
        let found = [&b"a"[..], b"key 1", b"key 2", b"key 29", b"key 3", b"key 5", b"zoo"];
        assert_eq!(found.map(|key| node.search_child(key)), [0, 0, 1, 1, 2, 3, 3], "{stale:?}");
    }
}

#[test]
fn a_common_prefix_is_stored_once() {
    let mut view = leaf(508);
    for (index, key) in [b"user:0001", b"user:0002", b"user:0003"].iter().enumerate() {
        assert!(edit::insert(&mut view, index, [&key[..], &[]], Payload::Value(b"v")));
    }
    let mut packed = leaf(508);
    assert!(Sequence::One { node: Node::new(&view), change: None }.write(0..3, &mut packed));
    assert_eq!(Node::new(&packed).prefix(), b"user:00");
    assert_eq!(Node::new(&packed).search(b"user:0002"), Ok(1));
    assert_eq!(Node::new(&packed).search(b"user"), Err(0));
    assert_eq!(Node::new(&packed).search(b"user:1"), Err(3));
    node::check(&packed).unwrap();
}

#[test]
fn any_changed_byte_is_refused_or_harmless() {
    let mut view = leaf(508);
    for (index, key) in [b"k1", b"k2", b"k3"].iter().enumerate() {
        assert!(edit::insert(&mut view, index, [&key[..], &[]], Payload::Value(b"value")));
    }
    for at in 0..view.len() {
        for bit in 0..8 {
            view[at] ^= 1 << bit;
            if node::check(&view).is_ok() {
                let node = Node::new(&view);
                for index in 0..node.count() {
                    let _ = (node.suffix(index), node.payload(index), node.search(b"k2"));
                }
            }
            view[at] ^= 1 << bit;
        }
    }
}

/// A node with a cell put in is divided wherever there is a way to, whatever the cells' sizes and beginnings.
#[test]
fn what_does_not_fit_a_page_is_divided() {
    use drystone_platform_sim::Random;
    let mut random = Random::new(11);
    let (mut divided, mut by_the_change) = (0, 0);
    for round in 0..400 {
        let mut view = leaf(508);
        let start = std::vec![b'k'; random.index(80)];
        edit::begin(&mut view, Parts(&[], &[]), start.len() + random.index(6));
        let key = |random: &mut Random| {
            let mut key = if random.below(30) == 0 { Vec::new() } else { start.clone() };
            key.extend(
                (0..random.index(if round % 2 == 0 { 5 } else { 12 })).map(|_| b'i' + random.below(4) as u8),
            );
            key
        };
        loop {
            let (key, value) =
                (key(&mut random), std::vec![7; random.index(if round % 3 == 0 { 4 } else { 30 })]);
            let Err(index) = Node::new(&view).search(&key) else { continue };
            let payload = Payload::Value(&value);
            let change = Change { index, replace: false, key: Parts(&key, &[]), payload };
            let sequence = Sequence::One { node: Node::new(&view), change: Some(change) };
            let len = sequence.len();
            let used = sequence.used(&(0..len));
            assert_eq!(sequence.used_by_all(), used, "round {round}");
            let mut left = leaf(508);
            if used <= 508 {
                assert!(sequence.write(0..len, &mut left), "round {round}");
                view = left;
                continue;
            }
            let at = sequence.middle(508).unwrap_or_else(|| panic!("round {round}: not divided"));
            let mut right = leaf(508);
            assert!(sequence.write(0..at, &mut left) && sequence.write(at..len, &mut right), "round {round}");
            for view in [&left, &right] {
                node::check(view).unwrap();
            }
            divided += 1;
            by_the_change += usize::from(at == 1 || at + 1 == len);
            if index + 1 == len {
                let mut last = leaf(508);
                assert!(sequence.write_last(&mut last));
                node::check(&last).unwrap();
                assert_eq!(Node::new(&last).search(&key), Ok(0));
            }
            break;
        }
    }
    assert!(divided == 400 && by_the_change > 10, "{divided}, {by_the_change}");
}
