// RUN: VERIFY_DIAG
// What no mapping may be; the last ones have something open.

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = "pe256"} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping is "pe256", expected #affine_nest.mapping<…>

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe25">} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: pe25: no such file or preset, expected one of pe256, eyeriss, eyeriss_like, simba_like, simple_output_stationary, simple_weight_stationary or a JSON file

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256+rg=4">} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: rg: unknown key, expected pes, rf, spm

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", rf (x 64), dram (y 32, k 96)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: found levels rf, dram, expected of dram, spm, spatial, rf, in this order

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", l2 (x 64)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: found levels l2, expected of dram, spm, spatial, rf, in this order

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (x 64, z 2)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: loop z: expected one of x, y, k

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (x 64, y 32, k 95)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: loop k: found 1 * 1 * 1 * 95 = 95, expected 96

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (x 64, y 32), packed (c)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: operand c: expected one of out, a, b

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (x 64, y 32, k 96), packed (c)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: operand c: expected one of out, a, b

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (x 4, y 4), spm (k 4), rf (x 16, y 8, k 24)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: rf: found out 128 + a 384 + b 192 = 704 words, expected at most 256 on pe256

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256+spm=8192", spm (x 64, y 32, k 96)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: spm: found out 2 + a 6 + b 3 = 11 banks of 2,048 bytes, expected at most 2 on pe256+spm=8192

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (x 2, k 96), spatial (x 32, y 32)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: spatial: found 1,024 PEs, expected at most 256 on pe256

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (x 2), rf (x 4, y 2, k 24), spm (k 4), spatial (x 8, y 16)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: found levels dram, rf, spm, spatial

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (x 5, ...), spm (...), spatial (...), rf (...)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: loop x: found factors of 5, expected a divisor of 64

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (x 2, ...), rf (y ?)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: loop x: found factors of 2

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (y ?), spatial (k 96), rf (x 32)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: loop x: found factors of 32, expected 64

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"simple_output_stationary", dram (x 64, y 32, k 96)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: level dram: unknown

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"simple_output_stationary", DRAM (x 64, y 32, k 95)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: loop k: found 95 = 95, expected 96

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"simple_output_stationary", DRAM (x 2, k 96), inter_PE_spatial (x 32, y 32)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: inter_PE_spatial: found x 32 * y 32 = 1,024 instances, expected loops that fit along x

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (...), bypass spm (a)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: found bypass, but pe256 holds all operands at each level

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"eyeriss_like", DRAM (x 64, y 32, k 96), bypass glb (a)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: bypass glb: unknown, expected shared_glb, ifmap_spad, weights_spad, psum_spad

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"eyeriss_like", DRAM (x 64, y 32, k 96), bypass DRAM (a)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: bypass DRAM: 

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"eyeriss_like", DRAM (...), bypass shared_glb (b)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: bypass shared_glb: found b, which it does not hold

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"eyeriss_like", DRAM (...), bypass shared_glb (c)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: operand c: expected one of out, a, b

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"eyeriss_like", DRAM (...), packed (a)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: found packed operands, which eyeriss_like does not know

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"eyeriss_like", DRAM (x 3, ...)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: loop x: found factors of 3, expected 64

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"eyeriss_like", psum_spad (x 64), DRAM (...)>} : tensor<64x32xi16>
  return
}
// CHECK: error: 'affine_nest.for' op mapping: found levels psum_spad, DRAM, expected of DRAM, shared_glb
