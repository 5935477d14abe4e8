// RUN: nopt %s -p 'affine-nest-map{pad=0.1}' | filecheck %s
// Extents that are prime: with a little more, tiles fit them. What is loaded beyond is 0, and a copy
// takes what was wanted.

func.func @main(%a: tensor<61x71xi16>, %b: tensor<71x67xi16>) -> tensor<61x67xi16> {
  %r = affine_nest.for (%x, %y) = (61, 67) reduce (%k) = (71) {
    %v = affine_nest.load %a[%x, %k] : tensor<61x71xi16>
    %w = affine_nest.load %b[%k, %y] : tensor<71x67xi16>
    %p = arith.muli %v, %w : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } : tensor<61x67xi16>
  return %r : tensor<61x67xi16>
}
// CHECK: %r = affine_nest.for (%x, %y) = (63, 68) reduce (%k) = (72) {
// CHECK-NEXT: %v = affine_nest.load %a[%x, %k] pad 0 : tensor<61x71xi16>
// CHECK-NEXT: %w = affine_nest.load %b[%k, %y] pad 0 : tensor<71x67xi16>
// CHECK: attributes {mapping = #affine_nest.mapping<"pe256", {{.*}}>} : tensor<63x68xi16>
// CHECK-NEXT: %r_1 = affine_nest.for (%x_1, %y_1) = (61, 67) {
// CHECK-NEXT: affine_nest.load %r[%x_1, %y_1] : tensor<63x68xi16>
// CHECK: } : tensor<61x67xi16>
// CHECK-NEXT: func.return %r_1
