// RUN: nopt %s -p affine-nest-estimate --remarks 2>&1 >/dev/null | filecheck %s
// The output-stationary mapping of conv5_2 on 7 x 7 x 4 PEs: cycles and energy are dMazeRunner's.

func.func @main(%x: tensor<4x512x7x7xi16>, %w: tensor<512x512x3x3xi16>) -> tensor<4x512x7x7xi16> {
  %r = affine_nest.for (%n, %m, %h, %v) = (4, 512, 7, 7) reduce (%c, %i, %j) = (512, 3, 3) {
    %a = affine_nest.load %x[%n, %c, %h + %i - 1, %v + %j - 1] pad 0 : tensor<4x512x7x7xi16>
    %b = affine_nest.load %w[%m, %c, %i, %j] : tensor<512x512x3x3xi16>
    %p = arith.muli %a, %b : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (m 8, c 64), spm (c 8), spatial (m 4, h 7, v 7), rf (n 4, m 16, i 3, j 3)>} : tensor<4x512x7x7xi16>
  return %r : tensor<4x512x7x7xi16>
}
// CHECK: remark: '%r' takes 2,459,648 cycles, 2,908,068,209 pJ, edp 7.1528e+15
// CHECK-NEXT: remark: '%r' cycles: compute 2,359,296, network 0, output 0, reduction 0, dma 100,352
// CHECK-NEXT: mac: 34,681,651 pJ (1.2%)
// CHECK-NEXT: rf: 1,775,700,541 pJ
// CHECK-NEXT: network: 289,214,464 pJ (9.9%), words: out 100,352, x 28,901,376, w 115,605,504
// CHECK-NEXT: spm: 51,121,152 pJ (1.8%), words: out 100,352, x 1,327,104, w 2,359,296
// CHECK-NEXT: dram: 757,350,400 pJ (26.0%), words: out 100,352, x 1,327,104, w 2,359,296
