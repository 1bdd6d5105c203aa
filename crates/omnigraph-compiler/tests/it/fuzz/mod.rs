//! A small fuzzer: programs of the text files, mutated for as long as there is time, against what holds for every text.
//!
//! - `mutate`   from one input to the next
//! - `targets`  what is tried, and what must hold
//! - `shrink`   the least of a failing input that still fails
//!
//! Two seconds by default, as long as `OMNIGRAPH_FUZZ_SECONDS` says otherwise. What is tried follows from the seed alone, so a finding is
//! repeated by giving the seed that it prints as `OMNIGRAPH_FUZZ_SEED`.

mod mutate;
mod shrink;
mod targets;

use std::time::{Duration, Instant};

use self::mutate::Choices;
use self::targets::Target;

/// The seed of a run that names none.
const SEED: u64 = 20_240_229;

/// Time for all targets together, unless the environment gives another.
const SECONDS: u64 = 2;

/// Inputs of a target that are tried even if the time is over.
const LEAST: u64 = 20;

#[test]
fn mutated_inputs_keep_every_promise() {
    let seed = setting("OMNIGRAPH_FUZZ_SEED").unwrap_or(SEED);
    let seconds = setting("OMNIGRAPH_FUZZ_SECONDS").unwrap_or(SECONDS);
    let targets = targets::all();
    let share = Duration::from_secs(seconds) / u32::try_from(targets.len()).unwrap();
    println!("fuzz: seed {seed}, {seconds} s");
    let mut findings = Vec::new();
    for target in &targets {
        let (tried, found) = run(target, seed, share);
        println!("fuzz: {:<24} {tried:>8} inputs from {} programs", target.name, target.corpus.len());
        findings.extend(found);
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

/// The corpus as it is: a promise broken without any mutation is no matter of luck.
#[test]
fn the_corpus_keeps_every_promise() {
    for target in targets::all() {
        assert!(!target.corpus.is_empty(), "{}", target.name);
        for input in &target.corpus {
            if let Err(why) = target.check(input) {
                panic!("{}: {why}\n{input}", target.name);
            }
        }
    }
}

/// The fuzzer finds what there is to be found, and shrinks it to little more than its cause.
#[test]
fn a_broken_promise_is_found_and_shrunk() {
    let corpus = vec!["node A { x: I32 }".to_owned(), "edge E: A -> A { y: String? }".to_owned()];
    // Only a splice of both inputs holds both names.
    let broken = Target::new("broken", corpus, |input| match input.contains("I32") && input.contains("String") {
        true => panic!("both"),
        false => Ok(()),
    });
    let (_, found) = run(&broken, SEED, Duration::from_secs(20));
    let found = found.expect("a splice of two inputs is among the mutations");
    let shrunk = found.lines().last().unwrap();
    assert!(found.contains("panicked: both") && found.contains("OMNIGRAPH_FUZZ_SEED="), "{found}");
    assert!(shrunk.len() <= "I32String".len() + 2, "{found}");
}

/// Tries inputs until the time is over or one fails.
#[expect(clippy::disallowed_methods, reason = "the budget is time; what is tried depends on the seed alone")]
fn run(target: &Target, seed: u64, budget: Duration) -> (u64, Option<String>) {
    let start = Instant::now();
    let mut tried = 0;
    while tried < LEAST || start.elapsed() < budget {
        // Each input has a seed of its own, so that the one that fails is the first to be tried again.
        let own = seed.wrapping_add(tried);
        let input = mutate::input(&mut Choices::new(own), &target.corpus);
        tried += 1;
        if let Err(why) = target.check(&input) {
            let small = shrink::shrink(&input, |input| target.check(input).is_err());
            let why = target.check(&small).err().unwrap_or(why);
            let name = target.name;
            return (tried, Some(format!("{name}: {why}\nagain with OMNIGRAPH_FUZZ_SEED={own}\n{small}")));
        }
    }
    (tried, None)
}

#[expect(clippy::disallowed_methods, reason = "the switches of the fuzzer")]
fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a whole number, not `{text}`")))
}
