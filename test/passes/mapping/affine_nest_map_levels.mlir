// RUN: nopt %s -p 'affine-nest-map{machine=eyeriss_like},affine-nest-estimate' --remarks 2>&1 >/dev/null | filecheck %s --check-prefix=EDP
// RUN: nopt %s -p 'affine-nest-map{machine=eyeriss_like bypass=shared_glb}' --remarks 2>&1 >/dev/null | filecheck %s --check-prefix=BYPASS
// RUN: nopt %s -p affine-nest-map | filecheck %s --check-prefix=PINNED

// The layer of Timeloop's reference outputs, on a machine of levels: the mapping there takes 86,016 cycles, 59.28 uJ.
func.func @main(%Inputs: tensor<3x225x225xi8>, %Weights: tensor<3x32x3x3xi8>) -> tensor<32x112x112xi32> {
  %r = affine_nest.for (%M, %Q, %P) = (32, 112, 112) reduce (%C, %R, %S) = (3, 3, 3) {
    %a = affine_nest.load %Inputs[%C, %P * 2 + %R, %Q * 2 + %S] : tensor<3x225x225xi8>
    %b = affine_nest.load %Weights[%C, %M, %R, %S] : tensor<3x32x3x3xi8>
    %x = arith.extsi %a : i8 to i32
    %w = arith.extsi %b : i8 to i32
    %p = arith.muli %x, %w : i32
    %s = affine_nest.reduce add %p : i32
    affine_nest.yield %s : i32
  } : tensor<32x112x112xi32>
  return %r : tensor<32x112x112xi32>
}
// EDP: remark: '%r' takes 64,512 cycles, 55,779,355 pJ, edp 3.5984e+12, proven:
// EDP: remark: '%r' takes 64,512 cycles, 55,779,355 pJ, edp 3.5984e+12
// BYPASS: remark: '%r' takes 64,512 cycles, 55,058,591 pJ, edp 3.5519e+12, proven: {{.*}}, bypass shared_glb (out)

// What is pinned stays: a factor, an order, what bypasses.
func.func @pinned(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) -> tensor<64x32xi16> {
  %open = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"eyeriss_like", DRAM (k 2, x ?), shared_glb (...), inter_PE_spatial (y 4, ...), weights_spad (...), psum_spad (...), bypass shared_glb (a)>} : tensor<64x32xi16>
  return %open : tensor<64x32xi16>
}
// PINNED: mapping = #affine_nest.mapping<"eyeriss_like", DRAM (k 2{{.*}}), {{.*}}inter_PE_spatial ({{.*}}y 4{{.*}}), {{.*}}bypass shared_glb (a)>
