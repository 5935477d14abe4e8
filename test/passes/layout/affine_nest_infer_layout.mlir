// RUN: nopt %s -p affine-nest-infer-layout | filecheck %s
// RUN: nopt %s -p affine-nest-infer-layout,affine-nest-infer-layout | filecheck %s
// Lanes are chosen for all nests of a function together, and are readable.

// By itself a limit takes the last dimension. Its reader sums over the first: both take that one, and
// just the argument is packed, the result unpacked.
func.func @chain(%x: tensor<64x72xi8>) -> tensor<48x72xi8> {
  %weights = graph.constant dense<1> : tensor<48x64xi8>
  %limited = affine_nest.for (%i, %j) = (64, 72) {
    %a = affine_nest.load %x[%i, %j] : tensor<64x72xi8>
    %zero = arith.constant 0 : i8
    %m = arith.maxsi %a, %zero : i8
    affine_nest.yield %m : i8
  } : tensor<64x72xi8>
  %y = affine_nest.for (%o, %j) = (48, 72) reduce (%k) = (64) {
    %a = affine_nest.load %weights[%o, %k] : tensor<48x64xi8>
    %b = affine_nest.load %limited[%k, %j] : tensor<64x72xi8>
    %c = arith.extsi %a : i8 to i32
    %d = arith.extsi %b : i8 to i32
    %p = arith.muli %c, %d : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<48x72xi8>
  return %y : tensor<48x72xi8>
}
// CHECK-LABEL: func.func @chain(
// CHECK: %limited = affine_nest.for (%i, %j) = (64, 72) {
// CHECK: } attributes {lanes = #affine_nest.lanes<output i>} : tensor<64x72xi8>
// CHECK: %y = affine_nest.for (%o, %j_1) = (48, 72) reduce (%k) = (64) {
// CHECK: } attributes {lanes = #affine_nest.lanes<output o, input 0, weights first>} : tensor<48x72xi8>

// Attention: products of results. Keys are stored as weights of the scores; values with their rows in
// lanes, as weights of the output.
func.func @attention(%q: tensor<32x64xi8>, %x: tensor<32x64xi8>) -> tensor<32x64xi8> {
  %w = graph.constant dense<1> : tensor<64x64xi8>
  %k = affine_nest.for (%r, %c) = (32, 64) reduce (%e) = (64) {
    %a = affine_nest.load %x[%r, %e] : tensor<32x64xi8>
    %b = affine_nest.load %w[%e, %c] : tensor<64x64xi8>
    %a2 = arith.extsi %a : i8 to i32
    %b2 = arith.extsi %b : i8 to i32
    %p = arith.muli %a2, %b2 : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<32x64xi8>
  %v = affine_nest.for (%r, %c) = (32, 64) reduce (%e) = (64) {
    %a = affine_nest.load %x[%r, %e] : tensor<32x64xi8>
    %b = affine_nest.load %w[%e, %c] : tensor<64x64xi8>
    %a2 = arith.extsi %a : i8 to i32
    %b2 = arith.extsi %b : i8 to i32
    %p = arith.muli %a2, %b2 : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<32x64xi8>
  %scores = affine_nest.for (%r, %c) = (32, 32) reduce (%e) = (64) {
    %a = affine_nest.load %q[%r, %e] : tensor<32x64xi8>
    %b = affine_nest.load %k[%c, %e] : tensor<32x64xi8>
    %a2 = arith.extsi %a : i8 to i32
    %b2 = arith.extsi %b : i8 to i32
    %p = arith.muli %a2, %b2 : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<32x32xi8>
  %y = affine_nest.for (%r, %c) = (32, 64) reduce (%e) = (32) {
    %a = affine_nest.load %scores[%r, %e] : tensor<32x32xi8>
    %b = affine_nest.load %v[%e, %c] : tensor<32x64xi8>
    %a2 = arith.extsi %a : i8 to i32
    %b2 = arith.extsi %b : i8 to i32
    %p = arith.muli %a2, %b2 : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<32x64xi8>
  return %y : tensor<32x64xi8>
}
// CHECK-LABEL: func.func @attention(
// CHECK: %k = affine_nest.for
// CHECK: } attributes {lanes = #affine_nest.lanes<output c, input 1, weights second>} : tensor<32x64xi8>
// CHECK: %v = affine_nest.for
// CHECK: } attributes {lanes = #affine_nest.lanes<output r, input 0, weights first>} : tensor<32x64xi8>

// A pin is kept, in whole or in part, and others follow it.
func.func @pinned(%x: tensor<32x40xi8>) -> tensor<32x40xi8> {
  %a = affine_nest.for (%i, %j) = (32, 40) {
    %v = affine_nest.load %x[%i, %j] : tensor<32x40xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output i>} : tensor<32x40xi8>
  %b = affine_nest.for (%i, %j) = (32, 40) {
    %v = affine_nest.load %a[%i, %j] : tensor<32x40xi8>
    affine_nest.yield %v : i8
  } : tensor<32x40xi8>
  return %b : tensor<32x40xi8>
}
// CHECK-LABEL: func.func @pinned(
// CHECK: } attributes {lanes = #affine_nest.lanes<output i>} : tensor<32x40xi8>
// CHECK: } attributes {lanes = #affine_nest.lanes<output i>} : tensor<32x40xi8>

// An extent of 3 wastes lanes: the other dimension is better.
func.func @few_channels(%x: tensor<64x3xi8>) -> tensor<64x3xi8> {
  %a = affine_nest.for (%i, %j) = (64, 3) {
    %v = affine_nest.load %x[%i, %j] : tensor<64x3xi8>
    affine_nest.yield %v : i8
  } : tensor<64x3xi8>
  return %a : tensor<64x3xi8>
}
// CHECK-LABEL: func.func @few_channels(
// CHECK: } attributes {lanes = #affine_nest.lanes<output i>} : tensor<64x3xi8>
