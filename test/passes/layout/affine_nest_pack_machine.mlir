// RUN: nopt %s -p affine-nest-pack | filecheck %s
// The machine says how large blocks are.

builtin.module attributes {isa.machine = {LOG_BLOCK = 3, LOG_INP_BUFF_SIZE = 14, LOG_WGT_BUFF_SIZE = 16, LOG_ACC_BUFF_SIZE = 16}} {
  func.func @blocks_of_8(%x: tensor<20xi8>) -> tensor<20xi8> {
    %y = affine_nest.for (%i) = (20) {
      %a = affine_nest.load %x[%i] : tensor<20xi8>
      affine_nest.yield %a : i8
    } attributes {lanes = #affine_nest.lanes<output i>} : tensor<20xi8>
    return %y : tensor<20xi8>
  }
}
// CHECK: %x_1 = affine_nest.for (%i0, %lane) = (3, 8) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0 * 8 + %lane] pad 0 : tensor<20xi8>
// CHECK: %y = affine_nest.for (%ib, %il) = (3, 8) {
// CHECK-NEXT: %a = affine_nest.load %x_1[%ib, %il] : tensor<3x8xi8>
// CHECK: } attributes {placement = "core", layout = {axis = 0 : i64, shape = array<i64: 20>}} : tensor<3x8xi8>
// CHECK: %y_2 = affine_nest.load %y[%i0_1 floordiv 8, %i0_1 mod 8] : tensor<3x8xi8>
