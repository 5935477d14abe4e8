// RUN: nopt %s -p convert-affine-nest-to-affine | filecheck %s
// Nests as loops over memrefs.

// CHECK: "memref.global"() <{sym_name = "b", type = memref<8xi32>, initial_value = dense<3> : tensor<8xi32>, sym_visibility = "private", constant}>

// A padded convolution with bias: the guard is an affine.if, the reduction carries its sum.
func.func @conv(%x: tensor<4x6x6xi8>, %w: tensor<8x4x3x3xi8>) -> tensor<8x6x6xi32> {
  %b = graph.constant dense<3> : tensor<8xi32>
  %y = affine_nest.for (%o, %h, %v) = (8, 6, 6) reduce (%i, %kh, %kw) = (4, 3, 3) {
    %a = affine_nest.load %x[%i, %h + %kh - 1, %v + %kw - 2] pad 5 : tensor<4x6x6xi8>
    %c = affine_nest.load %w[%o, %i, %kh, %kw] : tensor<8x4x3x3xi8>
    %d = affine_nest.load %b[%o] : tensor<8xi32>
    %ae = arith.extsi %a : i8 to i32
    %ce = arith.extsi %c : i8 to i32
    %p = arith.muli %ae, %ce : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.addi %s, %d : i32
    affine_nest.yield %t : i32
  } : tensor<8x6x6xi32>
  return %y : tensor<8x6x6xi32>
}
// CHECK-LABEL: func.func @conv(
// CHECK-NEXT: %b = memref.get_global @b : memref<8xi32>
// CHECK-NEXT: %y = memref.alloc() : memref<8x6x6xi32>
// CHECK-NEXT: affine.for %o = 0 to 8 {
// CHECK-NEXT: affine.for %h = 0 to 6 {
// CHECK-NEXT: affine.for %v = 0 to 6 {
// CHECK-NEXT: %d = affine.load %b[%o] : memref<8xi32>
// CHECK-NEXT: %0 = arith.constant 0 : i32
// CHECK-NEXT: %1 = affine.for %i = 0 to 4 iter_args(%accumulator = %0) -> (i32) {
// CHECK-NEXT: %2 = affine.for %kh = 0 to 3 iter_args(%accumulator_1 = %accumulator) -> (i32) {
// CHECK-NEXT: %3 = affine.for %kw = 0 to 3 iter_args(%accumulator_2 = %accumulator_1) -> (i32) {
// CHECK-NEXT: %a = "affine.if"(%h, %v, %i, %kh, %kw) <{condition = affine_set<(d0, d1, d2, d3, d4) : (((d0 + d3) + -1) >= 0, (((d0 * -1) + (d3 * -1)) + 6) >= 0, ((d1 + d4) + -2) >= 0)>}> ({
// CHECK-NEXT: %a_1 = affine.load %x[%i, %h + %kh + -1, %v + %kw + -2] : memref<4x6x6xi8>
// CHECK-NEXT: affine.yield %a_1 : i8
// CHECK-NEXT: }, {
// CHECK-NEXT: %4 = arith.constant 5 : i8
// CHECK-NEXT: affine.yield %4 : i8
// CHECK-NEXT: }) : (index, index, index, index, index) -> i8
// CHECK-NEXT: %c = affine.load %w[%o, %i, %kh, %kw] : memref<8x4x3x3xi8>
// CHECK-NEXT: %ae = arith.extsi %a : i8 to i32
// CHECK-NEXT: %ce = arith.extsi %c : i8 to i32
// CHECK-NEXT: %p = arith.muli %ae, %ce : i32
// CHECK-NEXT: %5 = arith.addi %accumulator_2, %p : i32
// CHECK-NEXT: affine.yield %5 : i32
// CHECK-NEXT: }
// CHECK-NEXT: affine.yield %3 : i32
// CHECK-NEXT: }
// CHECK-NEXT: affine.yield %2 : i32
// CHECK-NEXT: }
// CHECK-NEXT: %t = arith.addi %1, %d : i32
// CHECK-NEXT: affine.store %t, %y[%o, %h, %v] : memref<8x6x6xi32>
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : memref<8x6x6xi32>

// Buffers that are not returned are freed; one bound suffices where one side may be left.
func.func @chain(%x: tensor<6xi8>) -> (tensor<6xi8>, tensor<6xi8>) {
  %a = affine_nest.for (%i) = (6) {
    %l = affine_nest.load %x[5 - %i] : tensor<6xi8>
    affine_nest.yield %l : i8
  } : tensor<6xi8>
  %b = affine_nest.for (%i) = (6) {
    %l = affine_nest.load %a[%i + 1] pad -1 : tensor<6xi8>
    affine_nest.yield %l : i8
  } : tensor<6xi8>
  return %x, %b : tensor<6xi8>, tensor<6xi8>
}
// CHECK-LABEL: func.func @chain(
// CHECK-NEXT: %a = memref.alloc() : memref<6xi8>
// CHECK-NEXT: affine.for %i = 0 to 6 {
// CHECK-NEXT: %l = affine.load %x[%i * -1 + 5] : memref<6xi8>
// CHECK-NEXT: affine.store %l, %a[%i] : memref<6xi8>
// CHECK-NEXT: }
// CHECK-NEXT: %b = memref.alloc() : memref<6xi8>
// CHECK-NEXT: affine.for %i_1 = 0 to 6 {
// CHECK-NEXT: %l_1 = "affine.if"(%i_1) <{condition = affine_set<(d0) : (((d0 * -1) + 4) >= 0)>}> ({
// CHECK-NEXT: %l_2 = affine.load %a[%i_1 + 1] : memref<6xi8>
// CHECK-NEXT: affine.yield %l_2 : i8
// CHECK-NEXT: }, {
// CHECK-NEXT: %0 = arith.constant -1 : i8
// CHECK-NEXT: affine.yield %0 : i8
// CHECK-NEXT: }) : (index) -> i8
// CHECK-NEXT: affine.store %l_1, %b[%i_1] : memref<6xi8>
// CHECK-NEXT: }
// CHECK-NEXT: memref.dealloc %a : memref<6xi8>
// CHECK-NEXT: func.return %x, %b : memref<6xi8>, memref<6xi8>

// Each reduction has loops of its own; a maximum starts at the smallest value.
func.func @reductions(%x: tensor<6xi8>) -> tensor<i8> {
  %a = affine_nest.for () = () reduce (%k) = (6) {
    %l = affine_nest.load %x[%k] : tensor<6xi8>
    %m = affine_nest.reduce max %l : i8
    %d = arith.subi %l, %m : i8
    %n = affine_nest.reduce min %d : i8
    affine_nest.yield %n : i8
  } : tensor<i8>
  return %a : tensor<i8>
}
// CHECK-LABEL: func.func @reductions(
// CHECK-NEXT: %a = memref.alloc() : memref<i8>
// CHECK-NEXT: %0 = arith.constant -128 : i8
// CHECK-NEXT: %1 = affine.for %k = 0 to 6 iter_args(%accumulator = %0) -> (i8) {
// CHECK-NEXT: %l = affine.load %x[%k] : memref<6xi8>
// CHECK-NEXT: %2 = arith.maxsi %accumulator, %l : i8
// CHECK-NEXT: affine.yield %2 : i8
// CHECK-NEXT: }
// CHECK-NEXT: %3 = arith.constant 127 : i8
// CHECK-NEXT: %4 = affine.for %k_1 = 0 to 6 iter_args(%accumulator_1 = %3) -> (i8) {
// CHECK-NEXT: %l_1 = affine.load %x[%k_1] : memref<6xi8>
// CHECK-NEXT: %d = arith.subi %l_1, %1 : i8
// CHECK-NEXT: %5 = arith.minsi %accumulator_1, %d : i8
// CHECK-NEXT: affine.yield %5 : i8
// CHECK-NEXT: }
// CHECK-NEXT: affine.store %4, %a[] : memref<i8>
// CHECK-NEXT: func.return %a : memref<i8>

// Floats too.
func.func @float(%x: tensor<6xf32>) -> tensor<f32> {
  %a = affine_nest.for () = () reduce (%k) = (6) {
    %l = affine_nest.load %x[%k] : tensor<6xf32>
    %m = affine_nest.reduce max %l : f32
    affine_nest.yield %m : f32
  } : tensor<f32>
  return %a : tensor<f32>
}
// CHECK-LABEL: func.func @float(
// CHECK-NEXT: %a = memref.alloc() : memref<f32>
// CHECK-NEXT: %0 = arith.constant 0xff800000 : f32
// CHECK-NEXT: %1 = affine.for %k = 0 to 6 iter_args(%accumulator = %0) -> (f32) {
// CHECK-NEXT: %l = affine.load %x[%k] : memref<6xf32>
// CHECK-NEXT: %2 = arith.maximumf %accumulator, %l : f32
// CHECK-NEXT: affine.yield %2 : f32
// CHECK-NEXT: }
// CHECK-NEXT: affine.store %1, %a[] : memref<f32>
// CHECK-NEXT: func.return %a : memref<f32>

// Calls, declarations and what has no tensors.
// CHECK: func.func private @far(memref<6xi8>, index) -> memref<2x3xi8>
func.func private @far(tensor<6xi8>, index) -> tensor<2x3xi8>

func.func @call(%x: tensor<6xi8>) -> tensor<2x3xi8> {
  %n = arith.constant 3 : index
  %y = func.call @far(%x, %n) : (tensor<6xi8>, index) -> tensor<2x3xi8>
  return %y : tensor<2x3xi8>
}
// CHECK-LABEL: func.func @call(
// CHECK-NEXT: %n = arith.constant 3 : index
// CHECK-NEXT: %y = func.call @far(%x, %n) : (memref<6xi8>, index) -> memref<2x3xi8>
// CHECK-NEXT: func.return %y : memref<2x3xi8>

// A nest that writes into a part: of a copy, or of what is left unspecified.
func.func @into(%x: tensor<3xi8>) -> tensor<8xi8> {
  %a = affine_nest.for (%i) = (3) into [%i * 2 + 1] {
    %l = affine_nest.load %x[%i] : tensor<3xi8>
    affine_nest.yield %l : i8
  } : tensor<8xi8>
  %b = affine_nest.for (%j) = (3) into %a[%j] {
    %l = affine_nest.load %x[%j] : tensor<3xi8>
    affine_nest.yield %l : i8
  } : tensor<8xi8>
  return %b : tensor<8xi8>
}
// CHECK-LABEL: func.func @into(
// CHECK-NEXT: %a = memref.alloc() : memref<8xi8>
// CHECK-NEXT: affine.for %i = 0 to 3 {
// CHECK-NEXT: %l = affine.load %x[%i] : memref<3xi8>
// CHECK-NEXT: affine.store %l, %a[%i * 2 + 1] : memref<8xi8>
// CHECK-NEXT: }
// CHECK-NEXT: %b = memref.alloc() : memref<8xi8>
// CHECK-NEXT: affine.for %i0 = 0 to 8 {
// CHECK-NEXT: %0 = affine.load %a[%i0] : memref<8xi8>
// CHECK-NEXT: affine.store %0, %b[%i0] : memref<8xi8>
// CHECK-NEXT: }
// CHECK-NEXT: affine.for %j = 0 to 3 {
// CHECK-NEXT: %l_1 = affine.load %x[%j] : memref<3xi8>
// CHECK-NEXT: affine.store %l_1, %b[%j] : memref<8xi8>
// CHECK-NEXT: }
// CHECK-NEXT: memref.dealloc %a : memref<8xi8>
// CHECK-NEXT: func.return %b : memref<8xi8>

// What is given packed is packed by loops; orders that only say where arguments are to lie are dropped.
func.func @packs(%x: tensor<2x2xi8> {affine_nest.order = affine_map<(d0) -> (d0 floordiv 2, d0 mod 2)>, affine_nest.packs = tensor<4xi8>},
                 %y: tensor<4xi8> {affine_nest.order = affine_map<(d0) -> (d0 floordiv 2, d0 mod 2)>, test.name = "y"}) -> tensor<2xi8> {
  %z = affine_nest.for (%i) = (2) {
    %a = affine_nest.load %x[%i, 1] : tensor<2x2xi8>
    affine_nest.yield %a : i8
  } : tensor<2xi8>
  return %z : tensor<2xi8>
}
// CHECK-LABEL: func.func @packs(%x: memref<4xi8>, %y: memref<4xi8> {test.name = "y"}) -> memref<2xi8> {
// CHECK-NEXT: %x_1 = memref.alloc() : memref<2x2xi8>
// CHECK-NEXT: affine.for %i0 = 0 to 2 {
// CHECK-NEXT: affine.for %lane = 0 to 2 {
// CHECK-NEXT: %x_2 = affine.load %x[%i0 * 2 + %lane] : memref<4xi8>
// CHECK-NEXT: affine.store %x_2, %x_1[%i0, %lane] : memref<2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: %z = memref.alloc() : memref<2xi8>
// CHECK-NEXT: affine.for %i = 0 to 2 {
// CHECK-NEXT: %a = affine.load %x_1[%i, 1] : memref<2x2xi8>
