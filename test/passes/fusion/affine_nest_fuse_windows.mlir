// RUN: nopt %s -p 'attach-machine,affine-nest-fuse-windows{always=true}' --remarks 2>&1 | filecheck %s
// What it compares is searched once: a tuning log keeps it.
// RUN: rm -rf %t && mkdir %t
// RUN: nopt %s -p 'attach-machine,affine-nest-fuse-windows{tuning-log="%t/log.jsonl"}' -o %t/searched.mlir
// RUN: cp %t/log.jsonl %t/kept.jsonl
// RUN: nopt %s -p 'attach-machine,affine-nest-fuse-windows{tuning-log="%t/log.jsonl"}' | diff - %t/searched.mlir
// RUN: diff %t/log.jsonl %t/kept.jsonl
// RUN: filecheck %s --check-prefix LOG --input-file %t/log.jsonl
// LOG-COUNT-3: {"machine": {{.*}}, "nest": {{.*}}, "tile": [{{.*}}], "order": [{{.*}}]

// A maximum over windows of a product is taken of its sums; what followed these follows that.

// CHECK: '%z' does not compute what it reads in its own tiles: its windows reach further outside than a stride

func.func @fused(%x: tensor<1x8x8x16xi8>, %w: tensor<2x16x16xi8>) -> tensor<2x4x4x16xi8> {
  %b = graph.constant dense<5> : tensor<2x16xi32>
  %y = affine_nest.for (%c, %h, %w_, %l) = (2, 8, 8, 16) reduce (%i, %k) = (1, 16) {
    %a = affine_nest.load %x[%i, %h, %w_, %k] : tensor<1x8x8x16xi8>
    %m = affine_nest.load %w[%c, %l, %k] : tensor<2x16x16xi8>
    %bias = affine_nest.load %b[%c, %l] : tensor<2x16xi32>
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %m : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = affine_nest.reduce add %2 : i32
    %4 = arith.addi %3, %bias : i32
    %5 = arith.constant 7 : i32
    %6 = arith.shrsi %4, %5 : i32
    %7 = arith.constant 0 : i32
    %8 = arith.maxsi %6, %7 : i32
    %9 = arith.constant 127 : i32
    %10 = arith.minsi %8, %9 : i32
    %11 = arith.trunci %10 : i32 to i8
    affine_nest.yield %11 : i8
  } attributes {placement = "core"} : tensor<2x8x8x16xi8>
  %z = affine_nest.for (%c, %h, %w_, %l) = (2, 4, 4, 16) reduce (%kh, %kw) = (3, 3) {
    %a = affine_nest.load %y[%c, %h * 2 + %kh - 1, %w_ * 2 + %kw - 1, %l] pad 0 : tensor<2x8x8x16xi8>
    %m = affine_nest.reduce max %a : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core"} : tensor<2x4x4x16xi8>
  return %z : tensor<2x4x4x16xi8>
}
// CHECK-LABEL: func.func @fused(
// CHECK: %y = affine_nest.for (%c, %h, %w_, %l) = (2, 8, 8, 16) reduce (%i, %k) = (1, 16) {
// CHECK: %[[SUM:.*]] = affine_nest.reduce add %{{.*}} : i32
// CHECK-NEXT: affine_nest.yield %[[SUM]] : i32
// CHECK-NEXT: } attributes {placement = "reader"} : tensor<2x8x8x16xi32>
// CHECK-NEXT: %z = affine_nest.for (%c_1, %h_1, %w__1, %l_1) = (2, 4, 4, 16) reduce (%kh, %kw) = (3, 3) {
// CHECK-NEXT: %y_1 = affine_nest.load %y[%c_1, %h_1 * 2 + %kh - 1, %w__1 * 2 + %kw - 1, %l_1] pad -1073741824 : tensor<2x8x8x16xi32>
// CHECK-NEXT: %[[MOST:.*]] = affine_nest.reduce max %y_1 : i32
// CHECK-NEXT: %bias = affine_nest.load %b[%c_1, %l_1] : tensor<2x16xi32>
// CHECK-NEXT: %[[BIASED:.*]] = arith.addi %[[MOST]], %bias : i32
// CHECK: arith.shrsi %[[BIASED]]
// CHECK: arith.trunci
// CHECK-NEXT: affine_nest.yield
// CHECK-NEXT: } attributes {placement = "core"} : tensor<2x4x4x16xi8>

// The product is needed as it is.
func.func @two_readers(%x: tensor<1x8x8x16xi8>, %w: tensor<2x16x16xi8>) -> (tensor<2x4x4x16xi8>, tensor<2x8x8x16xi8>) {
  %b = graph.constant dense<5> : tensor<2x16xi32>
  %y = affine_nest.for (%c, %h, %w_, %l) = (2, 8, 8, 16) reduce (%i, %k) = (1, 16) {
    %a = affine_nest.load %x[%i, %h, %w_, %k] : tensor<1x8x8x16xi8>
    %m = affine_nest.load %w[%c, %l, %k] : tensor<2x16x16xi8>
    %bias = affine_nest.load %b[%c, %l] : tensor<2x16xi32>
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %m : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = affine_nest.reduce add %2 : i32
    %4 = arith.addi %3, %bias : i32
    %5 = arith.constant 7 : i32
    %6 = arith.shrsi %4, %5 : i32
    %7 = arith.constant 0 : i32
    %8 = arith.maxsi %6, %7 : i32
    %9 = arith.constant 127 : i32
    %10 = arith.minsi %8, %9 : i32
    %11 = arith.trunci %10 : i32 to i8
    affine_nest.yield %11 : i8
  } attributes {placement = "core"} : tensor<2x8x8x16xi8>
  %z = affine_nest.for (%c, %h, %w_, %l) = (2, 4, 4, 16) reduce (%kh, %kw) = (3, 3) {
    %a = affine_nest.load %y[%c, %h * 2 + %kh - 1, %w_ * 2 + %kw - 1, %l] pad 0 : tensor<2x8x8x16xi8>
    %m = affine_nest.reduce max %a : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core"} : tensor<2x4x4x16xi8>
  return %z, %y : tensor<2x4x4x16xi8>, tensor<2x8x8x16xi8>
}
// CHECK-LABEL: func.func @two_readers(
// CHECK-NOT: "reader"

// Sums that may wrap need not grow with what is added.
func.func @may_wrap(%x: tensor<1x8x8x16xi8>, %w: tensor<2x16x16xi8>) -> tensor<2x4x4x16xi8> {
  %b = graph.constant dense<2147483647> : tensor<2x16xi32>
  %y = affine_nest.for (%c, %h, %w_, %l) = (2, 8, 8, 16) reduce (%i, %k) = (1, 16) {
    %a = affine_nest.load %x[%i, %h, %w_, %k] : tensor<1x8x8x16xi8>
    %m = affine_nest.load %w[%c, %l, %k] : tensor<2x16x16xi8>
    %bias = affine_nest.load %b[%c, %l] : tensor<2x16xi32>
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %m : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = affine_nest.reduce add %2 : i32
    %4 = arith.addi %3, %bias : i32
    %5 = arith.constant 7 : i32
    %6 = arith.shrsi %4, %5 : i32
    %7 = arith.constant 0 : i32
    %8 = arith.maxsi %6, %7 : i32
    %9 = arith.constant 127 : i32
    %10 = arith.minsi %8, %9 : i32
    %11 = arith.trunci %10 : i32 to i8
    affine_nest.yield %11 : i8
  } attributes {placement = "core"} : tensor<2x8x8x16xi8>
  %z = affine_nest.for (%c, %h, %w_, %l) = (2, 4, 4, 16) reduce (%kh, %kw) = (3, 3) {
    %a = affine_nest.load %y[%c, %h * 2 + %kh - 1, %w_ * 2 + %kw - 1, %l] pad 0 : tensor<2x8x8x16xi8>
    %m = affine_nest.reduce max %a : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core"} : tensor<2x4x4x16xi8>
  return %z : tensor<2x4x4x16xi8>
}
// CHECK-LABEL: func.func @may_wrap(
// CHECK-NOT: "reader"

// What the windows read outside is above the least that they read inside.
func.func @below_the_pad(%x: tensor<1x8x8x16xi8>, %w: tensor<2x16x16xi8>) -> tensor<2x4x4x16xi8> {
  %b = graph.constant dense<5> : tensor<2x16xi32>
  %y = affine_nest.for (%c, %h, %w_, %l) = (2, 8, 8, 16) reduce (%i, %k) = (1, 16) {
    %a = affine_nest.load %x[%i, %h, %w_, %k] : tensor<1x8x8x16xi8>
    %m = affine_nest.load %w[%c, %l, %k] : tensor<2x16x16xi8>
    %bias = affine_nest.load %b[%c, %l] : tensor<2x16xi32>
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %m : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = affine_nest.reduce add %2 : i32
    %4 = arith.addi %3, %bias : i32
    %5 = arith.constant 7 : i32
    %6 = arith.shrsi %4, %5 : i32
    %7 = arith.constant -128 : i32
    %8 = arith.maxsi %6, %7 : i32
    %9 = arith.constant 127 : i32
    %10 = arith.minsi %8, %9 : i32
    %11 = arith.trunci %10 : i32 to i8
    affine_nest.yield %11 : i8
  } attributes {placement = "core"} : tensor<2x8x8x16xi8>
  %z = affine_nest.for (%c, %h, %w_, %l) = (2, 4, 4, 16) reduce (%kh, %kw) = (3, 3) {
    %a = affine_nest.load %y[%c, %h * 2 + %kh - 1, %w_ * 2 + %kw - 1, %l] pad 0 : tensor<2x8x8x16xi8>
    %m = affine_nest.reduce max %a : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core"} : tensor<2x4x4x16xi8>
  return %z : tensor<2x4x4x16xi8>
}
// CHECK-LABEL: func.func @below_the_pad(
// CHECK-NOT: "reader"

// What is added differs in a window.
func.func @differs_in_a_window(%x: tensor<1x8x8x16xi8>, %w: tensor<2x16x16xi8>, %r: tensor<2x8x8x16xi32>) -> tensor<2x4x4x16xi8> {
  %b = graph.constant dense<5> : tensor<2x16xi32>
  %y = affine_nest.for (%c, %h, %w_, %l) = (2, 8, 8, 16) reduce (%i, %k) = (1, 16) {
    %a = affine_nest.load %x[%i, %h, %w_, %k] : tensor<1x8x8x16xi8>
    %m = affine_nest.load %w[%c, %l, %k] : tensor<2x16x16xi8>
    %bias = affine_nest.load %r[%c, %h, %w_, %l] : tensor<2x8x8x16xi32>
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %m : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = affine_nest.reduce add %2 : i32
    %4 = arith.addi %3, %bias : i32
    %5 = arith.constant 7 : i32
    %6 = arith.shrsi %4, %5 : i32
    %7 = arith.constant 0 : i32
    %8 = arith.maxsi %6, %7 : i32
    %9 = arith.constant 127 : i32
    %10 = arith.minsi %8, %9 : i32
    %11 = arith.trunci %10 : i32 to i8
    affine_nest.yield %11 : i8
  } attributes {placement = "core"} : tensor<2x8x8x16xi8>
  %z = affine_nest.for (%c, %h, %w_, %l) = (2, 4, 4, 16) reduce (%kh, %kw) = (3, 3) {
    %a = affine_nest.load %y[%c, %h * 2 + %kh - 1, %w_ * 2 + %kw - 1, %l] pad 0 : tensor<2x8x8x16xi8>
    %m = affine_nest.reduce max %a : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core"} : tensor<2x4x4x16xi8>
  return %z : tensor<2x4x4x16xi8>
}
// CHECK-LABEL: func.func @differs_in_a_window(
// CHECK-NOT: "reader"

// Tiles other than the first would reach outside. Remarks come before the module.
func.func @far_outside(%x: tensor<1x8x8x16xi8>, %w: tensor<2x16x16xi8>) -> tensor<2x4x4x16xi8> {
  %b = graph.constant dense<5> : tensor<2x16xi32>
  %y = affine_nest.for (%c, %h, %w_, %l) = (2, 8, 8, 16) reduce (%i, %k) = (1, 16) {
    %a = affine_nest.load %x[%i, %h, %w_, %k] : tensor<1x8x8x16xi8>
    %m = affine_nest.load %w[%c, %l, %k] : tensor<2x16x16xi8>
    %bias = affine_nest.load %b[%c, %l] : tensor<2x16xi32>
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %m : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = affine_nest.reduce add %2 : i32
    %4 = arith.addi %3, %bias : i32
    %5 = arith.constant 7 : i32
    %6 = arith.shrsi %4, %5 : i32
    %7 = arith.constant 0 : i32
    %8 = arith.maxsi %6, %7 : i32
    %9 = arith.constant 127 : i32
    %10 = arith.minsi %8, %9 : i32
    %11 = arith.trunci %10 : i32 to i8
    affine_nest.yield %11 : i8
  } attributes {placement = "core"} : tensor<2x8x8x16xi8>
  %z = affine_nest.for (%c, %h, %w_, %l) = (2, 4, 4, 16) reduce (%kh, %kw) = (5, 3) {
    %a = affine_nest.load %y[%c, %h * 2 + %kh - 3, %w_ * 2 + %kw - 1, %l] pad 0 : tensor<2x8x8x16xi8>
    %m = affine_nest.reduce max %a : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core"} : tensor<2x4x4x16xi8>
  return %z : tensor<2x4x4x16xi8>
}
// CHECK-LABEL: func.func @far_outside(
// CHECK-NOT: "reader"
