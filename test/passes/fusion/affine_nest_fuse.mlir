// RUN: nopt %s -p convert-graph-to-affine-nest,affine-nest-fuse | filecheck %s
// Producers become part of their consumers: what does, and what does not.

// Bias, activation and requantization become the epilogue of a convolution.
func.func @epilogue(%x: tensor<1x4x6x6xi8>, %w: tensor<8x4x3x3xi8>, %b: tensor<8x1x1xi32>) -> tensor<1x8x6x6xi8> {
  %c = graph.conv2d %x, %w pads [1, 1, 1, 1] : (tensor<1x4x6x6xi8>, tensor<8x4x3x3xi8>) -> tensor<1x8x6x6xi32>
  %s = graph.add %c, %b : (tensor<1x8x6x6xi32>, tensor<8x1x1xi32>) -> tensor<1x8x6x6xi32>
  %r = graph.relu %s : tensor<1x8x6x6xi32>
  %y = graph.requantize %r shift 0 : tensor<1x8x6x6xi32> -> tensor<1x8x6x6xi8>
  return %y : tensor<1x8x6x6xi8>
}
// CHECK-LABEL: func.func @epilogue(
// CHECK-NEXT: %y = affine_nest.for (%n, %c, %h, %w_1) = (1, 8, 6, 6) reduce (%i, %kh, %kw) = (4, 3, 3) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[0, %i, %h + %kh - 1, %w_1 + %kw - 1] pad 0 : tensor<1x4x6x6xi8>
// CHECK-NEXT: %w_2 = affine_nest.load %w[%c, %i, %kh, %kw] : tensor<8x4x3x3xi8>
// CHECK-NEXT: %0 = arith.extsi %x_1 : i8 to i32
// CHECK-NEXT: %1 = arith.extsi %w_2 : i8 to i32
// CHECK-NEXT: %2 = arith.muli %0, %1 : i32
// CHECK-NEXT: %3 = affine_nest.reduce add %2 : i32
// CHECK-NEXT: %b_1 = affine_nest.load %b[%c, 0, 0] : tensor<8x1x1xi32>
// CHECK-NEXT: %4 = arith.addi %3, %b_1 : i32
// CHECK-NEXT: %5 = arith.constant 0 : i32
// CHECK-NEXT: %6 = arith.maxsi %4, %5 : i32
// CHECK-NEXT: %7 = arith.constant -128 : i32
// CHECK-NEXT: %8 = arith.maxsi %6, %7 : i32
// CHECK-NEXT: %9 = arith.constant 127 : i32
// CHECK-NEXT: %10 = arith.minsi %8, %9 : i32
// CHECK-NEXT: %11 = arith.trunci %10 : i32 to i8
// CHECK-NEXT: affine_nest.yield %11 : i8
// CHECK-NEXT: } : tensor<1x8x6x6xi8>
// CHECK-NEXT: func.return %y : tensor<1x8x6x6xi8>

// A reshape between two nests disappears into the index map of the reader.
func.func @reshape_between(%x: tensor<4x6xi8>) -> tensor<24xi8> {
  %a = graph.relu %x : tensor<4x6xi8>
  %b = graph.reshape %a : tensor<4x6xi8> -> tensor<24xi8>
  %y = graph.clip %b min -5 max 5 : tensor<24xi8>
  return %y : tensor<24xi8>
}
// CHECK-LABEL: func.func @reshape_between(
// CHECK-NEXT: %y = affine_nest.for (%i0) = (24) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0 floordiv 6, %i0 mod 6] : tensor<4x6xi8>
// CHECK-NEXT: %0 = arith.constant 0 : i8
// CHECK-NEXT: %1 = arith.maxsi %x_1, %0 : i8
// CHECK-NEXT: %2 = arith.constant -5 : i8
// CHECK-NEXT: %3 = arith.maxsi %1, %2 : i8
// CHECK-NEXT: %4 = arith.constant 5 : i8
// CHECK-NEXT: %5 = arith.minsi %3, %4 : i8
// CHECK-NEXT: affine_nest.yield %5 : i8
// CHECK-NEXT: } : tensor<24xi8>
// CHECK-NEXT: func.return %y : tensor<24xi8>

// So do copies of copies; there and back is nothing.
func.func @there_and_back(%x: tensor<4x6xi8>) -> tensor<4x6xi8> {
  %a = graph.transpose %x permutation [1, 0] : tensor<4x6xi8> -> tensor<6x4xi8>
  %b = graph.reshape %a : tensor<6x4xi8> -> tensor<3x8xi8>
  %c = graph.reshape %b : tensor<3x8xi8> -> tensor<6x4xi8>
  %d = graph.transpose %c permutation [1, 0] : tensor<6x4xi8> -> tensor<4x6xi8>
  %y = graph.relu %d : tensor<4x6xi8>
  return %y : tensor<4x6xi8>
}
// CHECK-LABEL: func.func @there_and_back(
// CHECK-NEXT: %y = affine_nest.for (%i0, %i1) = (4, 6) {
// CHECK-NEXT: %d = affine_nest.load %x[%i0, %i1] : tensor<4x6xi8>
// CHECK-NEXT: %0 = arith.constant 0 : i8
// CHECK-NEXT: %1 = arith.maxsi %d, %0 : i8
// CHECK-NEXT: affine_nest.yield %1 : i8
// CHECK-NEXT: } : tensor<4x6xi8>
// CHECK-NEXT: func.return %y : tensor<4x6xi8>

// A copy with several readers goes into each of them.
func.func @copy_of_two(%x: tensor<4x6xi8>) -> (tensor<6x4xi8>, tensor<6x4xi8>) {
  %a = graph.transpose %x permutation [1, 0] : tensor<4x6xi8> -> tensor<6x4xi8>
  %y = graph.relu %a : tensor<6x4xi8>
  %z = graph.clip %a min -5 max 5 : tensor<6x4xi8>
  return %y, %z : tensor<6x4xi8>, tensor<6x4xi8>
}
// CHECK-LABEL: func.func @copy_of_two(
// CHECK-NEXT: %y = affine_nest.for (%i0, %i1) = (6, 4) {
// CHECK-NEXT: %a = affine_nest.load %x[%i1, %i0] : tensor<4x6xi8>
// CHECK-NEXT: %0 = arith.constant 0 : i8
// CHECK-NEXT: %1 = arith.maxsi %a, %0 : i8
// CHECK-NEXT: affine_nest.yield %1 : i8
// CHECK-NEXT: } : tensor<6x4xi8>
// CHECK-NEXT: %z = affine_nest.for (%i0_1, %i1_1) = (6, 4) {
// CHECK-NEXT: %a_1 = affine_nest.load %x[%i1_1, %i0_1] : tensor<4x6xi8>
// CHECK-NEXT: %2 = arith.constant -5 : i8
// CHECK-NEXT: %3 = arith.maxsi %a_1, %2 : i8
// CHECK-NEXT: %4 = arith.constant 5 : i8
// CHECK-NEXT: %5 = arith.minsi %3, %4 : i8
// CHECK-NEXT: affine_nest.yield %5 : i8
// CHECK-NEXT: } : tensor<6x4xi8>
// CHECK-NEXT: func.return %y, %z : tensor<6x4xi8>, tensor<6x4xi8>

// The heads of an attention: a matrix product writes where a transposed reshape says, in one nest.
func.func @heads(%x: tensor<128x768xi8>, %w: tensor<768x768xi8>) -> tensor<12x128x64xi8> {
  %p = graph.matmul %x, %w : (tensor<128x768xi8>, tensor<768x768xi8>) -> tensor<128x768xi32>
  %q = graph.requantize %p shift 0 : tensor<128x768xi32> -> tensor<128x768xi8>
  %r = graph.reshape %q : tensor<128x768xi8> -> tensor<128x12x64xi8>
  %y = graph.transpose %r permutation [1, 0, 2] : tensor<128x12x64xi8> -> tensor<12x128x64xi8>
  return %y : tensor<12x128x64xi8>
}
// CHECK-LABEL: func.func @heads(
// CHECK-NEXT: %y = affine_nest.for (%i0, %i1, %i2) = (12, 128, 64) reduce (%k) = (768) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i1, %k] : tensor<128x768xi8>
// CHECK-NEXT: %w_1 = affine_nest.load %w[%k, %i0 * 64 + %i2] : tensor<768x768xi8>
// CHECK-NEXT: %0 = arith.extsi %x_1 : i8 to i32
// CHECK-NEXT: %1 = arith.extsi %w_1 : i8 to i32
// CHECK-NEXT: %2 = arith.muli %0, %1 : i32
// CHECK-NEXT: %3 = affine_nest.reduce add %2 : i32
// CHECK-NEXT: %4 = arith.constant -128 : i32
// CHECK-NEXT: %5 = arith.maxsi %3, %4 : i32
// CHECK-NEXT: %6 = arith.constant 127 : i32
// CHECK-NEXT: %7 = arith.minsi %5, %6 : i32
// CHECK-NEXT: %8 = arith.trunci %7 : i32 to i8
// CHECK-NEXT: affine_nest.yield %8 : i8
// CHECK-NEXT: } : tensor<12x128x64xi8>
// CHECK-NEXT: func.return %y : tensor<12x128x64xi8>

// A producer with two readers is computed once.
func.func @two_readers(%x: tensor<4xi8>, %w: tensor<4x4xi8>) -> (tensor<4xi8>, tensor<4xi8>) {
  %a = graph.relu %x : tensor<4xi8>
  %y = graph.clip %a min 0 max 5 : tensor<4xi8>
  %z = graph.clip %a min 1 max 6 : tensor<4xi8>
  return %y, %z : tensor<4xi8>, tensor<4xi8>
}
// CHECK-LABEL: func.func @two_readers(
// CHECK-NEXT: %a = affine_nest.for (%i0) = (4) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0] : tensor<4xi8>
// CHECK-NEXT: %0 = arith.constant 0 : i8
// CHECK-NEXT: %1 = arith.maxsi %x_1, %0 : i8
// CHECK-NEXT: affine_nest.yield %1 : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: %y = affine_nest.for (%i0_1) = (4) {
// CHECK-NEXT: %a_1 = affine_nest.load %a[%i0_1] : tensor<4xi8>
// CHECK-NEXT: %2 = arith.constant 0 : i8
// CHECK-NEXT: %3 = arith.maxsi %a_1, %2 : i8
// CHECK-NEXT: %4 = arith.constant 5 : i8
// CHECK-NEXT: %5 = arith.minsi %3, %4 : i8
// CHECK-NEXT: affine_nest.yield %5 : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: %z = affine_nest.for (%i0_2) = (4) {
// CHECK-NEXT: %a_2 = affine_nest.load %a[%i0_2] : tensor<4xi8>
// CHECK-NEXT: %6 = arith.constant 1 : i8
// CHECK-NEXT: %7 = arith.maxsi %a_2, %6 : i8
// CHECK-NEXT: %8 = arith.constant 6 : i8
// CHECK-NEXT: %9 = arith.minsi %7, %8 : i8
// CHECK-NEXT: affine_nest.yield %9 : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: func.return %y, %z : tensor<4xi8>, tensor<4xi8>

// Even if one nest reads it twice.
func.func @read_twice(%a: tensor<4x4xi8>, %b: tensor<4x4xi8>) -> tensor<4x4xi32> {
  %p = graph.matmul %a, %b : (tensor<4x4xi8>, tensor<4x4xi8>) -> tensor<4x4xi32>
  %y = graph.add %p, %p : (tensor<4x4xi32>, tensor<4x4xi32>) -> tensor<4x4xi32>
  return %y : tensor<4x4xi32>
}
// CHECK-LABEL: func.func @read_twice(
// CHECK-NEXT: %p = affine_nest.for (%m, %n) = (4, 4) reduce (%k) = (4) {
// CHECK-NEXT: %a_1 = affine_nest.load %a[%m, %k] : tensor<4x4xi8>
// CHECK-NEXT: %b_1 = affine_nest.load %b[%k, %n] : tensor<4x4xi8>
// CHECK-NEXT: %0 = arith.extsi %a_1 : i8 to i32
// CHECK-NEXT: %1 = arith.extsi %b_1 : i8 to i32
// CHECK-NEXT: %2 = arith.muli %0, %1 : i32
// CHECK-NEXT: %3 = affine_nest.reduce add %2 : i32
// CHECK-NEXT: affine_nest.yield %3 : i32
// CHECK-NEXT: } : tensor<4x4xi32>
// CHECK-NEXT: %y = affine_nest.for (%i0, %i1) = (4, 4) {
// CHECK-NEXT: %p_1 = affine_nest.load %p[%i0, %i1] : tensor<4x4xi32>
// CHECK-NEXT: %p_2 = affine_nest.load %p[%i0, %i1] : tensor<4x4xi32>
// CHECK-NEXT: %4 = arith.addi %p_1, %p_2 : i32
// CHECK-NEXT: affine_nest.yield %4 : i32
// CHECK-NEXT: } : tensor<4x4xi32>
// CHECK-NEXT: func.return %y : tensor<4x4xi32>

// An elementwise nest stays in front of a reduction: contractions read memory.
func.func @before_reduction(%x: tensor<4x4xi8>, %w: tensor<4x4xi8>) -> tensor<4x4xi32> {
  %a = graph.relu %x : tensor<4x4xi8>
  %y = graph.matmul %a, %w : (tensor<4x4xi8>, tensor<4x4xi8>) -> tensor<4x4xi32>
  return %y : tensor<4x4xi32>
}
// CHECK-LABEL: func.func @before_reduction(
// CHECK-NEXT: %a = affine_nest.for (%i0, %i1) = (4, 4) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0, %i1] : tensor<4x4xi8>
// CHECK-NEXT: %0 = arith.constant 0 : i8
// CHECK-NEXT: %1 = arith.maxsi %x_1, %0 : i8
// CHECK-NEXT: affine_nest.yield %1 : i8
// CHECK-NEXT: } : tensor<4x4xi8>
// CHECK-NEXT: %y = affine_nest.for (%m, %n) = (4, 4) reduce (%k) = (4) {
// CHECK-NEXT: %a_1 = affine_nest.load %a[%m, %k] : tensor<4x4xi8>
// CHECK-NEXT: %w_1 = affine_nest.load %w[%k, %n] : tensor<4x4xi8>
// CHECK-NEXT: %2 = arith.extsi %a_1 : i8 to i32
// CHECK-NEXT: %3 = arith.extsi %w_1 : i8 to i32
// CHECK-NEXT: %4 = arith.muli %2, %3 : i32
// CHECK-NEXT: %5 = affine_nest.reduce add %4 : i32
// CHECK-NEXT: affine_nest.yield %5 : i32
// CHECK-NEXT: } : tensor<4x4xi32>
// CHECK-NEXT: func.return %y : tensor<4x4xi32>

// A contraction stays apart from one that reads it, and from a nest that reads it more than once.
func.func @contractions(%x: tensor<4x4xi8>, %w: tensor<4x4xi8>, %b: tensor<2x4x4xi32>) -> (tensor<4x4xi32>, tensor<2x4x4xi32>) {
  %a = graph.matmul %x, %w : (tensor<4x4xi8>, tensor<4x4xi8>) -> tensor<4x4xi32>
  %y = graph.matmul %a, %w : (tensor<4x4xi32>, tensor<4x4xi8>) -> tensor<4x4xi32>
  %c = graph.matmul %w, %x : (tensor<4x4xi8>, tensor<4x4xi8>) -> tensor<4x4xi32>
  %z = graph.add %b, %c : (tensor<2x4x4xi32>, tensor<4x4xi32>) -> tensor<2x4x4xi32>
  return %y, %z : tensor<4x4xi32>, tensor<2x4x4xi32>
}
// CHECK-LABEL: func.func @contractions(
// CHECK-NEXT: %a = affine_nest.for (%m, %n) = (4, 4) reduce (%k) = (4) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%m, %k] : tensor<4x4xi8>
// CHECK-NEXT: %w_1 = affine_nest.load %w[%k, %n] : tensor<4x4xi8>
// CHECK-NEXT: %0 = arith.extsi %x_1 : i8 to i32
// CHECK-NEXT: %1 = arith.extsi %w_1 : i8 to i32
// CHECK-NEXT: %2 = arith.muli %0, %1 : i32
// CHECK-NEXT: %3 = affine_nest.reduce add %2 : i32
// CHECK-NEXT: affine_nest.yield %3 : i32
// CHECK-NEXT: } : tensor<4x4xi32>
// CHECK-NEXT: %y = affine_nest.for (%m_1, %n_1) = (4, 4) reduce (%k_1) = (4) {
// CHECK-NEXT: %a_1 = affine_nest.load %a[%m_1, %k_1] : tensor<4x4xi32>
// CHECK-NEXT: %w_2 = affine_nest.load %w[%k_1, %n_1] : tensor<4x4xi8>
// CHECK-NEXT: %4 = arith.extsi %w_2 : i8 to i32
// CHECK-NEXT: %5 = arith.muli %a_1, %4 : i32
// CHECK-NEXT: %6 = affine_nest.reduce add %5 : i32
// CHECK-NEXT: affine_nest.yield %6 : i32
// CHECK-NEXT: } : tensor<4x4xi32>
// CHECK-NEXT: %c = affine_nest.for (%m_2, %n_2) = (4, 4) reduce (%k_2) = (4) {
// CHECK-NEXT: %w_3 = affine_nest.load %w[%m_2, %k_2] : tensor<4x4xi8>
// CHECK-NEXT: %x_2 = affine_nest.load %x[%k_2, %n_2] : tensor<4x4xi8>
// CHECK-NEXT: %7 = arith.extsi %w_3 : i8 to i32
// CHECK-NEXT: %8 = arith.extsi %x_2 : i8 to i32
// CHECK-NEXT: %9 = arith.muli %7, %8 : i32
// CHECK-NEXT: %10 = affine_nest.reduce add %9 : i32
// CHECK-NEXT: affine_nest.yield %10 : i32
// CHECK-NEXT: } : tensor<4x4xi32>
// CHECK-NEXT: %z = affine_nest.for (%i0, %i1, %i2) = (2, 4, 4) {
// CHECK-NEXT: %b_1 = affine_nest.load %b[%i0, %i1, %i2] : tensor<2x4x4xi32>
// CHECK-NEXT: %c_1 = affine_nest.load %c[%i1, %i2] : tensor<4x4xi32>
// CHECK-NEXT: %11 = arith.addi %b_1, %c_1 : i32
// CHECK-NEXT: affine_nest.yield %11 : i32
// CHECK-NEXT: } : tensor<2x4x4xi32>
// CHECK-NEXT: func.return %y, %z : tensor<4x4xi32>, tensor<2x4x4xi32>

// A contraction's iterators are not divided: the flattened epilogue stays apart.
func.func @flattened(%x: tensor<4x4xi8>, %w: tensor<4x4xi8>, %b: tensor<16xi32>) -> tensor<16xi32> {
  %a = graph.matmul %x, %w : (tensor<4x4xi8>, tensor<4x4xi8>) -> tensor<4x4xi32>
  %r = graph.reshape %a : tensor<4x4xi32> -> tensor<16xi32>
  %y = graph.add %r, %b : (tensor<16xi32>, tensor<16xi32>) -> tensor<16xi32>
  return %y : tensor<16xi32>
}
// CHECK-LABEL: func.func @flattened(
// CHECK-NEXT: %a = affine_nest.for (%m, %n) = (4, 4) reduce (%k) = (4) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%m, %k] : tensor<4x4xi8>
// CHECK-NEXT: %w_1 = affine_nest.load %w[%k, %n] : tensor<4x4xi8>
// CHECK-NEXT: %0 = arith.extsi %x_1 : i8 to i32
// CHECK-NEXT: %1 = arith.extsi %w_1 : i8 to i32
// CHECK-NEXT: %2 = arith.muli %0, %1 : i32
// CHECK-NEXT: %3 = affine_nest.reduce add %2 : i32
// CHECK-NEXT: affine_nest.yield %3 : i32
// CHECK-NEXT: } : tensor<4x4xi32>
// CHECK-NEXT: %y = affine_nest.for (%i0) = (16) {
// CHECK-NEXT: %r = affine_nest.load %a[%i0 floordiv 4, %i0 mod 4] : tensor<4x4xi32>
// CHECK-NEXT: %b_1 = affine_nest.load %b[%i0] : tensor<16xi32>
// CHECK-NEXT: %4 = arith.addi %r, %b_1 : i32
// CHECK-NEXT: affine_nest.yield %4 : i32
// CHECK-NEXT: } : tensor<16xi32>
// CHECK-NEXT: func.return %y : tensor<16xi32>

// A flattened image into a dense layer: its reduction is split to read the image as it lies.
func.func @flatten_into_dense(%x: tensor<1x8x4x4xi8>, %w: tensor<128x10xi8>) -> tensor<1x10xi32> {
  %f = graph.reshape %x : tensor<1x8x4x4xi8> -> tensor<1x128xi8>
  %y = graph.matmul %f, %w : (tensor<1x128xi8>, tensor<128x10xi8>) -> tensor<1x10xi32>
  return %y : tensor<1x10xi32>
}
// CHECK-LABEL: func.func @flatten_into_dense(
// CHECK-NEXT: %y = affine_nest.for (%m, %n) = (1, 10) reduce (%k0, %k10, %k11) = (8, 4, 4) {
// CHECK-NEXT: %f = affine_nest.load %x[0, %k0, %k10, %k11] : tensor<1x8x4x4xi8>
// CHECK-NEXT: %w_1 = affine_nest.load %w[%k0 * 16 + %k10 * 4 + %k11, %n] : tensor<128x10xi8>
// CHECK-NEXT: %0 = arith.extsi %f : i8 to i32
// CHECK-NEXT: %1 = arith.extsi %w_1 : i8 to i32
// CHECK-NEXT: %2 = arith.muli %0, %1 : i32
// CHECK-NEXT: %3 = affine_nest.reduce add %2 : i32
// CHECK-NEXT: affine_nest.yield %3 : i32
// CHECK-NEXT: } : tensor<1x10xi32>
// CHECK-NEXT: func.return %y : tensor<1x10xi32>

// Padding reads through a copy that moves the padded dimensions whole…
func.func @pad_through_transpose(%x: tensor<5x5x1x2xi8>) -> tensor<1x2x4x4xi8> {
  %t = graph.transpose %x permutation [2, 3, 1, 0] : tensor<5x5x1x2xi8> -> tensor<1x2x5x5xi8>
  %y = graph.max_pool %t kernel [3, 3] pads [1, 0, 0, 1] : tensor<1x2x5x5xi8> -> tensor<1x2x4x4xi8>
  return %y : tensor<1x2x4x4xi8>
}
// CHECK-LABEL: func.func @pad_through_transpose(
// CHECK-NEXT: %y = affine_nest.for (%n, %c, %h, %w) = (1, 2, 4, 4) reduce (%kh, %kw) = (3, 3) {
// CHECK-NEXT: %t = affine_nest.load %x[%w + %kw, %h + %kh - 1, 0, %c] pad -128 : tensor<5x5x1x2xi8>
// CHECK-NEXT: %0 = affine_nest.reduce max %t : i8
// CHECK-NEXT: affine_nest.yield %0 : i8
// CHECK-NEXT: } : tensor<1x2x4x4xi8>
// CHECK-NEXT: func.return %y : tensor<1x2x4x4xi8>

// … not through one that computes them.
func.func @pad_at_reshape(%x: tensor<2x25xi8>) -> tensor<1x2x4x4xi8> {
  %t = graph.reshape %x : tensor<2x25xi8> -> tensor<1x2x5x5xi8>
  %y = graph.max_pool %t kernel [3, 3] pads [1, 0, 0, 1] : tensor<1x2x5x5xi8> -> tensor<1x2x4x4xi8>
  return %y : tensor<1x2x4x4xi8>
}
// CHECK-LABEL: func.func @pad_at_reshape(
// CHECK-NEXT: %t = affine_nest.for (%n, %c, %h, %w) = (1, 2, 5, 5) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%c, %h * 5 + %w] : tensor<2x25xi8>
// CHECK-NEXT: affine_nest.yield %x_1 : i8
// CHECK-NEXT: } : tensor<1x2x5x5xi8>
// CHECK-NEXT: %y = affine_nest.for (%n_1, %c_1, %h_1, %w_1) = (1, 2, 4, 4) reduce (%kh, %kw) = (3, 3) {
// CHECK-NEXT: %t_1 = affine_nest.load %t[0, %c_1, %h_1 + %kh - 1, %w_1 + %kw] pad -128 : tensor<1x2x5x5xi8>
// CHECK-NEXT: %0 = affine_nest.reduce max %t_1 : i8
// CHECK-NEXT: affine_nest.yield %0 : i8
// CHECK-NEXT: } : tensor<1x2x4x4xi8>
// CHECK-NEXT: func.return %y : tensor<1x2x4x4xi8>

// A copy that pads is read through, its pad kept; not if the reader pads with another number.
func.func @pads(%x: tensor<4x4xi8>) -> (tensor<3x6xi8>, tensor<6x6xi8>, tensor<6x6xi8>) {
  %a = affine_nest.for (%i, %j) = (4, 6) {
    %l = affine_nest.load %x[%i, %j - 1] pad 1 : tensor<4x4xi8>
    affine_nest.yield %l : i8
  } : tensor<4x6xi8>
  %y = affine_nest.for (%i, %j) = (3, 6) {
    %l = affine_nest.load %a[%i, %j] pad 2 : tensor<4x6xi8>
    affine_nest.yield %l : i8
  } : tensor<3x6xi8>
  %z = affine_nest.for (%i, %j) = (6, 6) {
    %l = affine_nest.load %a[%i - 1, %j] pad 2 : tensor<4x6xi8>
    affine_nest.yield %l : i8
  } : tensor<6x6xi8>
  %w = affine_nest.for (%i, %j) = (6, 6) {
    %l = affine_nest.load %a[%i - 1, %j] pad 1 : tensor<4x6xi8>
    affine_nest.yield %l : i8
  } : tensor<6x6xi8>
  return %y, %z, %w : tensor<3x6xi8>, tensor<6x6xi8>, tensor<6x6xi8>
}
// CHECK-LABEL: func.func @pads(
// CHECK-NEXT: %a = affine_nest.for (%i, %j) = (4, 6) {
// CHECK-NEXT: %l = affine_nest.load %x[%i, %j - 1] pad 1 : tensor<4x4xi8>
// CHECK-NEXT: affine_nest.yield %l : i8
// CHECK-NEXT: } : tensor<4x6xi8>
// CHECK-NEXT: %y = affine_nest.for (%i_1, %j_1) = (3, 6) {
// CHECK-NEXT: %l_1 = affine_nest.load %x[%i_1, %j_1 - 1] pad 1 : tensor<4x4xi8>
// CHECK-NEXT: affine_nest.yield %l_1 : i8
// CHECK-NEXT: } : tensor<3x6xi8>
// CHECK-NEXT: %z = affine_nest.for (%i_2, %j_2) = (6, 6) {
// CHECK-NEXT: %l_2 = affine_nest.load %a[%i_2 - 1, %j_2] pad 2 : tensor<4x6xi8>
// CHECK-NEXT: affine_nest.yield %l_2 : i8
// CHECK-NEXT: } : tensor<6x6xi8>
// CHECK-NEXT: %w = affine_nest.for (%i_3, %j_3) = (6, 6) {
// CHECK-NEXT: %l_3 = affine_nest.load %x[%i_3 - 1, %j_3 - 1] pad 1 : tensor<4x4xi8>
// CHECK-NEXT: affine_nest.yield %l_3 : i8
// CHECK-NEXT: } : tensor<6x6xi8>
// CHECK-NEXT: func.return %y, %z, %w : tensor<3x6xi8>, tensor<6x6xi8>, tensor<6x6xi8>

// What is also returned is still computed.
func.func @returned(%x: tensor<4xi8>) -> (tensor<4xi8>, tensor<4xi8>) {
  %a = graph.relu %x : tensor<4xi8>
  %y = graph.clip %a min 0 max 5 : tensor<4xi8>
  return %a, %y : tensor<4xi8>, tensor<4xi8>
}
// CHECK-LABEL: func.func @returned(
// CHECK-NEXT: %a = affine_nest.for (%i0) = (4) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0] : tensor<4xi8>
// CHECK-NEXT: %0 = arith.constant 0 : i8
// CHECK-NEXT: %1 = arith.maxsi %x_1, %0 : i8
// CHECK-NEXT: affine_nest.yield %1 : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: %y = affine_nest.for (%i0_1) = (4) {
// CHECK-NEXT: %a_1 = affine_nest.load %a[%i0_1] : tensor<4xi8>
// CHECK-NEXT: %2 = arith.constant 0 : i8
// CHECK-NEXT: %3 = arith.maxsi %a_1, %2 : i8
// CHECK-NEXT: %4 = arith.constant 5 : i8
// CHECK-NEXT: %5 = arith.minsi %3, %4 : i8
// CHECK-NEXT: affine_nest.yield %5 : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: func.return %a, %y : tensor<4xi8>, tensor<4xi8>

// Nests that nobody reads go.
func.func @dead(%x: tensor<4xi8>) -> tensor<4xi8> {
  %a = graph.relu %x : tensor<4xi8>
  return %x : tensor<4xi8>
}
// CHECK-LABEL: func.func @dead(
// CHECK-NEXT: func.return %x : tensor<4xi8>

// A narrow result stays one: what widens it goes to its own reader instead.
func.func @widened(%x: tensor<4x6xi8>, %w: tensor<6x5xi8>, %z: tensor<4x5xi32>) -> tensor<4x5xi32> {
  %y = affine_nest.for (%m, %n) = (4, 5) reduce (%k) = (6) {
    %a = affine_nest.load %x[%m, %k] : tensor<4x6xi8>
    %b = affine_nest.load %w[%k, %n] : tensor<6x5xi8>
    %p = arith.muli %a, %b : i8
    %s = affine_nest.reduce add %p : i8
    affine_nest.yield %s : i8
  } : tensor<4x5xi8>
  %d = affine_nest.for (%m, %n) = (4, 5) {
    %a = affine_nest.load %y[%m, %n] : tensor<4x5xi8>
    %b = arith.extsi %a : i8 to i32
    %two = arith.constant 2 : i32
    %c = arith.muli %b, %two : i32
    affine_nest.yield %c : i32
  } : tensor<4x5xi32>
  %r = affine_nest.for (%m, %n) = (4, 5) {
    %a = affine_nest.load %d[%m, %n] : tensor<4x5xi32>
    %b = affine_nest.load %z[%m, %n] : tensor<4x5xi32>
    %c = arith.addi %a, %b : i32
    affine_nest.yield %c : i32
  } : tensor<4x5xi32>
  return %r : tensor<4x5xi32>
}
// CHECK-LABEL: func.func @widened(
// CHECK-NEXT: %y = affine_nest.for (%m, %n) = (4, 5) reduce (%k) = (6) {
// CHECK: } : tensor<4x5xi8>
// CHECK-NEXT: %r = affine_nest.for (%m_1, %n_1) = (4, 5) {
// CHECK: arith.muli
// CHECK: arith.addi
// CHECK: } : tensor<4x5xi32>
// CHECK-NEXT: func.return %r
