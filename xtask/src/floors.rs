//! `cargo xtask floors`: which crate may use which. The only place that decides it; ARCHITECTURE.md
//! says why.

use anyhow::{Result, bail};

use crate::workspace::{self, Member};

/// Where crates stand and what they may use: names of crates, or a folder for all in it.
struct Floor {
    /// A crate, or a folder that ends with `/`.
    who: &'static str,
    may_use: &'static [&'static str],
    /// What to do instead of an arrow that is not in `may_use`.
    hint: &'static str,
}

/// The table, lowest floor first.
const FLOORS: &[Floor] = &[
    Floor {
        who: "scratch-postgres",
        may_use: &[],
        hint: "a server for tests knows nothing of ours: give it the words that it needs",
    },
    Floor {
        who: "record",
        may_use: &[],
        hint: "the shared words know nobody: move the code to the crate that needs it",
    },
    Floor {
        who: "evaluate",
        may_use: &["record"],
        hint: "evaluate knows only the shared words: pass it plain numbers",
    },
    Floor {
        who: "learn",
        may_use: &["record"],
        hint: "learn knows only the shared words: pass it what it needs",
    },
    Floor {
        who: "store",
        may_use: &["record"],
        hint: "the store knows no nouns: give it rows and bytes",
    },
    Floor {
        who: "tracking",
        may_use: &["record", "store"],
        hint: "tracking knows rows and words, no application and no wire",
    },
    Floor {
        who: "apps/",
        may_use: &["record", "evaluate", "learn"],
        hint: "an application knows only record, evaluate and learn: report outward through \
               record::Journal, and move what two applications share down to a part",
    },
    Floor {
        who: "workbench",
        may_use: &["record", "evaluate", "learn", "store", "tracking", "apps/"],
        hint: "the workbench stands below the other faces: move the code up, or down to a part",
    },
    Floor {
        who: "server",
        may_use: &["record", "evaluate", "store", "tracking", "apps/", "workbench"],
        hint: "the server uses what stands below it",
    },
    Floor {
        who: "fieldkit",
        may_use: &[
            "record",
            "evaluate",
            "learn",
            "store",
            "tracking",
            "apps/",
            "workbench",
            "server",
        ],
        hint: "the command line uses what stands below it",
    },
    Floor {
        who: "xtask",
        may_use: &[],
        hint: "chores have to build when everything else is broken: run the program instead",
    },
];

/// What the tests of any crate may use, and no program.
const FOR_TESTS: &str = "scratch-postgres";

pub(crate) fn run() -> Result<()> {
    let members = workspace::members()?;
    let wrong = wrong_arrows(&members);
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    let n_arrows: usize = members.iter().map(|member| member.uses.len()).sum();
    println!("floors: {} crates, {n_arrows} arrows, all of them downwards", members.len());
    Ok(())
}

/// Each crate without a floor and each arrow that the table does not allow, with what to do.
fn wrong_arrows(members: &[Member]) -> Vec<String> {
    let mut wrong = Vec::new();
    for member in members {
        let Some(floor) = floor(member) else {
            wrong.push(format!(
                "{} ({}) has no floor\n  hint: say in xtask/src/floors.rs what it may use",
                member.name, member.folder
            ));
            continue;
        };
        let for_tests = member.tests_use.iter().filter(|used| *used != FOR_TESTS);
        for used in member.uses.iter().chain(for_tests) {
            let user = members.iter().find(|other| other.name == *used);
            if !user.is_some_and(|used| is_allowed(floor, used)) {
                wrong.push(format!(
                    "{} may not use {used} ({}/Cargo.toml)\n  hint: {}",
                    member.name, member.folder, floor.hint
                ));
            }
        }
    }
    wrong
}

/// How far up a crate stands, from 0; none where the table does not know it.
pub(crate) fn height(member: &Member) -> Option<usize> {
    FLOORS.iter().position(|floor| names(floor.who, member))
}

fn floor(member: &Member) -> Option<&'static Floor> {
    height(member).map(|idx| &FLOORS[idx])
}

fn is_allowed(floor: &Floor, used: &Member) -> bool {
    floor.may_use.iter().any(|who| names(who, used))
}

/// Whether a word of the table means this crate.
fn names(who: &str, member: &Member) -> bool {
    if who.ends_with('/') { member.folder.starts_with(who) } else { member.name == who }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, folder: &str, uses: &[&str]) -> Member {
        Member {
            name: name.to_owned(),
            folder: folder.to_owned(),
            purpose: String::new(),
            root_file: format!("{folder}/src/lib.rs"),
            uses: uses.iter().map(|&name| name.to_owned()).collect(),
            tests_use: [].into(),
        }
    }

    /// A small house with one more crate in it.
    fn house(added: Member) -> Vec<String> {
        wrong_arrows(&[
            member("record", "crates/record", &[]),
            member("evaluate", "crates/evaluate", &["record"]),
            member("scaling", "apps/scaling", &["record", "evaluate"]),
            member("workbench", "faces/workbench", &["record", "scaling"]),
            added,
        ])
    }

    #[test]
    fn arrows_downwards_are_right() {
        let cli = member("fieldkit", "faces/cli", &["workbench", "scaling", "record"]);
        assert_eq!(house(cli), [""; 0]);
    }

    #[test]
    fn an_arrow_upwards_is_refused_with_a_hint() {
        let wrong = house(member("learn", "crates/learn", &["workbench"]));
        assert_eq!(
            wrong,
            ["learn may not use workbench (crates/learn/Cargo.toml)\n  \
              hint: learn knows only the shared words: pass it what it needs"]
        );
    }

    #[test]
    fn an_arrow_sideways_is_refused() {
        let wrong = house(member("craters", "apps/craters", &["scaling"]));
        assert!(wrong[0].starts_with("craters may not use scaling"), "{wrong:?}");
    }

    #[test]
    fn tests_follow_the_same_table() {
        let mut learn = member("learn", "crates/learn", &[]);
        learn.tests_use.insert("scaling".to_owned());
        assert!(house(learn)[0].starts_with("learn may not use scaling"));
    }

    #[test]
    fn a_server_for_tests_is_for_the_tests_of_all_and_for_no_program() {
        let server = member("scratch-postgres", "tests/postgres", &[]);
        let mut learn = member("learn", "crates/learn", &[]);
        learn.tests_use.insert(server.name.clone());
        assert_eq!(wrong_arrows(&[server.clone(), learn]), [""; 0]);
        let learn = member("learn", "crates/learn", &["scratch-postgres"]);
        let wrong = wrong_arrows(&[server, learn]);
        assert!(wrong[0].starts_with("learn may not use scratch-postgres"), "{wrong:?}");
    }

    #[test]
    fn a_crate_that_the_table_does_not_know_is_refused() {
        let wrong = house(member("misc", "crates/misc", &[]));
        assert!(wrong[0].starts_with("misc (crates/misc) has no floor"), "{wrong:?}");
    }

    #[test]
    fn this_house_is_in_order() {
        assert_eq!(wrong_arrows(&workspace::members().unwrap()), [""; 0]);
    }
}
