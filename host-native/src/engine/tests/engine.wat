;; A stand-in for the engine that does what a command's name says, to try what the real one never should.
;; The last letter of the name decides: every call ends in  X":{}}}
;;   l asks to load   k asks to commit   d asks to derive
;;   c tells how many flows were cancelled   t traps   s spins for ever   g answers no JSON
;; A derivation whose request begins with s spins for ever. What is resumed is echoed as the command's result.
(module
  (import "./engine_bg.js" "__wbindgen_init_externref_table" (func $table))
  (import "./engine_bg.js" "__wbindgen_throw" (func $throw (param i32 i32)))
  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 4096))
  (global $cancelled (mut i32) (i32.const 48))
  (data (i32.const 0) "{\22ok\22:{}}")
  (data (i32.const 64) "{\22flow\22:7,\22ask\22:{\22load\22:{\22keys\22:[\22main/k\22]}}}")
  (data (i32.const 128) "{\22flow\22:7,\22ask\22:{\22commit\22:{\22put\22:[]}}}")
  (data (i32.const 256) "{\22flow\22:7,\22ask\22:{\22derive\22:{\22algorithm\22:\22argon2id\22}}}")
  (data (i32.const 384) "{\22done\22:{\22ok\22:0}}")
  (data (i32.const 448) "{\22done\22:{\22ok\22:")
  (data (i32.const 480) "}}")
  (data (i32.const 512) "{\22derived\22:\22AAAA\22}")
  (data (i32.const 576) "on purpose")

  (func (export "__wbindgen_start") (call $table))
  (func $malloc (export "__wbindgen_malloc") (param $length i32) (param i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $heap))
    (global.set $heap (i32.add (global.get $heap) (local.get $length)))
    (local.get $at))
  (func (export "__wbindgen_free") (param i32 i32 i32)
    (global.set $heap (i32.const 4096)))

  (func (export "open") (param i32 i32) (result i32 i32) (i32.const 0) (i32.const 9))

  (func (export "begin") (param $at i32) (param $length i32) (result i32 i32)
    (local $letter i32)
    (local.set $letter (i32.load8_u (i32.sub (i32.add (local.get $at) (local.get $length)) (i32.const 7))))
    (if (i32.eq (local.get $letter) (i32.const 0x6c)) (then (return (i32.const 64) (i32.const 45))))
    (if (i32.eq (local.get $letter) (i32.const 0x6b)) (then (return (i32.const 128) (i32.const 38))))
    (if (i32.eq (local.get $letter) (i32.const 0x64)) (then (return (i32.const 256) (i32.const 52))))
    (if (i32.eq (local.get $letter) (i32.const 0x74)) (then (call $throw (i32.const 576) (i32.const 10))))
    (if (i32.eq (local.get $letter) (i32.const 0x73)) (then (loop $for_ever (br $for_ever))))
    (if (i32.eq (local.get $letter) (i32.const 0x67)) (then (return (i32.const 0) (i32.const 5))))
    (i32.store8 (i32.const 398) (global.get $cancelled))
    (i32.const 384) (i32.const 17))

  (func (export "resume") (param $at i32) (param $length i32) (result i32 i32)
    (local $to i32)
    (local.set $to (call $malloc (i32.add (local.get $length) (i32.const 16)) (i32.const 1)))
    (memory.copy (local.get $to) (i32.const 448) (i32.const 14))
    (memory.copy (i32.add (local.get $to) (i32.const 14)) (local.get $at) (local.get $length))
    (memory.copy (i32.add (local.get $to) (i32.add (local.get $length) (i32.const 14))) (i32.const 480) (i32.const 2))
    (local.get $to) (i32.add (local.get $length) (i32.const 16)))

  (func (export "cancel") (param i32 i32) (result i32 i32)
    (global.set $cancelled (i32.add (global.get $cancelled) (i32.const 1)))
    (i32.const 0) (i32.const 9))

  (func (export "derive") (param $at i32) (param i32) (result i32 i32)
    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x73)) (then (loop $for_ever (br $for_ever))))
    (i32.const 512) (i32.const 18)))
