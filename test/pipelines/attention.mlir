// Self-attention without its softmax: projections to two heads, products of results, and a last
// projection. No copy is left: the input is given as blocks of weights, which all can read; the keys are
// stored as blocks of weights, the values with their rows in lanes.
// RUN: nopt %s -p 'vta{until=affine-nest-propagate-packs}' | filecheck %s

func.func @main(%x: tensor<32x64xi8>) -> tensor<32x64xi8> {
  %w = graph.constant dense<1> : tensor<64x64xi8>
  %a = graph.matmul %x, %w : (tensor<32x64xi8>, tensor<64x64xi8>) -> tensor<32x64xi32>
  %q = graph.requantize %a shift 7 : tensor<32x64xi32> -> tensor<32x64xi8>
  %qr = graph.reshape %q : tensor<32x64xi8> -> tensor<32x2x32xi8>
  %qt = graph.transpose %qr permutation [1, 0, 2] : tensor<32x2x32xi8> -> tensor<2x32x32xi8>
  %wk = graph.constant dense<2> : tensor<64x64xi8>
  %b = graph.matmul %x, %wk : (tensor<32x64xi8>, tensor<64x64xi8>) -> tensor<32x64xi32>
  %k = graph.requantize %b shift 7 : tensor<32x64xi32> -> tensor<32x64xi8>
  %kr = graph.reshape %k : tensor<32x64xi8> -> tensor<32x2x32xi8>
  %kt = graph.transpose %kr permutation [1, 0, 2] : tensor<32x2x32xi8> -> tensor<2x32x32xi8>
  %wv = graph.constant dense<3> : tensor<64x64xi8>
  %c = graph.matmul %x, %wv : (tensor<32x64xi8>, tensor<64x64xi8>) -> tensor<32x64xi32>
  %v = graph.requantize %c shift 7 : tensor<32x64xi32> -> tensor<32x64xi8>
  %vr = graph.reshape %v : tensor<32x64xi8> -> tensor<32x2x32xi8>
  %vt = graph.transpose %vr permutation [1, 0, 2] : tensor<32x2x32xi8> -> tensor<2x32x32xi8>
  %d = graph.matmul %qt, %kt transpose_b : (tensor<2x32x32xi8>, tensor<2x32x32xi8>) -> tensor<2x32x32xi32>
  %s = graph.requantize %d shift 9 : tensor<2x32x32xi32> -> tensor<2x32x32xi8>
  %e = graph.matmul %s, %vt : (tensor<2x32x32xi8>, tensor<2x32x32xi8>) -> tensor<2x32x32xi32>
  %o = graph.requantize %e shift 9 : tensor<2x32x32xi32> -> tensor<2x32x32xi8>
  %ot = graph.transpose %o permutation [1, 0, 2] : tensor<2x32x32xi8> -> tensor<32x2x32xi8>
  %or = graph.reshape %ot : tensor<32x2x32xi8> -> tensor<32x64xi8>
  %f = graph.matmul %or, %w : (tensor<32x64xi8>, tensor<64x64xi8>) -> tensor<32x64xi32>
  %y = graph.requantize %f shift 7 : tensor<32x64xi32> -> tensor<32x64xi8>
  return %y : tensor<32x64xi8>
}

// CHECK: func.func @main(%x: tensor<2x4x16x16xi8> {affine_nest.order = affine_map<(d0, d1) -> ((d0 floordiv 16), (d1 floordiv 16), (d0 mod 16), (d1 mod 16))>, affine_nest.packs = tensor<32x64xi8>}) -> tensor<32x64xi8> {
// CHECK: %q = affine_nest.for ({{.*}}) = (2, 16, 4, 16) reduce
// CHECK-NEXT: affine_nest.load %x[
// CHECK: } attributes {placement = "core", {{.*}}} : tensor<32x4x16xi8>
// CHECK: %k = affine_nest.for ({{.*}}) = (2, 2, 2, 16, 16) reduce
// CHECK-NEXT: affine_nest.load %x[
// CHECK: } attributes {placement = "core"} : tensor<2x2x2x16x16xi8>
// CHECK-NEXT: %s = affine_nest.for
// CHECK-NEXT: affine_nest.load %q[
// CHECK-NEXT: affine_nest.load %k[
// CHECK: } attributes {placement = "core"
// CHECK-NEXT: %v = affine_nest.for ({{.*}}) = (2, 2, 2, 16, 16) reduce
// CHECK-NEXT: affine_nest.load %x[
// CHECK-NEXT: affine_nest.load %wv_1[
// CHECK: } attributes {placement = "core"} : tensor<2x2x2x16x16xi8>
// CHECK-NEXT: %o = affine_nest.for
// CHECK-NEXT: affine_nest.load %s[
// CHECK-NEXT: affine_nest.load %v[
// CHECK: } attributes {placement = "core"
// CHECK: %y = affine_nest.for
// CHECK-NEXT: affine_nest.load %o[
// CHECK: } attributes {placement = "core"
// CHECK-NEXT: return %y
