//! Bytes in and bytes out of one instance (`docs/contract.md`, section 1).

use std::time::Duration;

use wasmtime::{Memory, Store, StoreLimitsBuilder, TypedFunc};

use super::EngineError;
use super::module::{Host, Module, TICK};

/// The largest password cost takes 1 GiB, and the flows beside it some megabytes.
const MEMORY_LIMIT: usize = 3 << 29;

/// The engine aligns nothing that it takes or gives.
const ALIGN: u32 = 1;

type Exchange = TypedFunc<(u32, u32), (u32, u32)>;

/// One instance of the engine: single-threaded, with a memory of its own.
///
/// Every argument and result is one JSON text. After an error the instance must be thrown away.
pub struct Instance {
    store: Store<Host>,
    memory: Memory,
    malloc: TypedFunc<(u32, u32), u32>,
    free: TypedFunc<(u32, u32, u32), ()>,
    open: Exchange,
    begin: Exchange,
    resume: Exchange,
    cancel: Exchange,
    derive: Exchange,
    ticks: u64,
}

impl Instance {
    /// The engine that is built into this crate. `deadline` is how long one call into it may take.
    ///
    /// # Errors
    /// [`EngineError::Load`] when the machine cannot run it.
    pub fn new(deadline: Duration) -> Result<Self, EngineError> {
        Self::of(&Module::shipped()?, deadline)
    }

    /// Makes instances of another build of the engine. For the scenarios, which hold every build to the same bytes.
    #[doc(hidden)]
    pub fn of_build(
        wasm: &[u8],
        deadline: Duration,
    ) -> Result<impl Fn() -> Result<Self, EngineError> + use<>, EngineError> {
        let module = Module::compile(wasm)?;
        Ok(move || Self::of(&module, deadline))
    }

    pub(crate) fn of(module: &Module, deadline: Duration) -> Result<Self, EngineError> {
        Self::instantiate(module, deadline).map_err(|error| EngineError::Load(format!("{error:#}")))
    }

    fn instantiate(module: &Module, deadline: Duration) -> wasmtime::Result<Self> {
        let limits = StoreLimitsBuilder::new().memory_size(MEMORY_LIMIT).build();
        let mut store = Store::new(module.ready().module().engine(), limits);
        store.limiter(|limits| limits);
        let ticks = ticks(deadline);
        store.set_epoch_deadline(ticks);

        let instance = module.ready().instantiate(&mut store)?;
        let memory =
            instance.get_memory(&mut store, "memory").ok_or_else(|| wasmtime::format_err!("it exports no memory"))?;
        instance.get_typed_func::<(), ()>(&mut store, "__wbindgen_start")?.call(&mut store, ())?;
        let malloc = instance.get_typed_func(&mut store, "__wbindgen_malloc")?;
        let free = instance.get_typed_func(&mut store, "__wbindgen_free")?;
        let [open, begin, resume, cancel, derive] =
            ["open", "begin", "resume", "cancel", "derive"].map(|name| instance.get_typed_func(&mut store, name));
        Ok(Self {
            memory,
            malloc,
            free,
            open: open?,
            begin: begin?,
            resume: resume?,
            cancel: cancel?,
            derive: derive?,
            store,
            ticks,
        })
    }

    /// Takes the configuration, once, before any flow begins.
    ///
    /// # Errors
    /// [`EngineError::Trapped`], as of every call.
    pub fn open(&mut self, configuration: &[u8]) -> Result<Vec<u8>, EngineError> {
        let open = self.open.clone();
        self.exchange(&open, configuration)
    }

    /// Begins a flow with a call, and answers its first step.
    ///
    /// # Errors
    /// [`EngineError::Trapped`], as of every call.
    pub fn begin(&mut self, call: &[u8]) -> Result<Vec<u8>, EngineError> {
        let begin = self.begin.clone();
        self.exchange(&begin, call)
    }

    /// Hands a flow the answer it waits for, and answers its next step.
    ///
    /// # Errors
    /// [`EngineError::Trapped`], as of every call.
    pub fn resume(&mut self, answer: &[u8]) -> Result<Vec<u8>, EngineError> {
        let resume = self.resume.clone();
        self.exchange(&resume, answer)
    }

    /// Drops a flow.
    ///
    /// # Errors
    /// [`EngineError::Trapped`], as of every call.
    pub fn cancel(&mut self, flow: &[u8]) -> Result<Vec<u8>, EngineError> {
        let cancel = self.cancel.clone();
        self.exchange(&cancel, flow)
    }

    /// Derives a key; needs no [`Instance::open`].
    ///
    /// # Errors
    /// [`EngineError::Trapped`], as of every call.
    pub fn derive(&mut self, request: &[u8]) -> Result<Vec<u8>, EngineError> {
        let derive = self.derive.clone();
        self.exchange(&derive, request)
    }

    /// Lets the next call run into its deadline at once, to try what follows a trap.
    #[cfg(test)]
    pub(super) fn starve(&mut self) {
        self.ticks = 0;
    }

    fn exchange(&mut self, export: &Exchange, input: &[u8]) -> Result<Vec<u8>, EngineError> {
        self.store.set_epoch_deadline(self.ticks);
        self.pass(export, input).map_err(|error| EngineError::Trapped(format!("{error:#}")))
    }

    fn pass(&mut self, export: &Exchange, input: &[u8]) -> wasmtime::Result<Vec<u8>> {
        let length = u32::try_from(input.len())?;
        let at = self.malloc.call(&mut self.store, (length, ALIGN))?;
        self.memory.write(&mut self.store, at as usize, input)?;
        let (at, length) = export.call(&mut self.store, (at, length))?;
        let output = self
            .memory
            .data(&self.store)
            .get(at as usize..)
            .and_then(|from| from.get(..length as usize))
            .ok_or_else(|| wasmtime::format_err!("its result lies outside its memory"))?
            .to_vec();
        self.free.call(&mut self.store, (at, length, ALIGN))?;
        Ok(output)
    }
}

/// The call begins somewhere inside a tick, so one more than the deadline holds.
fn ticks(deadline: Duration) -> u64 {
    let whole = deadline.as_nanos().div_ceil(TICK.as_nanos());
    u64::try_from(whole).unwrap_or(u64::MAX - 1).saturating_add(1)
}
