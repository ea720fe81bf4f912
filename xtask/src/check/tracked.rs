//! What no file of the project may say: where it was built, and which registry it was installed from.

use anyhow::bail;

use super::files;

/// A text that may not occur, and the beginnings of the paths where it may all the same.
struct Banned {
    text: &'static str,
    why: &'static str,
    except: &'static [&'static str],
}

/// This file alone has to name them.
const HERE: &str = "xtask/src/check/tracked.rs";

const BANNED: [Banned; 9] = [
    Banned { text: "/work/", why: "a path of one machine", except: &[] },
    Banned { text: "/root/", why: "a path of one machine", except: &[] },
    Banned { text: "/home/", why: "a path of one machine", except: &[] },
    Banned {
        text: "../shared",
        why: "a folder outside the project",
        except: &[".ci/run", "tests/vectors/", "core/tests/key_wycheproof.rs", "host-node/test/jose-vectors.test.ts"],
    },
    Banned { text: "registry.npmjs.org", why: "a registry's host", except: &[] },
    Banned { text: "static.crates.io", why: "a registry's host", except: &[] },
    Banned { text: "index.crates.io", why: "a registry's host", except: &[] },
    Banned { text: "files.pythonhosted.org", why: "a registry's host", except: &[] },
    Banned { text: "\"resolved\": \"http", why: "a registry's host in a lockfile", except: &[] },
];

/// Fails with every place where something banned stands.
pub(super) fn check() -> anyhow::Result<()> {
    let mut found = Vec::new();
    for path in files::all()?.iter().filter(|path| *path != HERE) {
        let Some(text) = files::text(path) else { continue };
        found.extend(mistakes(path, &text));
    }
    if !found.is_empty() {
        bail!("{}", found.join("\n"));
    }
    Ok(())
}

fn mistakes(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for banned in BANNED.iter().filter(|banned| !banned.except.iter().any(|except| path.starts_with(except))) {
        for (number, _) in text.lines().enumerate().filter(|(_, line)| line.contains(banned.text)) {
            found.push(format!("{path}:{}: {:?} is {}", number + 1, banned.text, banned.why));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::mistakes;

    #[test]
    fn a_machine_path_is_found_with_its_line() {
        assert_eq!(mistakes("a.md", "x\nsee /work/main"), ["a.md:2: \"/work/\" is a path of one machine"]);
    }

    #[test]
    fn the_vectors_tests_may_look_outside() {
        assert!(mistakes("tests/vectors/jose.rs", "\"../shared/vectors\"").is_empty());
        assert_eq!(mistakes("core/src/lib.rs", "\"../shared/vectors\"").len(), 1);
    }
}
