// RUN: nopt %s -p 'attach-machine,affine-nest-materialize-pads' | filecheck %s

// What a nest makes is written into a border that holds the pad; both readers read from there, each
// by its own pads. Who pads with 0, or compares, is left.

// CHECK-LABEL: func.func @made
// CHECK: %border = graph.constant dense<-5> : tensor<1x16x8x9xi8>
// CHECK: %y = affine_nest.for (%n, %c, %h, %w) = (1, 16, 6, 6) into %border[0, %c, %h + 1, %w + 1] {
// CHECK-NEXT: affine_nest.load %x
// CHECK: affine_nest.for {{.*}} reduce (%i, %kh, %kw) = (16, 3, 3)
// CHECK-NEXT: affine_nest.load %y[0, %i, %h_1 + %kh, %w_1 + %kw] : tensor<1x16x8x9xi8>
// CHECK: affine_nest.for {{.*}} reduce (%i_1, %kw_1) = (16, 4)
// CHECK-NEXT: affine_nest.load %y[0, %i_1, %h_2 + 1, %w_2 + %kw_1] : tensor<1x16x8x9xi8>
// CHECK: affine_nest.for {{.*}} reduce (%kh_1) = (3)
// CHECK-NEXT: affine_nest.load %y[0, %c_1, %h_3 + %kh_1, %w_3 + 1] : tensor<1x16x8x9xi8>
// CHECK-NEXT: affine_nest.reduce max

func.func @made(%x: tensor<1x16x6x6xi32>, %v: tensor<16x16x3x3xi8>, %u: tensor<16x16x4xi8>)
    -> (tensor<1x16x6x6xi32>, tensor<1x16x6x6xi32>, tensor<1x16x6x6xi8>) {
  %y = affine_nest.for (%n, %c, %h, %w) = (1, 16, 6, 6) {
    %a = affine_nest.load %x[%n, %c, %h, %w] : tensor<1x16x6x6xi32>
    %b = arith.trunci %a : i32 to i8
    affine_nest.yield %b : i8
  } : tensor<1x16x6x6xi8>
  %s = affine_nest.for (%n, %o, %h, %w) = (1, 16, 6, 6) reduce (%i, %kh, %kw) = (16, 3, 3) {
    %a = affine_nest.load %y[%n, %i, %h + %kh - 1, %w + %kw - 1] pad -5 : tensor<1x16x6x6xi8>
    %b = affine_nest.load %v[%o, %i, %kh, %kw] : tensor<16x16x3x3xi8>
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %b : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = affine_nest.reduce add %2 : i32
    affine_nest.yield %3 : i32
  } : tensor<1x16x6x6xi32>
  %t = affine_nest.for (%n, %o, %h, %w) = (1, 16, 6, 6) reduce (%i, %kw) = (16, 4) {
    %a = affine_nest.load %y[%n, %i, %h, %w + %kw - 1] pad -5 : tensor<1x16x6x6xi8>
    %b = affine_nest.load %u[%o, %i, %kw] : tensor<16x16x4xi8>
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %b : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = affine_nest.reduce add %2 : i32
    affine_nest.yield %3 : i32
  } : tensor<1x16x6x6xi32>
  %m = affine_nest.for (%n, %c, %h, %w) = (1, 16, 6, 6) reduce (%kh) = (3) {
    %a = affine_nest.load %y[%n, %c, %h + %kh - 1, %w] pad -5 : tensor<1x16x6x6xi8>
    %0 = affine_nest.reduce max %a : i8
    affine_nest.yield %0 : i8
  } : tensor<1x16x6x6xi8>
  func.return %s, %t, %m : tensor<1x16x6x6xi32>, tensor<1x16x6x6xi32>, tensor<1x16x6x6xi8>
}

// The host lays out what the function is given; it pads then.

// CHECK-LABEL: func.func @given
// CHECK: [[PADDED:%.*]] = affine_nest.for {{.*}} = (16, 8) {
// CHECK-NEXT: affine_nest.load %x[%i0, %i1 - 2] pad 3 : tensor<16x6xi8>
// CHECK: affine_nest.load [[PADDED]][%i, %w + %k] : tensor<16x8xi8>

func.func @given(%x: tensor<16x6xi8>, %v: tensor<16x16x3xi8>) -> tensor<16x6xi32> {
  %s = affine_nest.for (%o, %w) = (16, 6) reduce (%i, %k) = (16, 3) {
    %a = affine_nest.load %x[%i, %w + %k - 2] pad 3 : tensor<16x6xi8>
    %b = affine_nest.load %v[%o, %i, %k] : tensor<16x16x3xi8>
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %b : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = affine_nest.reduce add %2 : i32
    affine_nest.yield %3 : i32
  } : tensor<16x6xi32>
  func.return %s : tensor<16x6xi32>
}

// CHECK-LABEL: func.func @zeros_and_maxima
// CHECK: affine_nest.load %x[%i, %w + %k - 2] pad 0
// CHECK: affine_nest.load %x[%i_1, %w_1 + %k_1 - 2] pad -128

func.func @zeros_and_maxima(%x: tensor<16x6xi8>) -> (tensor<16x6xi8>, tensor<16x6xi8>) {
  %s = affine_nest.for (%i, %w) = (16, 6) reduce (%k) = (3) {
    %a = affine_nest.load %x[%i, %w + %k - 2] pad 0 : tensor<16x6xi8>
    %0 = affine_nest.reduce add %a : i8
    affine_nest.yield %0 : i8
  } : tensor<16x6xi8>
  %t = affine_nest.for (%i, %w) = (16, 6) reduce (%k) = (3) {
    %a = affine_nest.load %x[%i, %w + %k - 2] pad -128 : tensor<16x6xi8>
    %0 = affine_nest.reduce max %a : i8
    affine_nest.yield %0 : i8
  } : tensor<16x6xi8>
  func.return %s, %t : tensor<16x6xi8>, tensor<16x6xi8>
}

// Loads pad with up to 15 zeros. Windows without gaps that reach further get a border; taps that are
// further apart than the windows are loaded one by one.

// CHECK-LABEL: func.func @wide
// CHECK: [[WIDE:%.*]] = affine_nest.for {{.*}} = (16, 72) {
// CHECK-NEXT: affine_nest.load %x[%i0, %i1 - 16] pad 0 : tensor<16x40xi8>
// CHECK: affine_nest.load [[WIDE]][%i, %w + %k] : tensor<16x72xi8>
// CHECK: affine_nest.load %z[%i_1, %w_1 + %k_1 * 16 - 16] pad 0

func.func @wide(%x: tensor<16x40xi8>, %z: tensor<16x40xi8>, %v: tensor<16x16x33xi8>,
    %u: tensor<16x16x3xi8>) -> (tensor<16x40xi32>, tensor<16x40xi32>) {
  %s = affine_nest.for (%o, %w) = (16, 40) reduce (%i, %k) = (16, 33) {
    %a = affine_nest.load %x[%i, %w + %k - 16] pad 0 : tensor<16x40xi8>
    %b = affine_nest.load %v[%o, %i, %k] : tensor<16x16x33xi8>
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %b : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = affine_nest.reduce add %2 : i32
    affine_nest.yield %3 : i32
  } : tensor<16x40xi32>
  %t = affine_nest.for (%o, %w) = (16, 40) reduce (%i, %k) = (16, 3) {
    %a = affine_nest.load %z[%i, %w + 16 * %k - 16] pad 0 : tensor<16x40xi8>
    %b = affine_nest.load %u[%o, %i, %k] : tensor<16x16x3xi8>
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %b : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = affine_nest.reduce add %2 : i32
    affine_nest.yield %3 : i32
  } : tensor<16x40xi32>
  func.return %s, %t : tensor<16x40xi32>, tensor<16x40xi32>
}
// Loads pad the last two dimensions. The host lays out an image whose channels are last with those
// in front; what the core makes gets a border.

// CHECK-LABEL: func.func @last
// CHECK: %border = graph.constant dense<0> : tensor<1x8x9x16xi8>
// CHECK: [[TURNED:%.*]] = affine_nest.for {{.*}} = (1, 16, 6, 7) {
// CHECK-NEXT: affine_nest.load %x[0, %i2, %i3, %i1] : tensor<1x6x7x16xi8>
// CHECK: affine_nest.load [[TURNED]][0, %i, %h + %kh - 1, %w + %kw - 1] pad 0 : tensor<1x16x6x7xi8>
// CHECK: into %border[0, %h_1 + 1, %w_1 + 1, %c]
// CHECK: affine_nest.load {{%.*}}[0, %h_2 + %kh_1, %w_2 + %kw_1, %i_1] : tensor<1x8x9x16xi8>

func.func @last(%x: tensor<1x6x7x16xi8>, %z: tensor<1x6x7x16xi32>, %v: tensor<16x16x3x3xi8>)
    -> (tensor<1x16x6x7xi32>, tensor<1x16x6x7xi32>) {
  %s = affine_nest.for (%n, %o, %h, %w) = (1, 16, 6, 7) reduce (%i, %kh, %kw) = (16, 3, 3) {
    %a = affine_nest.load %x[%n, %h + %kh - 1, %w + %kw - 1, %i] pad 0 : tensor<1x6x7x16xi8>
    %b = affine_nest.load %v[%o, %i, %kh, %kw] : tensor<16x16x3x3xi8>
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %b : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = affine_nest.reduce add %2 : i32
    affine_nest.yield %3 : i32
  } : tensor<1x16x6x7xi32>
  %y = affine_nest.for (%n, %h, %w, %c) = (1, 6, 7, 16) {
    %a = affine_nest.load %z[%n, %h, %w, %c] : tensor<1x6x7x16xi32>
    %b = arith.trunci %a : i32 to i8
    affine_nest.yield %b : i8
  } : tensor<1x6x7x16xi8>
  %t = affine_nest.for (%n, %o, %h, %w) = (1, 16, 6, 7) reduce (%i, %kh, %kw) = (16, 3, 3) {
    %a = affine_nest.load %y[%n, %h + %kh - 1, %w + %kw - 1, %i] pad 0 : tensor<1x6x7x16xi8>
    %b = affine_nest.load %v[%o, %i, %kh, %kw] : tensor<16x16x3x3xi8>
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %b : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = affine_nest.reduce add %2 : i32
    affine_nest.yield %3 : i32
  } : tensor<1x16x6x7xi32>
  func.return %s, %t : tensor<1x16x6x7xi32>, tensor<1x16x6x7xi32>
}
