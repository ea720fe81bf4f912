//! `cargo xtask size`: what each wasm module weighs, as it is and as it travels.

use std::fs;
use std::io::Write;

use anyhow::{Context, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::project;
use crate::wasm::{self, Module};

/// The most that the plain engine may weigh, in bytes, compressed with brotli at its strongest.
const ENGINE_BUDGET: usize = 720_000;

/// The same for the browser module, which pages download.
const BROWSER_BUDGET: usize = 120_000;

/// The weights of one module, in bytes.
struct Size {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

/// Builds what changed and prints a table of those that ship; fails when one that travels is over its budget.
pub(crate) fn run() -> anyhow::Result<()> {
    wasm::run()?;
    println!("{:<18} {:>10} {:>10} {:>10}", "module", "raw", "gzip -9", "brotli -11");
    let mut over = Vec::new();
    for module in Module::SHIPPED {
        let size = Size::measure(module)?;
        println!("{:<18} {:>10} {:>10} {:>10}", module.file(), size.raw, size.gzip, size.brotli);
        if let Some(budget) = budget(module).filter(|budget| size.brotli > *budget) {
            over.push(format!("{} is {} bytes with brotli, over the budget of {budget}", module.file(), size.brotli));
        }
    }
    ensure!(over.is_empty(), "{}", over.join("; "));
    println!("size: within the budgets of {ENGINE_BUDGET} (engine) and {BROWSER_BUDGET} (browser) bytes with brotli");
    Ok(())
}

/// In bytes with brotli. wasmtime's engine is read from a disk.
fn budget(module: Module) -> Option<usize> {
    match module {
        Module::Engine => Some(ENGINE_BUDGET),
        Module::Browser => Some(BROWSER_BUDGET),
        Module::EngineWide | Module::Signatures | Module::SignaturesWide => None,
    }
}

impl Size {
    fn measure(module: Module) -> anyhow::Result<Self> {
        let path = project::path(module.folder()).join(module.file());
        let wasm = fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
        Ok(Size { raw: wasm.len(), gzip: gzip(&wasm)?, brotli: brotli(&wasm)? })
    }
}

fn gzip(bytes: &[u8]) -> anyhow::Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn brotli(bytes: &[u8]) -> anyhow::Result<usize> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 24, ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters)?;
    Ok(compressed.len())
}
