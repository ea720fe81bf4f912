//! `claviger purge`.

use std::collections::BTreeMap;

use clap::Args;
use claviger::Claviger;
use claviger::commands::Purge;
use serde::Serialize;

use super::failure::Failure;
use super::output::Output;

#[derive(Debug, Args)]
pub(super) struct PurgeArguments {
    /// Only count
    #[arg(long)]
    dry_run: bool,
    /// Leave rows for so many seconds after they are over
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    retention: u64,
}

#[derive(Default, Serialize)]
struct Total {
    seen: u64,
    purged: BTreeMap<String, u64>,
    unreadable: Vec<String>,
}

/// Goes through the whole store, a page at a time.
pub(super) async fn run(auth: &Claviger, arguments: PurgeArguments, output: Output) -> Result<(), Failure> {
    let mut total = Total::default();
    let mut purge = Purge { dry_run: arguments.dry_run, retention: arguments.retention, ..Purge::default() };
    loop {
        let page = auth.purge(&purge).await?;
        total.seen += page.seen;
        for (kind, count) in page.purged {
            *total.purged.entry(kind).or_default() += count;
        }
        total.unreadable.extend(page.unreadable);
        purge.after = page.next;
        if purge.after.is_none() {
            return output.record(&total);
        }
    }
}
