// RUN: nopt %s -p affine-nest-infer-layout | filecheck %s
// What stays on the host, each with its reason.

func.func @scalar(%x: tensor<5xi8>) -> tensor<i8> {
  %y = affine_nest.for () = () reduce (%i) = (5) {
    %a = affine_nest.load %x[%i] : tensor<5xi8>
    %m = affine_nest.reduce max %a : i8
    affine_nest.yield %m : i8
  } : tensor<i8>
  return %y : tensor<i8>
}
// CHECK-LABEL: func.func @scalar(
// CHECK: } attributes {placement = "host", host_reason = "it has no parallel iterator"} : tensor<i8>

func.func @wide_result(%x: tensor<5xi8>) -> tensor<5xi32> {
  %y = affine_nest.for (%i) = (5) {
    %a = affine_nest.load %x[%i] : tensor<5xi8>
    %e = arith.extsi %a : i8 to i32
    affine_nest.yield %e : i32
  } : tensor<5xi32>
  return %y : tensor<5xi32>
}
// CHECK-LABEL: func.func @wide_result(
// CHECK: } attributes {placement = "host", host_reason = "it yields i32; the core stores i8"} : tensor<5xi32>

func.func @idle_reduction(%x: tensor<5xi8>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) reduce (%k) = (3) {
    %a = affine_nest.load %x[%i] : tensor<5xi8>
    affine_nest.yield %a : i8
  } : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @idle_reduction(
// CHECK: } attributes {placement = "host", host_reason = "it has reduction iterators but no reduction"} : tensor<5xi8>

func.func @wide_reduction(%x: tensor<5x3xi32>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) reduce (%k) = (3) {
    %a = affine_nest.load %x[%i, %k] : tensor<5x3xi32>
    %m = affine_nest.reduce max %a : i32
    %t = arith.trunci %m : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @wide_reduction(
// CHECK: } attributes {placement = "host", host_reason = "it reduces elements of type i32; the core loads i8"} : tensor<5xi8>

func.func @computed_reduction(%x: tensor<5x3xi8>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) reduce (%k) = (3) {
    %a = affine_nest.load %x[%i, %k] : tensor<5x3xi8>
    %s = arith.addi %a, %a : i8
    %m = affine_nest.reduce max %s : i8
    affine_nest.yield %m : i8
  } : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @computed_reduction(
// CHECK: } attributes {placement = "host", host_reason = "it reduces something else than a load or an i32 product of two i8 loads"} : tensor<5xi8>

func.func @wide_product(%x: tensor<5x3xi32>, %w: tensor<3xi8>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) reduce (%k) = (3) {
    %a = affine_nest.load %x[%i, %k] : tensor<5x3xi32>
    %b = affine_nest.load %w[%k] : tensor<3xi8>
    %c = arith.extsi %b : i8 to i32
    %p = arith.muli %a, %c : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @wide_product(
// CHECK: } attributes {placement = "host", host_reason = "it reduces something else than a load or an i32 product of two i8 loads"} : tensor<5xi8>

func.func @narrowed_between(%x: tensor<5xi8>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) {
    %a = affine_nest.load %x[%i] : tensor<5xi8>
    %e = arith.extsi %a : i8 to i32
    %c = arith.constant 3 : i32
    %s = arith.addi %e, %c : i32
    %t = arith.trunci %s : i32 to i8
    %z = arith.constant 0 : i8
    %v = arith.maxsi %t, %z : i8
    affine_nest.yield %v : i8
  } : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @narrowed_between(
// CHECK: } attributes {placement = "host", host_reason = "it narrows a value that may not fit before the end"} : tensor<5xi8>

func.func @no_such_step(%x: tensor<5xi8>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) {
    %a = affine_nest.load %x[%i] : tensor<5xi8>
    %e = arith.extsi %a : i8 to i32
    %c = arith.constant 3 : i32
    %s = arith.floordivsi %e, %c : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @no_such_step(
// CHECK: } attributes {placement = "host", host_reason = "'arith.floordivsi' has no instruction on this core"} : tensor<5xi8>

func.func @multiply(%x: tensor<5xi8>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) {
    %a = affine_nest.load %x[%i] : tensor<5xi8>
    %e = arith.extsi %a : i8 to i32
    %c = arith.constant -3 : i32
    %s = arith.muli %e, %c : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @multiply(
// CHECK: } attributes {placement = "host", host_reason = "'arith.muli' has no instruction on this core"} : tensor<5xi8>

func.func @wide_steps(%x: tensor<5xi8>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) {
    %a = affine_nest.load %x[%i] : tensor<5xi8>
    %e = arith.extsi %a : i8 to i64
    %c = arith.constant 3 : i64
    %s = arith.addi %e, %c : i64
    %t = arith.trunci %s : i64 to i8
    affine_nest.yield %t : i8
  } : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @wide_steps(
// CHECK: } attributes {placement = "host", host_reason = "it computes in i64; the core computes in i32"} : tensor<5xi8>

func.func @wide_clip(%x: tensor<5xi8>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) {
    %a = affine_nest.load %x[%i] : tensor<5xi8>
    %e = arith.extsi %a : i8 to i64
    %c = arith.constant 3 : i64
    %s = arith.maxsi %e, %c : i64
    %t = arith.trunci %s : i64 to i8
    affine_nest.yield %t : i8
  } : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @wide_clip(
// CHECK: } attributes {placement = "host", host_reason = "it computes in i64; the core computes in i32"} : tensor<5xi8>

func.func @loaded_shift(%x: tensor<5xi8>, %n: tensor<5xi32>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) {
    %a = affine_nest.load %x[%i] : tensor<5xi8>
    %e = arith.extsi %a : i8 to i32
    %c = affine_nest.load %n[%i] : tensor<5xi32>
    %s = arith.shrsi %e, %c : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @loaded_shift(
// CHECK: } attributes {placement = "host", host_reason = "it shifts by something else than constants 0 to 31"} : tensor<5xi8>

func.func @odd_operand(%x: tensor<5xi8>, %b: tensor<5xi16>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) {
    %a = affine_nest.load %x[%i] : tensor<5xi8>
    %e = arith.extsi %a : i8 to i32
    %l = affine_nest.load %b[%i] : tensor<5xi16>
    %c = arith.extsi %l : i16 to i32
    %z = arith.constant 1 : i32
    %d = arith.addi %e, %z : i32
    %s = arith.addi %d, %c : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @odd_operand(
// CHECK: } attributes {placement = "host", host_reason = "it loads i16; the core loads i8 and i32"} : tensor<5xi8>

func.func @odd_input(%x: tensor<5xi16>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) {
    %a = affine_nest.load %x[%i] : tensor<5xi16>
    %t = arith.trunci %a : i16 to i8
    affine_nest.yield %t : i8
  } : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @odd_input(
// CHECK: } attributes {placement = "host", host_reason = "it loads i16; the core loads i8 and i32"} : tensor<5xi8>

func.func @two_chains(%x: tensor<5xi8>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) {
    %a = affine_nest.load %x[%i] : tensor<5xi8>
    %e = arith.extsi %a : i8 to i32
    %c = arith.constant 3 : i32
    %h = arith.shrsi %e, %c : i32
    %m = arith.maxsi %e, %c : i32
    %s = arith.addi %h, %m : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @two_chains(
// CHECK: } attributes {placement = "host", host_reason = "'arith.addi' combines two computed values"} : tensor<5xi8>

func.func @no_output_channel(%x: tensor<9x3xi8>, %w: tensor<9x3xi8>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) reduce (%k) = (3) {
    %a = affine_nest.load %x[%i * 2, %k] : tensor<9x3xi8>
    %b = affine_nest.load %w[%i * 2, %k] : tensor<9x3xi8>
    %d = arith.extsi %a : i8 to i32
    %c = arith.extsi %b : i8 to i32
    %p = arith.muli %d, %c : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @no_output_channel(
// CHECK: } attributes {placement = "host", host_reason = "no parallel iterator runs along an output channel of its weights"} : tensor<5xi8>

func.func @no_input_channel(%x: tensor<7xi8>, %w: tensor<7xi8>) -> tensor<5x5xi8> {
  %y = affine_nest.for (%i, %o) = (5, 5) reduce (%k) = (3) {
    %a = affine_nest.load %x[%i + %k] : tensor<7xi8>
    %b = affine_nest.load %w[%o + %k] : tensor<7xi8>
    %d = arith.extsi %a : i8 to i32
    %c = arith.extsi %b : i8 to i32
    %p = arith.muli %d, %c : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<5x5xi8>
  return %y : tensor<5x5xi8>
}
// CHECK-LABEL: func.func @no_input_channel(
// CHECK: } attributes {placement = "host", host_reason = "no dimension of its input is a reduction channel of its own"} : tensor<5x5xi8>

func.func @padded_weights(%x: tensor<5xi8>, %w: tensor<5x6xi8>) -> tensor<6xi8> {
  %y = affine_nest.for (%o) = (6) reduce (%k) = (5) {
    %a = affine_nest.load %x[%k] : tensor<5xi8>
    %b = affine_nest.load %w[%k + 1, %o] pad 7 : tensor<5x6xi8>
    %d = arith.extsi %a : i8 to i32
    %c = arith.extsi %b : i8 to i32
    %p = arith.muli %d, %c : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<6xi8>
  return %y : tensor<6xi8>
}
// CHECK-LABEL: func.func @padded_weights(
// CHECK: } attributes {placement = "host", host_reason = "it pads its weights with 7, not 0"} : tensor<6xi8>

func.func @channel_overruns(%x: tensor<4x3xi8>, %w: tensor<3x5xi8>) -> tensor<4x5xi8> {
  %y = affine_nest.for (%i, %o) = (4, 5) reduce (%k) = (3) {
    %a = affine_nest.load %x[%i, %k + 1] pad 7 : tensor<4x3xi8>
    %b = affine_nest.load %w[%k, %o] : tensor<3x5xi8>
    %d = arith.extsi %a : i8 to i32
    %c = arith.extsi %b : i8 to i32
    %p = arith.muli %d, %c : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<4x5xi8>
  return %y : tensor<4x5xi8>
}
// CHECK-LABEL: func.func @channel_overruns(
// CHECK: } attributes {placement = "host", host_reason = "no dimension of its input is a reduction channel of its own"} : tensor<4x5xi8>

func.func @no_dimension(%x: tensor<5xi8>) -> tensor<2xi8> {
  %y = affine_nest.for (%i) = (2) {
    %a = affine_nest.load %x[%i * 2 + 1] : tensor<5xi8>
    affine_nest.yield %a : i8
  } : tensor<2xi8>
  return %y : tensor<2xi8>
}
// CHECK-LABEL: func.func @no_dimension(
// CHECK: } attributes {placement = "host", host_reason = "no parallel iterator runs along a dimension of what it loads"} : tensor<2xi8>

func.func @other_channel(%x: tensor<4x4xi8>, %r: tensor<4x4xi8>) -> tensor<4x4xi8> {
  %y = affine_nest.for (%i, %j) = (4, 4) {
    %a = affine_nest.load %x[%i, %j] : tensor<4x4xi8>
    %b = affine_nest.load %r[%i, 3 - %j] : tensor<4x4xi8>
    %v = arith.maxsi %a, %b : i8
    affine_nest.yield %v : i8
  } : tensor<4x4xi8>
  return %y : tensor<4x4xi8>
}
// CHECK-LABEL: func.func @other_channel(
// CHECK: } attributes {placement = "host", host_reason = "the output channel is not one dimension of a tensor it loads"} : tensor<4x4xi8>

func.func @part_of_the_channels(%x: tensor<9xi8>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) {
    %a = affine_nest.load %x[%i + 4] : tensor<9xi8>
    affine_nest.yield %a : i8
  } : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @part_of_the_channels(
// CHECK: } attributes {placement = "host", host_reason = "it loads a part of the channels of a tensor, not in blocks of 16"} : tensor<5xi8>

// Pinned by hand.
func.func @pinned(%x: tensor<5xi8>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) {
    %a = affine_nest.load %x[%i] : tensor<5xi8>
    affine_nest.yield %a : i8
  } attributes {placement = "host"} : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @pinned(
// CHECK: } attributes {placement = "host"} : tensor<5xi8>
// CHECK-NOT: core

func.func @backwards(%x: tensor<4x16xi8>) -> tensor<4x16xi8> {
  %y = affine_nest.for (%i, %j) = (4, 16) {
    %a = affine_nest.load %x[-%i + 3, %j] : tensor<4x16xi8>
    affine_nest.yield %a : i8
  } : tensor<4x16xi8>
  return %y : tensor<4x16xi8>
}
// CHECK-LABEL: func.func @backwards(
// CHECK: } attributes {placement = "host", host_reason = "an index runs backwards"} : tensor<4x16xi8>

// Beyond the channels of a blocked tensor there may be anything, not the pad.
func.func @beyond_the_channels(%x: tensor<5xi8>) -> tensor<7xi8> {
  %y = affine_nest.for (%c) = (7) {
    %a = affine_nest.load %x[%c] pad 3 : tensor<5xi8>
    %e = arith.extsi %a : i8 to i32
    %one = arith.constant 1 : i32
    %s = arith.addi %e, %one : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<7xi8>
  return %y : tensor<7xi8>
}
// CHECK-LABEL: func.func @beyond_the_channels(
// CHECK: } attributes {placement = "host", host_reason = "it reads beyond the channels of a tensor"} : tensor<7xi8>

// 129 is odd, and larger than a weight.
func.func @scaled(%x: tensor<16xi8>, %y: tensor<16xi8>) -> tensor<16xi8> {
  %z = affine_nest.for (%i) = (16) {
    %a = affine_nest.load %x[%i] : tensor<16xi8>
    %b = affine_nest.load %y[%i] : tensor<16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %n = arith.constant 129 : i32
    %p = arith.muli %be, %n : i32
    %s = arith.addi %ae, %p : i32
    %by = arith.constant 9 : i32
    %r = arith.shrsi %s, %by : i32
    %t = arith.trunci %r : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<16xi8>
  return %z : tensor<16xi8>
}
// CHECK-LABEL: func.func @scaled(
// CHECK: } attributes {placement = "host", host_reason = "it scales an operand by 129; the core's weights are i8"} : tensor<16xi8>
