// RUN: nopt %s -p affine-nest-infer-layout | filecheck %s
// The order in which a tensor lies in memory: chosen where it spares copies, or pinned.

// Scores of limited rows with themselves: one factor is read in vectors, the other plays weights. One
// order serves both; the first nest stores it, and rows of the result are cut in blocks.
func.func @itself(%x: tensor<32x64xi8>) -> tensor<32x32xi8> {
  %a = affine_nest.for (%i, %j) = (32, 64) {
    %v = affine_nest.load %x[%i, %j] : tensor<32x64xi8>
    %zero = arith.constant 0 : i8
    %m = arith.maxsi %v, %zero : i8
    affine_nest.yield %m : i8
  } : tensor<32x64xi8>
  %y = affine_nest.for (%i, %o) = (32, 32) reduce (%k) = (64) {
    %v = affine_nest.load %a[%i, %k] : tensor<32x64xi8>
    %u = affine_nest.load %a[%o, %k] : tensor<32x64xi8>
    %ve = arith.extsi %v : i8 to i32
    %ue = arith.extsi %u : i8 to i32
    %p = arith.muli %ve, %ue : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<32x32xi8>
  return %y : tensor<32x32xi8>
}
// CHECK: } attributes {lanes = #affine_nest.lanes<output j>, order = affine_map<(d0, d1) -> ((d0 floordiv 16), (d1 floordiv 16), (d0 mod 16), (d1 mod 16))>} : tensor<32x64xi8>

// An argument in blocks of rows, because a person says so: nothing is copied, the caller gives it so.
func.func @pinned(%x: tensor<4x32x64xi8> {affine_nest.order = affine_map<(d0, d1, d2) -> (d1, d0, d2 floordiv 16, d2 mod 16)>}) -> tensor<4x32x64xi8> {
  %y = affine_nest.for (%n, %i, %j) = (4, 32, 64) {
    %v = affine_nest.load %x[%n, %i, %j] : tensor<4x32x64xi8>
    affine_nest.yield %v : i8
  } : tensor<4x32x64xi8>
  return %y : tensor<4x32x64xi8>
}
// CHECK: func.func @pinned(%x: tensor<4x32x64xi8> {affine_nest.order = affine_map<(d0, d1, d2) -> (d1, d0, (d2 floordiv 16), (d2 mod 16))>}) -> tensor<4x32x64xi8> {

// The order of a result: who returns it reads it back row by row, which is a copy.
func.func @pinned_result(%x: tensor<32x64xi8>) -> tensor<32x64xi8> {
  %y = affine_nest.for (%i, %j) = (32, 64) {
    %v = affine_nest.load %x[%i, %j] : tensor<32x64xi8>
    affine_nest.yield %v : i8
  } attributes {order = affine_map<(d0, d1) -> (d0 floordiv 16, d1 floordiv 16, d0 mod 16, d1 mod 16)>} : tensor<32x64xi8>
  return %y : tensor<32x64xi8>
}
// CHECK: } attributes {order = affine_map<(d0, d1) -> ((d0 floordiv 16), (d1 floordiv 16), (d0 mod 16), (d1 mod 16))>, lanes = #affine_nest.lanes<output j>} : tensor<32x64xi8>

// Functions that others call take what those give.
func.func @called(%x: tensor<32x64xi8> {affine_nest.order = affine_map<(d0, d1) -> (d0 floordiv 16, d1 floordiv 16, d0 mod 16, d1 mod 16)>}) -> tensor<32x64xi8> {
  %y = affine_nest.for (%i, %j) = (32, 64) {
    %v = affine_nest.load %x[%i, %j] : tensor<32x64xi8>
    affine_nest.yield %v : i8
  } : tensor<32x64xi8>
  return %y : tensor<32x64xi8>
}
// CHECK: func.func @called(%x: tensor<32x64xi8> {affine_nest.order = affine_map<(d0, d1) -> ((d0 floordiv 16), (d1 floordiv 16), (d0 mod 16), (d1 mod 16))>}) -> tensor<32x64xi8> {
func.func @caller(%x: tensor<32x64xi8>) -> tensor<32x64xi8> {
  %y = func.call @called(%x) : (tensor<32x64xi8>) -> tensor<32x64xi8>
  return %y : tensor<32x64xi8>
}
