// RUN: nopt %s -p affine-nest-infer-layout,affine-nest-apply-layout --remarks 2>&1 >%t | filecheck %s
// Which copies the host makes, for whom, and what keeps the core from storing what is wanted.

// Its vectors lie along rows, but those of weights along columns.
func.func @turned(%x: tensor<48x32xi8>, %y: tensor<48x32xi8>) -> tensor<48x48xi8> {
  %a = affine_nest.for (%i, %j) = (48, 32) {
    %v = affine_nest.load %x[%i, %j] : tensor<48x32xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output i>} : tensor<48x32xi8>
  %b = affine_nest.for (%i, %o) = (48, 48) reduce (%j) = (32) {
    %v = affine_nest.load %y[%i, %j] : tensor<48x32xi8>
    %u = affine_nest.load %a[%o, %j] : tensor<48x32xi8>
    %ve = arith.extsi %v : i8 to i32
    %ue = arith.extsi %u : i8 to i32
    %m = arith.muli %ve, %ue : i32
    %s = affine_nest.reduce add %m : i32
    %by = arith.constant 14 : i32
    %r = arith.shrsi %s, %by : i32
    %t = arith.trunci %r : i32 to i8
    affine_nest.yield %t : i8
  } attributes {lanes = #affine_nest.lanes<output o, input 1, weights second>} : tensor<48x48xi8>
  return %b : tensor<48x48xi8>
}
// CHECK: remark: '%a' is copied for '%b': (d0, d1, d2, d3) -> (d0, ((d1 * 16) + d3), d2) moves lanes; the core stores whole vectors (1,536 bytes)

// Not all of its rows are wanted.
func.func @window(%x: tensor<64x32xi8>, %y: tensor<48x32xi8>) -> tensor<48x48xi8> {
  %a = affine_nest.for (%i, %j) = (64, 32) {
    %v = affine_nest.load %x[%i, %j] : tensor<64x32xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output j>} : tensor<64x32xi8>
  %b = affine_nest.for (%i, %o) = (48, 48) reduce (%j) = (32) {
    %v = affine_nest.load %y[%i, %j] : tensor<48x32xi8>
    %u = affine_nest.load %a[%o, %j] : tensor<64x32xi8>
    %ve = arith.extsi %v : i8 to i32
    %ue = arith.extsi %u : i8 to i32
    %m = arith.muli %ve, %ue : i32
    %s = affine_nest.reduce add %m : i32
    %by = arith.constant 14 : i32
    %r = arith.shrsi %s, %by : i32
    %t = arith.trunci %r : i32 to i8
    affine_nest.yield %t : i8
  } attributes {lanes = #affine_nest.lanes<output o, input 1, weights second>} : tensor<48x48xi8>
  return %b : tensor<48x48xi8>
}
// CHECK: remark: '%a' is copied for '%b': (d0, d1, d2, d3) -> (((d0 * 16) + d2), ((d1 * 16) + d3)) is not invertible (1,536 bytes)

// It is returned, too.
func.func @read_twice(%x: tensor<48x32xi8>, %y: tensor<48x32xi8>) -> (tensor<48x32xi8>, tensor<48x48xi8>) {
  %a = affine_nest.for (%i, %j) = (48, 32) {
    %v = affine_nest.load %x[%i, %j] : tensor<48x32xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output j>} : tensor<48x32xi8>
  %b = affine_nest.for (%i, %o) = (48, 48) reduce (%j) = (32) {
    %v = affine_nest.load %y[%i, %j] : tensor<48x32xi8>
    %u = affine_nest.load %a[%o, %j] : tensor<48x32xi8>
    %ve = arith.extsi %v : i8 to i32
    %ue = arith.extsi %u : i8 to i32
    %m = arith.muli %ve, %ue : i32
    %s = affine_nest.reduce add %m : i32
    %by = arith.constant 14 : i32
    %r = arith.shrsi %s, %by : i32
    %t = arith.trunci %r : i32 to i8
    affine_nest.yield %t : i8
  } attributes {lanes = #affine_nest.lanes<output o, input 1, weights second>} : tensor<48x48xi8>
  return %a, %b : tensor<48x32xi8>, tensor<48x48xi8>
}
// CHECK: remark: '%a' is copied for '%b': '%a' has other readers, too (1,536 bytes)

// Blocks of weights are filled up with zeros.
func.func @padded(%x: tensor<40x32xi8>, %y: tensor<48x32xi8>) -> tensor<48x40xi8> {
  %a = affine_nest.for (%i, %j) = (40, 32) {
    %v = affine_nest.load %x[%i, %j] : tensor<40x32xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output j>} : tensor<40x32xi8>
  %b = affine_nest.for (%i, %o) = (48, 40) reduce (%j) = (32) {
    %v = affine_nest.load %y[%i, %j] : tensor<48x32xi8>
    %u = affine_nest.load %a[%o, %j] : tensor<40x32xi8>
    %ve = arith.extsi %v : i8 to i32
    %ue = arith.extsi %u : i8 to i32
    %m = arith.muli %ve, %ue : i32
    %s = affine_nest.reduce add %m : i32
    %by = arith.constant 14 : i32
    %r = arith.shrsi %s, %by : i32
    %t = arith.trunci %r : i32 to i8
    affine_nest.yield %t : i8
  } attributes {lanes = #affine_nest.lanes<output o, input 1, weights second>} : tensor<48x40xi8>
  return %b : tensor<48x40xi8>
}
// CHECK: remark: '%a' is copied for '%b': (d0, d1, d2, d3) -> (((d0 * 16) + d2), ((d1 * 16) + d3)) pads '%a' (1,536 bytes)

// Two nests compute it.
func.func @parts(%x: tensor<16x32xi8>, %y: tensor<48x32xi8>) -> tensor<48x32xi8> {
  %a = affine_nest.for (%i, %j) = (16, 32) into [%i, %j] {
    %v = affine_nest.load %x[%i, %j] : tensor<16x32xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output j>} : tensor<32x32xi8>
  %b = affine_nest.for (%i, %j) = (16, 32) into %a[%i + 16, %j] {
    %v = affine_nest.load %x[%i, %j] : tensor<16x32xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output j>} : tensor<32x32xi8>
  %d = affine_nest.for (%i, %o) = (48, 32) reduce (%j) = (32) {
    %v = affine_nest.load %y[%i, %j] : tensor<48x32xi8>
    %u = affine_nest.load %b[%o, %j] : tensor<32x32xi8>
    %ve = arith.extsi %v : i8 to i32
    %ue = arith.extsi %u : i8 to i32
    %m = arith.muli %ve, %ue : i32
    %s = affine_nest.reduce add %m : i32
    %by = arith.constant 14 : i32
    %r = arith.shrsi %s, %by : i32
    %t = arith.trunci %r : i32 to i8
    affine_nest.yield %t : i8
  } attributes {lanes = #affine_nest.lanes<output o, input 1, weights second>} : tensor<48x32xi8>
  return %d : tensor<48x32xi8>
}
// CHECK: remark: '%b' is copied for '%d': '%b' is computed in parts (1,024 bytes)
