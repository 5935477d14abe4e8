// RUN: nopt %s -p 'attach-machine,affine-nest-infer-layout,affine-nest-apply-layout' | filecheck %s
// Iterators of a single value stay where others are cut to read in an order.

// CHECK: %y = affine_nest.for (%i0b, %i0l, %i1) = (2, 16, 16) reduce (%u, %kb_1, %kl_1) = (1, 2, 16) into [%i0b * 16 + %i0l, %i1] {
// CHECK-NEXT: %a = affine_nest.load %x[%i0b, %kb_1, %i0l, %kl_1] : tensor<2x2x16x16xi8>
func.func @main(%x: tensor<32x32xi8> {affine_nest.order = affine_map<(d0, d1) -> (d0 floordiv 16, d1 floordiv 16, d0 mod 16, d1 mod 16)>}) -> tensor<32x16xi8> {
  %w = graph.constant dense<1> : tensor<32x16xi8>
  %y = affine_nest.for (%h, %o) = (32, 16) reduce (%u, %k) = (1, 32) {
    %a = affine_nest.load %x[%h, %k] : tensor<32x32xi8>
    %b = affine_nest.load %w[%k, %o] : tensor<32x16xi8>
    %c = arith.extsi %a : i8 to i32
    %d = arith.extsi %b : i8 to i32
    %p = arith.muli %c, %d : i32
    %s = affine_nest.reduce add %p : i32
    %lo = arith.constant -128 : i32
    %hi = arith.constant 127 : i32
    %t = arith.maxsi %s, %lo : i32
    %r = arith.minsi %t, %hi : i32
    %v = arith.trunci %r : i32 to i8
    affine_nest.yield %v : i8
  } : tensor<32x16xi8>
  return %y : tensor<32x16xi8>
}
