// RUN: nopt %s -p affine-nest-map --remarks 2>&1 >/dev/null | filecheck %s --check-prefix=EDP
// RUN: nopt %s -p 'affine-nest-map{objective=pareto}' --remarks 2>&1 >/dev/null | filecheck %s --check-prefix=FRONT
// RUN: nopt %s -p 'affine-nest-map{objective=cycles pack=w}' --remarks 2>&1 >/dev/null | filecheck %s --check-prefix=PACKED
// RUN: nopt %s -p affine-nest-map | filecheck %s --check-prefix=PINNED

// conv5_2 of ResNet, four images: the best there is of its whole space, as brute force finds it too.
func.func @main(%x: tensor<4x512x7x7xi16>, %w: tensor<512x512x3x3xi16>) -> tensor<4x512x7x7xi16> {
  %r = affine_nest.for (%n, %m, %h, %v) = (4, 512, 7, 7) reduce (%c, %i, %j) = (512, 3, 3) {
    %a = affine_nest.load %x[%n, %c, %h + %i - 1, %v + %j - 1] pad 0 : tensor<4x512x7x7xi16>
    %b = affine_nest.load %w[%m, %c, %i, %j] : tensor<512x512x3x3xi16>
    %p = arith.muli %a, %b : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } : tensor<4x512x7x7xi16>
  return %r : tensor<4x512x7x7xi16>
}
// EDP: remark: '%r' takes 2,458,496 cycles, 2,784,205,169 pJ, edp 6.8450e+15, proven: dram (m 8, c 64), spm (c 4), spatial (n 2, m 16, v 7), rf (n 2, m 4, h 7, c 2, i 3, j 3)
// FRONT: remark: '%r' takes 3,450,848 cycles, 2,581,195,121 pJ
// FRONT-NEXT: remark: '%r' takes 2,557,840 cycles, 2,723,360,717 pJ
// FRONT-NEXT: remark: '%r' takes 2,458,496 cycles, 2,784,205,169 pJ
// FRONT-NEXT: remark: '%r' takes 2,457,488 cycles, 2,807,798,129 pJ
// PACKED: remark: '%r' takes {{.*}}, packed (w)

// What is pinned stays: an order of loops, what PEs share out, a factor. A whole mapping is kept.
func.func @pinned(%a: tensor<64x96xi16>, %b: tensor<96x32xi16>) -> (tensor<64x32xi16>, tensor<64x32xi16>) {
  %open = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256+rf=64", dram (y ?, x 4), spm (k ?), spatial (x ?, y 4), rf (k 2, ...)>} : tensor<64x32xi16>
  %other = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256+rf=64", dram (y ?, x 4), spm (k ?), spatial (x ?, y 2), rf (k 2, ...)>} : tensor<64x32xi16>
  %whole = affine_nest.for (%x, %y) = (64, 32) reduce (%k) = (96) {
    %v = affine_nest.load %a[%x, %k] : tensor<64x96xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<96x32xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (x 64, y 32, k 96)>} : tensor<64x32xi16>
  return %open, %whole : tensor<64x32xi16>, tensor<64x32xi16>
}
// PINNED: mapping = #affine_nest.mapping<"pe256+rf=64", dram ({{.*}}x 4), spm (k 48), spatial (x {{[0-9]+}}, y 4), rf ({{.*}}k 2)>
// PINNED: mapping = #affine_nest.mapping<"pe256+rf=64", dram ({{.*}}x 4), spm (k 48), spatial (x {{[0-9]+}}, y 2), rf ({{.*}}k 2)>
// PINNED: mapping = #affine_nest.mapping<"pe256", dram (x 64, y 32, k 96)>

// Only sums of products are mapped.
func.func @others(%x: tensor<8x8xi16>) -> tensor<8xi16> {
  %most = affine_nest.for (%i) = (8) reduce (%j) = (8) {
    %a = affine_nest.load %x[%i, %j] : tensor<8x8xi16>
    %s = affine_nest.reduce max %a : i16
    affine_nest.yield %s : i16
  } : tensor<8xi16>
  return %most : tensor<8xi16>
}
// PINNED-LABEL: func.func @others(
// PINNED-NOT: mapping
