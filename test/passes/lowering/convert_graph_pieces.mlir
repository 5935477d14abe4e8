// RUN: nopt %s -p convert-graph-to-affine-nest | filecheck %s
// Tensors put together, and parts of them.

// Pieces of a joined tensor are written one after the other, each as soon as it exists.
func.func @concat(%x: tensor<2x3xi8>, %y: tensor<2x3xi8>) -> (tensor<2x6xi8>, tensor<2x3xi8>) {
  %r = graph.relu %x : tensor<2x3xi8>
  %j = graph.concat %r, %y axis 1 {represents = {tensor = "t"}} : (tensor<2x3xi8>, tensor<2x3xi8>) -> tensor<2x6xi8>
  return %j, %r : tensor<2x6xi8>, tensor<2x3xi8>
}
// CHECK-LABEL: func.func @concat(
// CHECK-NEXT: %j = affine_nest.for (%i0, %i1) = (2, 3) into [%i0, %i1 + 3] {
// CHECK-NEXT: %y_1 = affine_nest.load %y[%i0, %i1] : tensor<2x3xi8>
// CHECK-NEXT: affine_nest.yield %y_1 : i8
// CHECK-NEXT: } : tensor<2x6xi8>
// CHECK-NEXT: %r = affine_nest.for (%i0_1, %i1_1) = (2, 3) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0_1, %i1_1] : tensor<2x3xi8>
// CHECK-NEXT: %0 = arith.constant 0 : i8
// CHECK-NEXT: %1 = arith.maxsi %x_1, %0 : i8
// CHECK-NEXT: affine_nest.yield %1 : i8
// CHECK-NEXT: } : tensor<2x3xi8>
// CHECK-NEXT: %j_1 = affine_nest.for (%i0_2, %i1_2) = (2, 3) into %j[%i0_2, %i1_2] {
// CHECK-NEXT: %r_1 = affine_nest.load %r[%i0_2, %i1_2] : tensor<2x3xi8>
// CHECK-NEXT: affine_nest.yield %r_1 : i8
// CHECK-NEXT: } attributes {represents = {tensor = "t"}} : tensor<2x6xi8>
// CHECK-NEXT: func.return %j_1, %r : tensor<2x6xi8>, tensor<2x3xi8>

// A join that begins like another one grows that.
func.func @grown(%x: tensor<2xi8>, %y: tensor<3xi8>) -> (tensor<5xi8>, tensor<7xi8>) {
  %j = graph.concat %x, %y axis 0 : (tensor<2xi8>, tensor<3xi8>) -> tensor<5xi8>
  %k = graph.concat %x, %y, %x axis 0 : (tensor<2xi8>, tensor<3xi8>, tensor<2xi8>) -> tensor<7xi8>
  return %j, %k : tensor<5xi8>, tensor<7xi8>
}
// CHECK-LABEL: func.func @grown(
// CHECK-NEXT: %k = affine_nest.for (%i0) = (2) into [%i0 + 5] {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0] : tensor<2xi8>
// CHECK-NEXT: affine_nest.yield %x_1 : i8
// CHECK-NEXT: } : tensor<7xi8>
// CHECK-NEXT: %j = affine_nest.for (%i0_1) = (2) into [%i0_1] {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0_1] : tensor<2xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<5xi8>
// CHECK-NEXT: %j_1 = affine_nest.for (%i0_2) = (3) into %j[%i0_2 + 2] {
// CHECK-NEXT: %y_1 = affine_nest.load %y[%i0_2] : tensor<3xi8>
// CHECK-NEXT: affine_nest.yield %y_1 : i8
// CHECK-NEXT: } : tensor<5xi8>
// CHECK-NEXT: %k_1 = affine_nest.for (%i0_3) = (5) into %k[%i0_3] {
// CHECK-NEXT: %j_2 = affine_nest.load %j_1[%i0_3] : tensor<5xi8>
// CHECK-NEXT: affine_nest.yield %j_2 : i8
// CHECK-NEXT: } : tensor<7xi8>
// CHECK-NEXT: func.return %j_1, %k_1 : tensor<5xi8>, tensor<7xi8>

// Padding that nobody reads is not written.
func.func @holes(%x: tensor<3xi8>, %y: tensor<2xi8>) -> tensor<6xi8> {
  %p = graph.pad %x low [0] high [1] value 0 : tensor<3xi8> -> tensor<4xi8>
  %j = graph.concat %p, %y axis 0 {padding_is_unread} : (tensor<4xi8>, tensor<2xi8>) -> tensor<6xi8>
  return %j : tensor<6xi8>
}
// CHECK-LABEL: func.func @holes(
// CHECK-NEXT: %j = affine_nest.for (%i0) = (3) into [%i0] {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0] : tensor<3xi8>
// CHECK-NEXT: affine_nest.yield %x_1 : i8
// CHECK-NEXT: } : tensor<6xi8>
// CHECK-NEXT: %j_1 = affine_nest.for (%i0_1) = (2) into %j[%i0_1 + 4] {
// CHECK-NEXT: %y_1 = affine_nest.load %y[%i0_1] : tensor<2xi8>
// CHECK-NEXT: affine_nest.yield %y_1 : i8
// CHECK-NEXT: } : tensor<6xi8>
// CHECK-NEXT: %p = affine_nest.for (%i0_2) = (4) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0_2] pad 0 : tensor<3xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: func.return %j_1 : tensor<6xi8>

func.func @parts(%x: tensor<4x6xi8>) -> (tensor<2x2xi8>, tensor<5x9xi8>, tensor<3x4x6xi8>) {
  %s = graph.slice %x starts [1, 2] steps [1, 3] : tensor<4x6xi8> -> tensor<2x2xi8>
  %p = graph.pad %x low [1, 0] high [0, 3] value -7 : tensor<4x6xi8> -> tensor<5x9xi8>
  %b = graph.broadcast %x : tensor<4x6xi8> -> tensor<3x4x6xi8>
  return %s, %p, %b : tensor<2x2xi8>, tensor<5x9xi8>, tensor<3x4x6xi8>
}
// CHECK-LABEL: func.func @parts(
// CHECK-NEXT: %s = affine_nest.for (%i0, %i1) = (2, 2) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0 + 1, %i1 * 3 + 2] : tensor<4x6xi8>
// CHECK-NEXT: affine_nest.yield %x_1 : i8
// CHECK-NEXT: } : tensor<2x2xi8>
// CHECK-NEXT: %p = affine_nest.for (%i0_1, %i1_1) = (5, 9) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0_1 - 1, %i1_1] pad -7 : tensor<4x6xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<5x9xi8>
// CHECK-NEXT: %b = affine_nest.for (%i0_2, %i1_2, %i2) = (3, 4, 6) {
// CHECK-NEXT: %x_3 = affine_nest.load %x[%i1_2, %i2] : tensor<4x6xi8>
// CHECK-NEXT: affine_nest.yield %x_3 : i8
// CHECK-NEXT: } : tensor<3x4x6xi8>
// CHECK-NEXT: func.return %s, %p, %b : tensor<2x2xi8>, tensor<5x9xi8>, tensor<3x4x6xi8>

// What is placed on the host stays; what must run on the core says so.
func.func @placed(%x: tensor<4xi8>) -> tensor<4xi8> {
  %r = graph.relu %x {placement = "host", host_reason = "I say so"} : tensor<4xi8>
  %s = graph.relu %r {placement = "core", represents = {tensor = "t"}} : tensor<4xi8>
  return %s : tensor<4xi8>
}
// CHECK-LABEL: func.func @placed(
// CHECK-NEXT: %r = graph.relu %x {placement = "host", host_reason = "I say so"} : tensor<4xi8>
// CHECK-NEXT: %s = affine_nest.for (%i0) = (4) {
// CHECK-NEXT: %r_1 = affine_nest.load %r[%i0] : tensor<4xi8>
// CHECK-NEXT: %0 = arith.constant 0 : i8
// CHECK-NEXT: %1 = arith.maxsi %r_1, %0 : i8
// CHECK-NEXT: affine_nest.yield %1 : i8
// CHECK-NEXT: } attributes {represents = {tensor = "t"}, must_run_on = "core"} : tensor<4xi8>
// CHECK-NEXT: func.return %s : tensor<4xi8>

// Constant indices at equal steps are known places; others stay a gather.
func.func @gather(%x: tensor<4x6xi8>) -> (tensor<4x3xi8>, tensor<6xi8>, tensor<2x2x6xi8>, tensor<4x3xi8>) {
  %i = graph.constant dense<[5, 3, -5]> : tensor<3xi64>
  %a = graph.gather %x, %i axis 1 : (tensor<4x6xi8>, tensor<3xi64>) -> tensor<4x3xi8>
  %j = graph.constant dense<2> : tensor<i64>
  %b = graph.gather %x, %j axis 0 : (tensor<4x6xi8>, tensor<i64>) -> tensor<6xi8>
  %k = graph.constant dense<[[0, 1], [2, 3]]> : tensor<2x2xi64>
  %c = graph.gather %x, %k axis 0 : (tensor<4x6xi8>, tensor<2x2xi64>) -> tensor<2x2x6xi8>
  %l = graph.constant dense<[0, 1, 3]> : tensor<3xi64>
  %d = graph.gather %x, %l axis 1 : (tensor<4x6xi8>, tensor<3xi64>) -> tensor<4x3xi8>
  return %a, %b, %c, %d : tensor<4x3xi8>, tensor<6xi8>, tensor<2x2x6xi8>, tensor<4x3xi8>
}
// CHECK-LABEL: func.func @gather(
// CHECK-NEXT: %i = graph.constant dense<[5, 3, -5]> : tensor<3xi64>
// CHECK-NEXT: %a = affine_nest.for (%i0, %i1) = (4, 3) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0, %i1 * -2 + 5] : tensor<4x6xi8>
// CHECK-NEXT: affine_nest.yield %x_1 : i8
// CHECK-NEXT: } : tensor<4x3xi8>
// CHECK-NEXT: %j = graph.constant dense<2> : tensor<i64>
// CHECK-NEXT: %b = affine_nest.for (%i0_1) = (6) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[2, %i0_1] : tensor<4x6xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<6xi8>
// CHECK-NEXT: %k = graph.constant dense<{{\[\[}}0, 1], [2, 3]]> : tensor<2x2xi64>
// CHECK-NEXT: %c = affine_nest.for (%i0_2, %i1_1, %i2) = (2, 2, 6) {
// CHECK-NEXT: %x_3 = affine_nest.load %x[%i0_2 * 2 + %i1_1, %i2] : tensor<4x6xi8>
// CHECK-NEXT: affine_nest.yield %x_3 : i8
// CHECK-NEXT: } : tensor<2x2x6xi8>
// CHECK-NEXT: %l = graph.constant dense<[0, 1, 3]> : tensor<3xi64>
// CHECK-NEXT: %d = graph.gather %x, %l axis 1 : (tensor<4x6xi8>, tensor<3xi64>) -> tensor<4x3xi8>
// CHECK-NEXT: func.return %a, %b, %c, %d : tensor<4x3xi8>, tensor<6xi8>, tensor<2x2x6xi8>, tensor<4x3xi8>
