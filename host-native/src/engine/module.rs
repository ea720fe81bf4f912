//! The compiled module. Compiling takes a second of all processors, so it is done once per process, and with the feature `cache`
//! once per machine: wasmtime keeps the code in its own cache, in the user's cache directory (`~/.cache/wasmtime` on Linux),
//! named by a hash of the module, of every setting and of wasmtime's version. That directory must be writable by nobody else,
//! since what is in it is run. Without such a directory the engine is compiled at each start, as it is without the feature.

use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use wasmtime::{Caller, Config, Engine, ExternType, ImportType, InstancePre, Linker, StoreLimits};

use super::EngineError;

/// The engine with wide arithmetic: the same source as the npm package's, and faster signatures under wasmtime.
const ENGINE: &[u8] = include_bytes!("../../wasm/engine.wide.wasm");

/// How often the clock behind the deadlines ticks.
pub(crate) const TICK: Duration = Duration::from_millis(20);

/// What a wasmtime store carries for us.
pub(super) type Host = StoreLimits;

/// A module that is ready to be instantiated.
#[derive(Clone)]
pub(crate) struct Module {
    ready: Arc<InstancePre<Host>>,
}

impl Module {
    /// The engine that is built into this crate.
    pub(crate) fn shipped() -> Result<Self, EngineError> {
        static SHIPPED: OnceLock<Result<Module, EngineError>> = OnceLock::new();
        SHIPPED.get_or_init(|| Self::compile_with(&kept(settings()), ENGINE)).clone()
    }

    /// Compiles a module and starts the thread that keeps time for its instances.
    pub(crate) fn compile(wasm: &[u8]) -> Result<Self, EngineError> {
        Self::compile_with(&settings(), wasm)
    }

    fn compile_with(settings: &Config, wasm: &[u8]) -> Result<Self, EngineError> {
        let load = |error: wasmtime::Error| EngineError::Load(format!("{error:#}"));
        let engine = Engine::new(settings).map_err(load)?;
        let module = wasmtime::Module::new(&engine, wasm).map_err(load)?;
        let mut linker = Linker::new(&engine);
        for import in module.imports() {
            link(&mut linker, &import).map_err(load)?;
        }
        let ready = linker.instantiate_pre(&module).map_err(load)?;
        keep_time(&engine)?;
        Ok(Self { ready: Arc::new(ready) })
    }

    pub(super) fn ready(&self) -> &InstancePre<Host> {
        &self.ready
    }
}

/// Instances live as long as their worker, so they are allocated on demand: the pooling allocator would save some
/// microseconds after a trap and would fix a number of instances for the whole process.
fn settings() -> Config {
    let mut config = Config::new();
    config.wasm_wide_arithmetic(true).epoch_interruption(true);
    config
}

/// With the compiled code kept between starts, where that can be done.
#[cfg(feature = "cache")]
fn kept(mut settings: Config) -> Config {
    match wasmtime::Cache::new(wasmtime::CacheConfig::new()) {
        Ok(cache) => drop(settings.cache(Some(cache))),
        Err(error) => tracing::debug!(error = format!("{error:#}"), "the compiled engine cannot be kept"),
    }
    settings
}

#[cfg(not(feature = "cache"))]
fn kept(settings: Config) -> Config {
    settings
}

/// Offers the two functions that wasm-bindgen's glue asks for, and refuses a module that asks for more.
fn link(linker: &mut Linker<Host>, import: &ImportType<'_>) -> wasmtime::Result<()> {
    let (module, name) = (import.module(), import.name());
    let ExternType::Func(_) = import.ty() else {
        wasmtime::bail!("it imports {module}::{name}, which is not a function");
    };
    if name.contains("__wbindgen_init_externref_table") {
        linker.func_wrap(module, name, || {})?;
    } else if name.contains("__wbindgen_throw") {
        linker.func_wrap(module, name, throw)?;
    } else {
        wasmtime::bail!("it imports {module}::{name}, which no host offers");
    }
    Ok(())
}

fn throw(mut caller: Caller<'_, Host>, at: u32, length: u32) -> wasmtime::Result<()> {
    let memory = caller.get_export("memory").and_then(|export| export.into_memory());
    let message = memory
        .and_then(|memory| memory.data(&caller).get(at as usize..)?.get(..length as usize))
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .unwrap_or_default();
    wasmtime::bail!("thrown: {message}")
}

/// Ticks for as long as the engine is in use.
fn keep_time(engine: &Engine) -> Result<(), EngineError> {
    let engine = engine.weak();
    let tick = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    };
    thread::Builder::new()
        .name("claviger-clock".into())
        .spawn(tick)
        .map(drop)
        .map_err(|error| EngineError::Load(error.to_string()))
}

#[cfg(all(test, feature = "cache"))]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_was_compiled_once_is_not_compiled_again() {
        let wasm = wat::parse_str(include_str!("tests/engine.wat")).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let counts = [(); 2].map(|()| {
            let mut place = wasmtime::CacheConfig::new();
            place.with_directory(directory.path());
            let cache = wasmtime::Cache::new(place).unwrap();
            let mut settings = settings();
            settings.cache(Some(cache.clone()));
            Module::compile_with(&settings, &wasm).unwrap();
            (cache.cache_misses(), cache.cache_hits())
        });
        assert_eq!(counts, [(1, 0), (0, 1)]);
    }
}
