//! The exact bytes of every object: a test that detects every change of a format.
//!
//! `UPDATE_EXPECT=1` accepts a change. A change that older builds cannot read needs a new format number.

use expect_test::{Expect, expect};
use omnigraph_history::{CreateTag, layout};
use omnigraph_storage::{Env, Key, Store, StoreOptions};

use crate::fixtures::{commit, create, fork, main};
use crate::test_location::TestLocation;

async fn check(store: &Store, key: &Key, expected: Expect) {
    let bytes = store.read(key).await.unwrap().unwrap();
    expected.assert_eq(std::str::from_utf8(&bytes).unwrap());
}

#[tokio::test]
async fn every_object_has_these_bytes() {
    let site = TestLocation::memory();
    let options = StoreOptions { env: Env::seeded(1), ..StoreOptions::default() };
    let store = Store::open(&site.location, options).unwrap();
    let log = create(store.clone()).await.unwrap();
    let main = main(&log).await;
    let second = commit(&log, &main).await;
    let branch = fork(&log, "Agent 7/näxt", second.reference()).await;
    let first = log.commit_by_id(second.parents[0].commit).await.unwrap();
    log.allocate_fragment_block(0, 16).await.unwrap();

    check(&store, &layout::graph_metadata().unwrap(), expect![[r#"{"format":1,"graph":"01HK153X04EHAFCV92R629A59V","created_at":1704067200005000,"main":{"format":1,"id":"01HK153X0131GV1X6H4Q60TTAA","name":"main","forked_from":null,"created_at":1704067200002000,"created_by":"ada"}}"#]]).await;
    let object = layout::branch(&branch.name).unwrap();
    assert_eq!(object.as_str(), "__graph/branches/%41gent%207%2fn%c3%a4xt.json");
    check(&store, &object, expect![[r#"{"format":1,"id":"01HK153X08PEK65C0SN0KYB27A","name":"Agent 7/näxt","forked_from":{"branch":"01HK153X0131GV1X6H4Q60TTAA","sequence":1,"commit":"01HK153X064Q60TTAA00000001"},"created_at":1704067200009000,"created_by":null}"#]]).await;
    for (record, expected) in [
        (
            &first,
            expect![[
                r#"{"format":1,"commit":"01HK153X024Q60TTAA00000000","branch":"01HK153X0131GV1X6H4Q60TTAA","sequence":0,"generation":1,"parents":[],"kind":"init","actor":"ada","authored_at":1704067200002000,"schema":"4a56e79884a76bf52634bf90f78b67bea74e84b4c4f8dfb7f27620dc181ac640","tables":{"edges/0b":{"version":"9223372036854775816","manifest_bytes":302,"rows":0},"nodes/0a":{"version":"9223372036854775812","manifest_bytes":301,"rows":0}},"changes":{},"operations":[{"id":"01HK153X03S7D2SWSN2WVP89EK","actor":"ada","idempotency_key":"key of 01HK153X03S7D2SWSN2WVP89EK"}],"fragment_blocks":0}"#
            ]],
        ),
        (
            &second,
            expect![[
                r#"{"format":1,"commit":"01HK153X064Q60TTAA00000001","branch":"01HK153X0131GV1X6H4Q60TTAA","sequence":1,"generation":2,"parents":[{"branch":"01HK153X0131GV1X6H4Q60TTAA","sequence":0,"commit":"01HK153X024Q60TTAA00000000"}],"kind":"mutation","actor":"ada","authored_at":1704067200006000,"schema":"4a56e79884a76bf52634bf90f78b67bea74e84b4c4f8dfb7f27620dc181ac640","tables":{"edges/0b":{"version":"9223372036854775816","manifest_bytes":302,"rows":0},"nodes/0a":{"version":"9223372036854775816","manifest_bytes":301,"rows":1}},"changes":{"nodes/0a":{"inserted":1,"updated":0,"deleted":0,"touched":"00000000000000010000000000000007"}},"operations":[{"id":"01HK153X07SZPBAR6DCVZNDJY7","actor":"ada","idempotency_key":"key of 01HK153X07SZPBAR6DCVZNDJY7"}],"fragment_blocks":0}"#
            ]],
        ),
    ] {
        check(&store, &Key::parse(&layout::commit(main.id, record.sequence)).unwrap(), expected).await;
    }
    let tag = CreateTag { name: "v1 Ä".to_owned(), commit: second.reference(), actor: Some("ada".to_owned()) };
    log.create_tag(tag).await.unwrap();
    check(&store, &Key::parse("__graph/tags/v1%20%c3%84.json").unwrap(), expect![[r#"{"format":1,"name":"v1 Ä","commit":{"branch":"01HK153X0131GV1X6H4Q60TTAA","sequence":1,"commit":"01HK153X064Q60TTAA00000001"},"created_at":1704067200011000,"created_by":"ada"}"#]]).await;
    let renamed = log.rename_branch(&branch.name, "b").await.unwrap();
    check(&store, &layout::branch(&renamed.name).unwrap(), expect![[r#"{"format":1,"id":"01HK153X08PEK65C0SN0KYB27A","name":"b","forked_from":{"branch":"01HK153X0131GV1X6H4Q60TTAA","sequence":1,"commit":"01HK153X064Q60TTAA00000001"},"created_at":1704067200009000,"created_by":null,"renames":1}"#]]).await;
    let block = Key::parse("__graph/fragments/00000000000000000001.json").unwrap();
    check(&store, &block, expect![[r#"{"format":1,"start":0,"length":16,"holder":"01HK153X0AG330ZVW9CNMNDH6W"}"#]])
        .await;
}
