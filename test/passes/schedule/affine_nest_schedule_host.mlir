// RUN: nopt %s -p affine-nest-schedule --remarks 2>&1 >%t | filecheck %s
// RUN: filecheck %s --check-prefix IR <%t
// Nests in blocks, as written by hand, that the core cannot run after all: the host does, and it is said why.

func.func @rows_of_eight(%x: tensor<4x8xi8>) -> tensor<4x8xi8> {
  %y = affine_nest.for (%i, %l) = (4, 8) {
    %v = affine_nest.load %x[%i, %l] : tensor<4x8xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<4x8xi8>
  return %y : tensor<4x8xi8>
}
// CHECK: remark: '%y' runs on the host: its innermost parallel iterators are not a block of 16

func.func @one_vector(%x: tensor<16xi8>) -> tensor<16xi8> {
  %y = affine_nest.for (%l) = (16) {
    %v = affine_nest.load %x[%l] : tensor<16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<16xi8>
  return %y : tensor<16xi8>
}
// CHECK-NEXT: remark: '%y' runs on the host: it has no parallel iterator beside its lanes

func.func @turned(%x: tensor<16x16xi8>) -> tensor<16x16xi8> {
  %y = affine_nest.for (%i, %l) = (16, 16) {
    %v = affine_nest.load %x[%l, %i] : tensor<16x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<16x16xi8>
  return %y : tensor<16x16xi8>
}
// CHECK-NEXT: remark: '%y' runs on the host: the innermost indices of '%x' are not its lanes

func.func @skewed(%x: tensor<19x16xi8>) -> tensor<4x16xi8> {
  %y = affine_nest.for (%i, %l) = (4, 16) {
    %v = affine_nest.load %x[%i + %l, %l] : tensor<19x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<4x16xi8>
  return %y : tensor<4x16xi8>
}
// CHECK-NEXT: remark: '%y' runs on the host: a lane indexes something else than the lanes of an operand

func.func @backwards(%x: tensor<4x16xi8>) -> tensor<4x16xi8> {
  %y = affine_nest.for (%i, %l) = (4, 16) {
    %v = affine_nest.load %x[%i * -1 + 3, %l] : tensor<4x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<4x16xi8>
  return %y : tensor<4x16xi8>
}
// CHECK-NEXT: remark: '%y' runs on the host: an index runs backwards

func.func @no_box(%x: tensor<2x4x16xi8>) -> tensor<4x2x16xi8> {
  %y = affine_nest.for (%i, %j, %l) = (2, 4, 16) into [%j, %i, %l] {
    %v = affine_nest.load %x[%i, %j, %l] : tensor<2x4x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<4x2x16xi8>
  return %y : tensor<4x2x16xi8>
}
// CHECK-NEXT: remark: '%y' runs on the host: what it writes into a tensor is no box in the order of its iterators

func.func @three_pads(%x: tensor<2x2x2x16xi8>) -> tensor<4x4x4x16xi8> {
  %y = affine_nest.for (%i, %j, %k, %l) = (4, 4, 4, 16) {
    %v = affine_nest.load %x[%i - 1, %j - 1, %k - 1, %l] pad 0 : tensor<2x2x2x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<4x4x4x16xi8>
  return %y : tensor<4x4x4x16xi8>
}
// CHECK-NEXT: remark: '%y' runs on the host: it reads outside in more dimensions than the core's loads pad

func.func @pad_of_seven(%x: tensor<4x16xi8>) -> tensor<4x16xi8> {
  %y = affine_nest.for (%i, %l) = (4, 16) {
    %v = affine_nest.load %x[%i - 1, %l] pad 7 : tensor<4x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<4x16xi8>
  return %y : tensor<4x16xi8>
}
// CHECK-NEXT: remark: '%y' runs on the host: it pads with 7; the core's loads pad with 0

func.func @wide_pad(%x: tensor<4x16xi8>) -> tensor<4x16xi8> {
  %y = affine_nest.for (%i, %l) = (4, 16) reduce (%k) = (41) {
    %v = affine_nest.load %x[%i + %k - 20, %l] pad 0 : tensor<4x16xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core"} : tensor<4x16xi8>
  return %y : tensor<4x16xi8>
}
// CHECK-NEXT: remark: '%y' runs on the host: no tile of the nest over [4, 41] can be loaded: a window reaches 20 beyond dimension 0 of its operand; loads pad at most 15

func.func @outer_pad(%x: tensor<4x70x70x16xi8>) -> tensor<4x62x62x16xi8> {
  %y = affine_nest.for (%i, %j, %k, %l) = (4, 62, 62, 16) reduce (%p, %q, %r) = (3, 3, 3) {
    %v = affine_nest.load %x[%i + %p - 1, %j + %q, %k + %r, %l] pad 0 : tensor<4x70x70x16xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core"} : tensor<4x62x62x16xi8>
  return %y : tensor<4x62x62x16xi8>
}
// CHECK-NEXT: remark: '%y' runs on the host: no tile of the nest over [4, 62, 62, 3, 3, 3] can be loaded: a window is padded in dimension 0; only the two innermost can be

func.func @epilogue(%x: tensor<16x16xi8>, %b: tensor<16x16xi8>) -> tensor<16x16xi8> {
  %y = affine_nest.for (%i, %l) = (16, 16) {
    %v = affine_nest.load %x[%i, %l] : tensor<16x16xi8>
    %u = affine_nest.load %b[%l, %i] : tensor<16x16xi8>
    %m = arith.maxsi %v, %u : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core"} : tensor<16x16xi8>
  return %y : tensor<16x16xi8>
}
// CHECK-NEXT: remark: '%y' runs on the host: the innermost indices of '%b' are not its lanes

func.func @product(%x: tensor<4x16xi8>, %w: tensor<16x16xi8>) -> tensor<4x16xi8> {
  %y = affine_nest.for (%i, %l) = (4, 16) reduce (%k) = (16) {
    %v = affine_nest.load %x[%i, %k] : tensor<4x16xi8>
    %u = affine_nest.load %w[%k, %l] : tensor<16x16xi8>
    %ve = arith.extsi %v : i8 to i32
    %ue = arith.extsi %u : i8 to i32
    %m = arith.muli %ve, %ue : i32
    %s = affine_nest.reduce add %m : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } attributes {placement = "core"} : tensor<4x16xi8>
  return %y : tensor<4x16xi8>
}
// CHECK-NEXT: remark: '%y' runs on the host: the innermost indices of '%w' are not its lanes
// IR-COUNT-12: placement = "host"
