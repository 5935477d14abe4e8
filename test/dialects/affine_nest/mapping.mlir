// RUN: ROUNDTRIP
// Mappings on arrays of PEs: whole, and with something open.

// CHECK-LABEL: func.func @main(
func.func @main(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>, %a-b: tensor<96xi16>) {
  %whole = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (y 2, x 4), spm (k 12), spatial (x 16, y 16), rf (k 8), packed (a, out)>} : tensor<64x32xi16>
  // CHECK: } attributes {mapping = #affine_nest.mapping<"pe256", dram (y 2, x 4), spm (k 12), spatial (x 16, y 16), rf (k 8), packed (a, out)>} : tensor<64x32xi16>
  %open = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256+rf=64", dram (...), spatial (x ?, y 4), rf (k 2, ...)>} : tensor<64x32xi16>
  // CHECK: } attributes {mapping = #affine_nest.mapping<"pe256+rf=64", dram (...), spatial (x ?, y 4), rf (k 2, ...)>} : tensor<64x32xi16>
  // Iterators of one name are told apart by numbers, as are tensors.
  %names = affine_nest.for (%k, %k_1) = (64, 96) reduce (%k_2) = (32) {
    %v = affine_nest.load %a[%k, 0] : tensor<64x96xi16>
    %w = affine_nest.load %a[0, %k_1] : tensor<64x96xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (k 64, k_2 96), spm (k_3 32), packed (a_2)>, level = #affine_nest.level<rf (k 64, ...)>} : tensor<64x96xi16>
  // CHECK: mapping = #affine_nest.mapping<"pe256", dram (k 64, k_2 96), spm (k_3 32), packed (a_2)>, level = #affine_nest.level<rf (k 64, ...)>}
  // A machine of levels; what bypasses a memory, and what is open there.
  %levels = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"eyeriss_like", DRAM (x 64), shared_glb (k 96), weights_spad (y 32), bypass shared_glb (a, out), bypass weights_spad (b)>, bypass = #affine_nest.bypass<shared_glb (a)>} : tensor<64x32xi16>
  // CHECK: } attributes {mapping = #affine_nest.mapping<"eyeriss_like", DRAM (x 64), shared_glb (k 96), weights_spad (y 32), bypass shared_glb (a, out), bypass weights_spad (b)>, bypass = #affine_nest.bypass<shared_glb (a)>}
  %some = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"eyeriss_like", DRAM (...), shared_glb (k ?, x 2), inter_PE_spatial (...), weights_spad (y 8, ...), bypass shared_glb (a)>} : tensor<64x32xi16>
  // CHECK: } attributes {mapping = #affine_nest.mapping<"eyeriss_like", DRAM (...), shared_glb (k ?, x 2), inter_PE_spatial (...), weights_spad (y 8, ...), bypass shared_glb (a)>}
  // Names that are no bare words are in quotes.
  %quoted = affine_nest.for (%x-y) = (64) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x-y, %k] : tensor<64x96xi16>
    %w = affine_nest.load %a-b[%k] : tensor<96xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram ("x-y" 64), spm (k 96), packed ("a-b")>} : tensor<64xi16>
  // CHECK: mapping = #affine_nest.mapping<"pe256", dram ("x-y" 64), spm (k 96), packed ("a-b")>}
  return
}
