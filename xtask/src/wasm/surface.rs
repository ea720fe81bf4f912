//! What a module may reach and what it offers. The engine's surface is written down here and in `docs/contract.md`,
//! section 1; it fails to build when it grows.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use wasmparser::types::TypesRef;
use wasmparser::{ExternalKind, FuncType, Parser, Payload, TypeRef, ValType, Validator, WasmFeatures};

use super::module::Module;

/// The engine's imports: it can reach nothing by itself.
const ENGINE_IMPORTS: [&str; 1] = ["./engine_bg.js __wbindgen_init_externref_table: func [] -> []"];

/// The engine's exports. The two globals and the table are wasm-bindgen's own and of no use to a host.
const ENGINE_EXPORTS: [&str; 12] = [
    "memory: memory",
    "open: func [i32, i32] -> [i32, i32]",
    "begin: func [i32, i32] -> [i32, i32]",
    "resume: func [i32, i32] -> [i32, i32]",
    "cancel: func [i32, i32] -> [i32, i32]",
    "derive: func [i32, i32] -> [i32, i32]",
    "__wbindgen_malloc: func [i32, i32] -> [i32]",
    "__wbindgen_free: func [i32, i32, i32] -> []",
    "__wbindgen_start: func [] -> []",
    "__wbindgen_externrefs: table",
    "__abort_handler: global",
    "__instance_terminated: global",
];

/// The namespace of everything the browser module imports: its own glue, nothing from a host.
const BROWSER_GLUE: &str = "./browser_bg.js ";

/// What a module imports and exports, one line each.
#[derive(Debug, Default, PartialEq, Eq)]
struct Surface {
    imports: BTreeSet<String>,
    exports: BTreeSet<String>,
}

/// Fails when a module imports or exports anything but what is written down.
pub(super) fn check(module: Module, wasm: &Path) -> anyhow::Result<()> {
    let bytes = fs::read(wasm).with_context(|| format!("could not read {}", wasm.display()))?;
    let surface = Surface::read(&bytes)?;
    match module {
        Module::Engine | Module::EngineWide => surface.check_engine(),
        Module::Browser => surface.check_browser(),
        Module::Signatures | Module::SignaturesWide => Ok(()),
    }
    .with_context(|| format!("{module} does not have the surface of docs/contract.md, section 1"))
}

impl Surface {
    fn read(wasm: &[u8]) -> anyhow::Result<Self> {
        let types = Validator::new_with_features(WasmFeatures::all()).validate_all(wasm)?;
        let types = types.as_ref();
        let mut surface = Surface::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        let kind = match import.ty {
                            TypeRef::Func(index) => signature(types, index),
                            other => format!("{other:?}").to_lowercase(),
                        };
                        let line = format!("{} {}: {kind}", import.module, import.name);
                        surface.imports.insert(line);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        let kind = match export.kind {
                            ExternalKind::Func => signature_of_id(types, types.core_function_at(export.index)),
                            other => format!("{other:?}").to_lowercase(),
                        };
                        surface.exports.insert(format!("{}: {kind}", export.name));
                    }
                }
                _ => {}
            }
        }
        Ok(surface)
    }

    fn check_engine(&self) -> anyhow::Result<()> {
        same("imports", &self.imports, &ENGINE_IMPORTS)?;
        same("exports", &self.exports, &ENGINE_EXPORTS)
    }

    fn check_browser(&self) -> anyhow::Result<()> {
        let foreign = self.imports.iter().filter(|import| !import.starts_with(BROWSER_GLUE)).collect::<Vec<_>>();
        ensure!(foreign.is_empty(), "imports beside its glue: {foreign:?}");
        Ok(())
    }
}

fn same(what: &str, found: &BTreeSet<String>, documented: &[&str]) -> anyhow::Result<()> {
    let documented = documented.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let grown = found.difference(&documented).collect::<Vec<_>>();
    let missing = documented.difference(found).collect::<Vec<_>>();
    ensure!(
        grown.is_empty() && missing.is_empty(),
        "{what}: not documented: {grown:?}; documented but absent: {missing:?}"
    );
    Ok(())
}

fn signature(types: TypesRef<'_>, type_index: u32) -> String {
    signature_of_id(types, types.core_type_at_in_module(type_index))
}

fn signature_of_id(types: TypesRef<'_>, id: wasmparser::types::CoreTypeId) -> String {
    match types.get(id) {
        Some(found) => show(found.unwrap_func()),
        None => "func of no known type".to_owned(),
    }
}

fn show(function: &FuncType) -> String {
    format!("func [{}] -> [{}]", list(function.params()), list(function.results()))
}

fn list(types: &[ValType]) -> String {
    types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{ENGINE_EXPORTS, ENGINE_IMPORTS, Surface, same};

    /// `(module (import "env" "now" (func (result i64))) (export "now" (func 0)))`
    const CLOCK: [u8; 37] =
        *b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7e\x02\x0b\x01\x03env\x03now\0\0\x07\x07\x01\x03now\0\0";

    fn engine() -> Surface {
        Surface { imports: ENGINE_IMPORTS.map(str::to_owned).into(), exports: ENGINE_EXPORTS.map(str::to_owned).into() }
    }

    #[test]
    fn a_module_is_read_with_its_types() {
        let surface = Surface::read(&CLOCK).unwrap();
        assert_eq!(surface.imports, ["env now: func [] -> [i64]".to_owned()].into());
        assert_eq!(surface.exports, ["now: func [] -> [i64]".to_owned()].into());
    }

    #[test]
    fn the_documented_surface_passes() {
        engine().check_engine().unwrap();
    }

    #[test]
    fn another_import_fails() {
        let mut surface = engine();
        surface.imports.insert("env now: func [] -> [i64]".to_owned());
        assert!(surface.check_engine().unwrap_err().to_string().contains("env now"));
    }

    #[test]
    fn a_missing_export_fails() {
        let mut surface = engine();
        surface.exports.remove("memory: memory");
        assert!(
            surface.check_engine().unwrap_err().to_string().contains("documented but absent: [\"memory: memory\"]")
        );
    }

    #[test]
    fn a_browser_module_reaches_only_its_glue() {
        assert!(Surface::read(&CLOCK).unwrap().check_browser().is_err());
        assert!(same("imports", &[].into(), &[]).is_ok());
    }
}
