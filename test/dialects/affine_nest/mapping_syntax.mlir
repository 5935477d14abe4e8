// RUN: PARSING_DIAG
// What the parser refuses in mappings.

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<pe256>} : tensor<64x32xi16>
  return
}
// CHECK: error: string literal expected

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (x 0)>} : tensor<64x32xi16>
  return
}
// CHECK: error: found factor 0, expected 1 or more

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (x 2, x 2)>} : tensor<64x32xi16>
  return
}
// CHECK: error: loop x comes twice in dram

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (x 2), dram (y 2)>} : tensor<64x32xi16>
  return
}
// CHECK: error: dram comes twice

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", packed (a), packed (b)>} : tensor<64x32xi16>
  return
}
// CHECK: error: packed comes twice

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (..., x 2)>} : tensor<64x32xi16>
  return
}
// CHECK: error: expected nothing behind '...'

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram x 2>} : tensor<64x32xi16>
  return
}
// CHECK: error: '(' expected

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (x)>} : tensor<64x32xi16>
  return
}
// CHECK: error: Expected integer literal

// -----

func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) {
  %r = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"eyeriss_like", DRAM (...), bypass shared_glb (a), bypass shared_glb (out)>} : tensor<64x32xi16>
  return
}
// CHECK: error: bypass shared_glb comes twice
