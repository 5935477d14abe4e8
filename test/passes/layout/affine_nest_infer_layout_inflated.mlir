// RUN: nopt %s -p attach-machine,affine-nest-infer-layout --remarks 2>&1 | filecheck %s

// Lanes along the last dimension would take the argument as it is, by matrices that choose every
// eighth element of a row: 1,024 times the weights. Channels become lanes.
// CHECK: '%y' has lanes that might spare copies, but would inflate its weights from 4,096 bytes to 4,194,304; not tried
// CHECK: lanes = #affine_nest.lanes<output o, input 0, weights second>
func.func @steps(%x: tensor<64x64x64xi8>) -> tensor<64x8x8xi8> {
  %w = graph.constant dense<1> : tensor<64x64xi8>
  %y = affine_nest.for (%o, %h, %v) = (64, 8, 8) reduce (%i) = (64) {
    %a = affine_nest.load %x[%i, %h * 8, %v * 8] : tensor<64x64x64xi8>
    %b = affine_nest.load %w[%o, %i] : tensor<64x64xi8>
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %b : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = affine_nest.reduce add %2 : i32
    %4 = arith.trunci %3 : i32 to i8
    affine_nest.yield %4 : i8
  } : tensor<64x8x8xi8>
  return %y : tensor<64x8x8xi8>
}
