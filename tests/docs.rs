//! What the pages in `docs/` name exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join("docs").join(name)).unwrap()
}

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else {
            out.push(path);
        }
    }
}

/// What stands between backticks.
fn quoted(page: &str) -> BTreeSet<&str> {
    page.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_test_that_shows_a_promise_exists() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let code: String = files.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    let page = page("operations.md");
    // Keys and file names have fewer underscores than the sentences that tests are called by.
    let tests: Vec<&str> = quoted(&page).into_iter().filter(|name| name.matches('_').count() >= 4).collect();
    assert!(tests.len() > 8, "{tests:?}");
    for name in tests {
        assert!(
            code.contains(&format!("#[test]\n    fn {name}()")) || code.contains(&format!("#[test]\nfn {name}()")),
            "{name}"
        );
    }
}

#[test]
fn every_file_on_the_map_exists() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let files: Vec<String> = files.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let page = page("architecture.md");
    for name in quoted(&page).into_iter().filter(|name| name.ends_with(".rs") && !name.contains('<')) {
        assert!(files.iter().any(|file| file.replace("/src/", "/").ends_with(&format!("/{name}"))), "{name}");
    }
    for name in quoted(&page).into_iter().filter(|name| name.ends_with('/') && !name.contains(' ')) {
        assert!(files.iter().any(|file| file.contains(&format!("/{name}"))) || root().join(name).is_dir(), "{name}");
    }
}
