//! The modules that are built, and how each differs from the others.

use std::fmt;

/// One wasm file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    /// The engine for JavaScript hosts.
    Engine,
    /// The engine for wasmtime, with wide arithmetic.
    EngineWide,
    /// The small rooms for browser and edge code.
    Browser,
    /// Signatures over any message, as [`Module::Engine`] checks those of tokens. For tests.
    Signatures,
    /// The same as [`Module::EngineWide`] does.
    SignaturesWide,
}

impl Module {
    /// Every module, in the order in which they are built.
    pub(super) const ALL: [Module; 5] =
        [Module::Engine, Module::EngineWide, Module::Browser, Module::Signatures, Module::SignaturesWide];

    /// Those that ship.
    pub(crate) const SHIPPED: [Module; 3] = [Module::Engine, Module::EngineWide, Module::Browser];

    /// The crate it is built from.
    pub(super) fn package(self) -> &'static str {
        match self {
            Module::Engine | Module::EngineWide => "claviger-engine",
            Module::Browser => "claviger-browser",
            Module::Signatures | Module::SignaturesWide => "claviger-signatures",
        }
    }

    /// The crate's folder.
    pub(super) fn source(self) -> &'static str {
        match self {
            Module::Engine | Module::EngineWide => "wasm/engine",
            Module::Browser => "wasm/browser",
            Module::Signatures | Module::SignaturesWide => "wasm/signatures",
        }
    }

    /// The folder of the host that ships or tests it.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Module::EngineWide | Module::Signatures | Module::SignaturesWide => "host-native/wasm",
            Module::Engine | Module::Browser => "host-node/wasm",
        }
    }

    /// The file's name in that folder.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Module::Engine => "engine.wasm",
            Module::EngineWide => "engine.wide.wasm",
            Module::Browser => "browser_bg.wasm",
            Module::Signatures => "signatures.wasm",
            Module::SignaturesWide => "signatures.wide.wasm",
        }
    }

    /// The name that wasm-bindgen gives its files; it is in the names of the imports, so both engines share it.
    pub(super) fn stem(self) -> &'static str {
        match self {
            Module::Engine | Module::EngineWide => "engine",
            Module::Browser => "browser",
            Module::Signatures | Module::SignaturesWide => "signatures",
        }
    }

    /// The JavaScript glue that ships beside it. The engine's hosts have their own.
    pub(super) fn glue(self) -> &'static [&'static str] {
        match self {
            Module::Browser => &["browser.js", "browser.d.ts"],
            _ => &[],
        }
    }

    /// What the compiler is told.
    ///
    /// The penalty keeps functions that mostly call others (flows, readers of JSON) from being copied into their callers, which made
    /// the engine 6 kB larger and no faster; arithmetic has no calls in it and is inlined as ever.
    ///
    /// No shipped JavaScript engine takes wide arithmetic yet; without it curve25519's 64-bit limbs are twice as slow as its
    /// 32-bit ones, with it twice as fast.
    pub(super) fn rustflags(self) -> &'static [&'static str] {
        match self {
            Module::Engine | Module::Signatures => &[
                "-Ctarget-feature=+simd128,+bulk-memory",
                "-Cllvm-args=-inline-call-penalty=60",
                "--cfg=curve25519_dalek_bits=\"32\"",
            ],
            Module::EngineWide | Module::SignaturesWide => &[
                "-Ctarget-feature=+simd128,+bulk-memory,+wide-arithmetic",
                "-Cllvm-args=-inline-call-penalty=60",
                "--cfg=curve25519_dalek_bits=\"64\"",
                "--cfg=cpubits=\"64\"",
            ],
            Module::Browser => &[
                "-Ctarget-feature=+simd128,+bulk-memory",
                "-Cllvm-args=-inline-call-penalty=60",
                "--cfg=curve25519_dalek_bits=\"32\"",
                "--cfg=getrandom_backend=\"wasm_js\"",
            ],
        }
    }

    /// The crate's features.
    pub(super) fn features(self) -> &'static [&'static str] {
        match self {
            Module::EngineWide | Module::SignaturesWide => &["--features", "wide"],
            Module::Engine | Module::Signatures | Module::Browser => &[],
        }
    }

    /// The features that the optimiser may use, beyond what every module has.
    pub(super) fn optimiser_features(self) -> &'static [&'static str] {
        match self {
            Module::EngineWide | Module::SignaturesWide => &["--enable-wide-arithmetic"],
            Module::Engine | Module::Signatures | Module::Browser => &[],
        }
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Module::Engine => "engine (plain simd)",
            Module::EngineWide => "engine (wide arithmetic)",
            Module::Browser => "browser (plain simd)",
            Module::Signatures => "signatures (plain simd, for tests)",
            Module::SignaturesWide => "signatures (wide arithmetic, for tests)",
        })
    }
}
