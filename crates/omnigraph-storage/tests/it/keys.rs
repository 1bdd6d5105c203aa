//! Keys: invalid names are rejected, and encoded names differ even where case is ignored.

use omnigraph_storage::{ErrorKind, Key};
use proptest::prelude::*;

#[test]
fn invalid_keys_are_errors() {
    for bad in ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\\b", "a\0", "a\nb", "a/\u{85}"] {
        let error = Key::parse(bad).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Invalid, "OG-STORAGE-002"), "{bad:?}");
    }
    assert!(Key::parse(&"x".repeat(256)).is_err());
    assert!(Key::parse(&"x/".repeat(600)).is_err());
    assert!(Key::parse("a").unwrap().join("../b").is_err());
}

#[test]
fn keys_are_joined_and_split() {
    let key = Key::root().join("a").unwrap().join("b/c.json").unwrap();
    assert_eq!(key.as_str(), "a/b/c.json");
    assert_eq!(key.name(), "c.json");
    assert_eq!(key.segments().collect::<Vec<_>>(), ["a", "b", "c.json"]);
    assert_eq!(key.parent().unwrap().as_str(), "a/b");
    assert!(Key::parse("a").unwrap().parent().unwrap().is_root());
    assert_eq!(Key::root().parent(), None);
}

#[test]
fn names_are_encoded_as_documented() {
    let cases = [
        ("main", "main"),
        ("feature/x", "feature%2fx"),
        ("Main", "%4dain"),
        (".", "%2e"),
        ("v1.2", "v1.2"),
        ("v.", "v%2e"),
    ];
    for (name, segment) in cases {
        assert_eq!(Key::encode_segment(name).unwrap(), segment);
    }
    assert!(Key::encode_segment(&"a".repeat(200)).is_ok());
    for bad in ["", &"A".repeat(100), &"a".repeat(300)] {
        assert_eq!(Key::encode_segment(bad).unwrap_err().kind(), ErrorKind::Invalid);
    }
    for bad in ["", "%", "%4", "%4D", "%61", "Main", "a/b", ".a", "%zz", "%ff", "a b"] {
        assert_eq!(Key::decode_segment(bad).unwrap_err().kind(), ErrorKind::Corrupt, "{bad:?}");
    }
}

proptest! {
    #[test]
    fn decoding_inverts_encoding(name in "\\PC{1,30}|[ -~]{1,70}|(?s).{1,20}") {
        let segment = Key::encode_segment(&name).unwrap();
        prop_assert_eq!(Key::decode_segment(&segment).unwrap(), name);
        let file = format!("{segment}.json");
        prop_assert!(Key::parse(&file).is_ok());
        prop_assert_eq!(segment.to_lowercase(), segment.clone(), "nothing is left that a file system could fold");
        prop_assert!(segment.is_ascii());
    }

    #[test]
    fn different_names_never_collide(one in "[aAb./%é\u{301}e]{1,2}", two in "[aAb./%é\u{301}e]{1,2}") {
        let (a, b) = (Key::encode_segment(&one).unwrap(), Key::encode_segment(&two).unwrap());
        prop_assert_eq!(a.eq_ignore_ascii_case(&b), one == two);
    }

    #[test]
    fn names_that_differ_only_in_case_never_collide(name in "[a-zA-Z./é]{1,20}") {
        let segment = Key::encode_segment(&name).unwrap();
        for other in [name.to_lowercase(), name.to_uppercase()].into_iter().filter(|other| *other != name) {
            prop_assert!(!segment.eq_ignore_ascii_case(&Key::encode_segment(&other).unwrap()));
        }
    }

    #[test]
    fn no_text_makes_decoding_or_parsing_panic(text in "(?s).{0,40}") {
        let _ = Key::decode_segment(&text);
        if let Ok(key) = Key::parse(&text) {
            let path = key.to_path();
            prop_assert_eq!(path.as_ref(), key.as_str());
            prop_assert_eq!(Key::from_path(&path).unwrap(), key);
        }
    }
}
