// RUN: nopt %s -p affine-nest-pack | filecheck %s --check-prefix IMMEDIATE
// RUN: sed 's/-32768/-32769/' %s | nopt -p affine-nest-pack | filecheck %s --check-prefix LOW
// RUN: sed 's/32767/32768/' %s | nopt -p affine-nest-pack | filecheck %s --check-prefix HIGH
// Instructions hold signed numbers of 16 bits; others are loaded, as vectors.

func.func @main(%x: tensor<32x16xi8>, %w: tensor<16x16xi8>) -> tensor<32x16xi8> {
  %y = affine_nest.for (%i, %j) = (32, 16) reduce (%k) = (16) {
    %a = affine_nest.load %x[%i, %k] : tensor<32x16xi8>
    %b = affine_nest.load %w[%j, %k] : tensor<16x16xi8>
    %c = arith.extsi %a : i8 to i32
    %d = arith.extsi %b : i8 to i32
    %p = arith.muli %c, %d : i32
    %s = affine_nest.reduce add %p : i32
    %low = arith.constant -32768 : i32
    %l = arith.maxsi %s, %low : i32
    %high = arith.constant 32767 : i32
    %h = arith.minsi %l, %high : i32
    %by = arith.constant 8 : i32
    %r = arith.shrsi %h, %by : i32
    %t = arith.trunci %r : i32 to i8
    affine_nest.yield %t : i8
  } attributes {lanes = #affine_nest.lanes<output j, input 1, weights second>} : tensor<32x16xi8>
  return %y : tensor<32x16xi8>
}
// IMMEDIATE-NOT: graph.constant
// IMMEDIATE: arith.constant -32768 : i32
// IMMEDIATE: arith.constant 32767 : i32
// LOW: graph.constant dense<-32769> : tensor<16xi32>
// LOW: arith.constant 32767 : i32
// HIGH: graph.constant dense<32768> : tensor<16xi32>
// HIGH: arith.constant -32768 : i32
