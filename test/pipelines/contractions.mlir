// Sums of products of two loads, as a person writes them: each is one kernel, and its steps are GEMM.
// RUN: nopt %s -p 'vta{until=convert-affine-nest-to-tensor-intrinsic}' | filecheck %s

func.func @rows_by_rows(%a: tensor<13x37xi8>, %b: tensor<19x37xi8>) -> tensor<13x19xi8> {
  %y = affine_nest.for (%i, %j) = (13, 19) reduce (%k) = (37) {
    %0 = affine_nest.load %a[%i, %k] : tensor<13x37xi8>
    %1 = affine_nest.load %b[%j, %k] : tensor<19x37xi8>
    %2 = arith.extsi %0 : i8 to i32
    %3 = arith.extsi %1 : i8 to i32
    %4 = arith.muli %2, %3 : i32
    %5 = affine_nest.reduce add %4 : i32
    %s = arith.constant 9 : i32
    %6 = arith.shrsi %5, %s : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %7 = arith.maxsi %6, %low : i32
    %8 = arith.minsi %7, %high : i32
    %9 = arith.trunci %8 : i32 to i8
    affine_nest.yield %9 : i8
  } : tensor<13x19xi8>
  return %y : tensor<13x19xi8>
}

// CHECK-LABEL: func.func @rows_by_rows(
// CHECK-NOT:   placement
// CHECK:       tensor_intrinsic.kernel
// CHECK:       tensor_intrinsic.gemm
// CHECK-NOT:   tensor_intrinsic.kernel
// CHECK-NOT:   host_reason
// CHECK:       return

func.func @columns_by_columns(%a: tensor<37x13xi8>, %b: tensor<37x19xi8>) -> tensor<13x19xi8> {
  %y = affine_nest.for (%i, %j) = (13, 19) reduce (%k) = (37) {
    %0 = affine_nest.load %a[%k, %i] : tensor<37x13xi8>
    %1 = affine_nest.load %b[%k, %j] : tensor<37x19xi8>
    %2 = arith.extsi %0 : i8 to i32
    %3 = arith.extsi %1 : i8 to i32
    %4 = arith.muli %2, %3 : i32
    %5 = affine_nest.reduce add %4 : i32
    %s = arith.constant 9 : i32
    %6 = arith.shrsi %5, %s : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %7 = arith.maxsi %6, %low : i32
    %8 = arith.minsi %7, %high : i32
    %9 = arith.trunci %8 : i32 to i8
    affine_nest.yield %9 : i8
  } : tensor<13x19xi8>
  return %y : tensor<13x19xi8>
}

// CHECK-LABEL: func.func @columns_by_columns(
// CHECK-NOT:   placement
// CHECK:       tensor_intrinsic.kernel
// CHECK:       tensor_intrinsic.gemm
// CHECK-NOT:   tensor_intrinsic.kernel
// CHECK-NOT:   host_reason
// CHECK:       return

func.func @batch_innermost(%a: tensor<13x5x17xi8>, %b: tensor<5x11x17xi8>) -> tensor<13x11x17xi8> {
  %y = affine_nest.for (%i, %j, %n) = (13, 11, 17) reduce (%k) = (5) {
    %0 = affine_nest.load %a[%i, %k, %n] : tensor<13x5x17xi8>
    %1 = affine_nest.load %b[%k, %j, %n] : tensor<5x11x17xi8>
    %2 = arith.extsi %0 : i8 to i32
    %3 = arith.extsi %1 : i8 to i32
    %4 = arith.muli %2, %3 : i32
    %5 = affine_nest.reduce add %4 : i32
    %s = arith.constant 8 : i32
    %6 = arith.shrsi %5, %s : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %7 = arith.maxsi %6, %low : i32
    %8 = arith.minsi %7, %high : i32
    %9 = arith.trunci %8 : i32 to i8
    affine_nest.yield %9 : i8
  } : tensor<13x11x17xi8>
  return %y : tensor<13x11x17xi8>
}

// CHECK-LABEL: func.func @batch_innermost(
// CHECK-NOT:   placement
// CHECK:       tensor_intrinsic.kernel
// CHECK:       tensor_intrinsic.gemm
// CHECK-NOT:   tensor_intrinsic.kernel
// CHECK-NOT:   host_reason
// CHECK:       return

func.func @two_sums(%a: tensor<13x7x11xi8>, %b: tensor<7x11x19xi8>) -> tensor<13x19xi8> {
  %y = affine_nest.for (%i, %n) = (13, 19) reduce (%j, %k) = (7, 11) {
    %0 = affine_nest.load %a[%i, %j, %k] : tensor<13x7x11xi8>
    %1 = affine_nest.load %b[%j, %k, %n] : tensor<7x11x19xi8>
    %2 = arith.extsi %0 : i8 to i32
    %3 = arith.extsi %1 : i8 to i32
    %4 = arith.muli %2, %3 : i32
    %5 = affine_nest.reduce add %4 : i32
    %s = arith.constant 9 : i32
    %6 = arith.shrsi %5, %s : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %7 = arith.maxsi %6, %low : i32
    %8 = arith.minsi %7, %high : i32
    %9 = arith.trunci %8 : i32 to i8
    affine_nest.yield %9 : i8
  } : tensor<13x19xi8>
  return %y : tensor<13x19xi8>
}

// CHECK-LABEL: func.func @two_sums(
// CHECK-NOT:   placement
// CHECK:       tensor_intrinsic.kernel
// CHECK:       tensor_intrinsic.gemm
// CHECK-NOT:   tensor_intrinsic.kernel
// CHECK-NOT:   host_reason
// CHECK:       return

func.func @strided_sum(%a: tensor<9x73xi8>, %b: tensor<109x19xi8>) -> tensor<9x19xi8> {
  %y = affine_nest.for (%i, %j) = (9, 19) reduce (%k) = (37) {
    %0 = affine_nest.load %a[%i, 2 * %k] : tensor<9x73xi8>
    %1 = affine_nest.load %b[3 * %k, %j] : tensor<109x19xi8>
    %2 = arith.extsi %0 : i8 to i32
    %3 = arith.extsi %1 : i8 to i32
    %4 = arith.muli %2, %3 : i32
    %5 = affine_nest.reduce add %4 : i32
    %s = arith.constant 9 : i32
    %6 = arith.shrsi %5, %s : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %7 = arith.maxsi %6, %low : i32
    %8 = arith.minsi %7, %high : i32
    %9 = arith.trunci %8 : i32 to i8
    affine_nest.yield %9 : i8
  } : tensor<9x19xi8>
  return %y : tensor<9x19xi8>
}

// CHECK-LABEL: func.func @strided_sum(
// CHECK-NOT:   placement
// CHECK:       tensor_intrinsic.kernel
// CHECK:       tensor_intrinsic.gemm
// CHECK-NOT:   tensor_intrinsic.kernel
// CHECK-NOT:   host_reason
// CHECK:       return

func.func @dilated(%a: tensor<15x7xi8>, %b: tensor<19x3x7xi8>) -> tensor<9x19xi8> {
  %y = affine_nest.for (%i, %o) = (9, 19) reduce (%t, %c) = (3, 7) {
    %0 = affine_nest.load %a[%i + 3 * %t, %c] : tensor<15x7xi8>
    %1 = affine_nest.load %b[%o, %t, %c] : tensor<19x3x7xi8>
    %2 = arith.extsi %0 : i8 to i32
    %3 = arith.extsi %1 : i8 to i32
    %4 = arith.muli %2, %3 : i32
    %5 = affine_nest.reduce add %4 : i32
    %s = arith.constant 8 : i32
    %6 = arith.shrsi %5, %s : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %7 = arith.maxsi %6, %low : i32
    %8 = arith.minsi %7, %high : i32
    %9 = arith.trunci %8 : i32 to i8
    affine_nest.yield %9 : i8
  } : tensor<9x19xi8>
  return %y : tensor<9x19xi8>
}

// CHECK-LABEL: func.func @dilated(
// CHECK-NOT:   placement
// CHECK:       tensor_intrinsic.kernel
// CHECK:       tensor_intrinsic.gemm
// CHECK-NOT:   tensor_intrinsic.kernel
// CHECK-NOT:   host_reason
// CHECK:       return

func.func @correlation(%a: tensor<5x9x7xi8>, %b: tensor<17x5x3x3xi8>) -> tensor<17x9x7xi8> {
  %y = affine_nest.for (%o, %h, %w) = (17, 9, 7) reduce (%c, %kh, %kw) = (5, 3, 3) {
    %0 = affine_nest.load %a[%c, %h + %kh - 1, %w + %kw - 1] pad 0 : tensor<5x9x7xi8>
    %1 = affine_nest.load %b[%o, %c, %kh, %kw] : tensor<17x5x3x3xi8>
    %2 = arith.extsi %0 : i8 to i32
    %3 = arith.extsi %1 : i8 to i32
    %4 = arith.muli %2, %3 : i32
    %5 = affine_nest.reduce add %4 : i32
    %s = arith.constant 9 : i32
    %6 = arith.shrsi %5, %s : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %7 = arith.maxsi %6, %low : i32
    %8 = arith.minsi %7, %high : i32
    %9 = arith.trunci %8 : i32 to i8
    affine_nest.yield %9 : i8
  } : tensor<17x9x7xi8>
  return %y : tensor<17x9x7xi8>
}

// CHECK-LABEL: func.func @correlation(
// CHECK-NOT:   placement
// CHECK:       tensor_intrinsic.kernel
// CHECK:       tensor_intrinsic.gemm
// CHECK-NOT:   tensor_intrinsic.kernel
// CHECK-NOT:   host_reason
// CHECK:       return

func.func @one_channel(%a: tensor<23x25xi8>, %b: tensor<5x3xi8>) -> tensor<19x23xi8> {
  %y = affine_nest.for (%h, %w) = (19, 23) reduce (%kh, %kw) = (5, 3) {
    %0 = affine_nest.load %a[%h + %kh, %w + %kw] : tensor<23x25xi8>
    %1 = affine_nest.load %b[%kh, %kw] : tensor<5x3xi8>
    %2 = arith.extsi %0 : i8 to i32
    %3 = arith.extsi %1 : i8 to i32
    %4 = arith.muli %2, %3 : i32
    %5 = affine_nest.reduce add %4 : i32
    %s = arith.constant 8 : i32
    %6 = arith.shrsi %5, %s : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %7 = arith.maxsi %6, %low : i32
    %8 = arith.minsi %7, %high : i32
    %9 = arith.trunci %8 : i32 to i8
    affine_nest.yield %9 : i8
  } : tensor<19x23xi8>
  return %y : tensor<19x23xi8>
}

// CHECK-LABEL: func.func @one_channel(
// CHECK-NOT:   placement
// CHECK:       tensor_intrinsic.kernel
// CHECK:       tensor_intrinsic.gemm
// CHECK-NOT:   tensor_intrinsic.kernel
// CHECK-NOT:   host_reason
// CHECK:       return

func.func @outer_product(%a: tensor<13xi8>, %b: tensor<19xi8>) -> tensor<13x19xi8> {
  %y = affine_nest.for (%i, %j) = (13, 19) {
    %0 = affine_nest.load %a[%i] : tensor<13xi8>
    %1 = affine_nest.load %b[%j] : tensor<19xi8>
    %2 = arith.extsi %0 : i8 to i32
    %3 = arith.extsi %1 : i8 to i32
    %4 = arith.muli %2, %3 : i32
    %5 = affine_nest.reduce add %4 : i32
    %s = arith.constant 7 : i32
    %6 = arith.shrsi %5, %s : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %7 = arith.maxsi %6, %low : i32
    %8 = arith.minsi %7, %high : i32
    %9 = arith.trunci %8 : i32 to i8
    affine_nest.yield %9 : i8
  } : tensor<13x19xi8>
  return %y : tensor<13x19xi8>
}

// CHECK-LABEL: func.func @outer_product(
// CHECK-NOT:   placement
// CHECK:       tensor_intrinsic.kernel
// CHECK:       tensor_intrinsic.gemm
// CHECK-NOT:   tensor_intrinsic.kernel
// CHECK-NOT:   host_reason
// CHECK:       return

func.func @matrix_by_vector(%a: tensor<29x37xi8>, %b: tensor<37xi8>) -> tensor<29xi8> {
  %y = affine_nest.for (%i) = (29) reduce (%k) = (37) {
    %0 = affine_nest.load %a[%i, %k] : tensor<29x37xi8>
    %1 = affine_nest.load %b[%k] : tensor<37xi8>
    %2 = arith.extsi %0 : i8 to i32
    %3 = arith.extsi %1 : i8 to i32
    %4 = arith.muli %2, %3 : i32
    %5 = affine_nest.reduce add %4 : i32
    %s = arith.constant 9 : i32
    %6 = arith.shrsi %5, %s : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %7 = arith.maxsi %6, %low : i32
    %8 = arith.minsi %7, %high : i32
    %9 = arith.trunci %8 : i32 to i8
    affine_nest.yield %9 : i8
  } : tensor<29xi8>
  return %y : tensor<29xi8>
}

// CHECK-LABEL: func.func @matrix_by_vector(
// CHECK-NOT:   placement
// CHECK:       tensor_intrinsic.kernel
// CHECK:       tensor_intrinsic.gemm
// CHECK-NOT:   tensor_intrinsic.kernel
// CHECK-NOT:   host_reason
// CHECK:       return

func.func @khatri_rao(%a: tensor<7x19xi8>, %b: tensor<5x19xi8>) -> tensor<7x5x19xi8> {
  %y = affine_nest.for (%i, %j, %k) = (7, 5, 19) {
    %0 = affine_nest.load %a[%i, %k] : tensor<7x19xi8>
    %1 = affine_nest.load %b[%j, %k] : tensor<5x19xi8>
    %2 = arith.extsi %0 : i8 to i32
    %3 = arith.extsi %1 : i8 to i32
    %4 = arith.muli %2, %3 : i32
    %5 = affine_nest.reduce add %4 : i32
    %s = arith.constant 7 : i32
    %6 = arith.shrsi %5, %s : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %7 = arith.maxsi %6, %low : i32
    %8 = arith.minsi %7, %high : i32
    %9 = arith.trunci %8 : i32 to i8
    affine_nest.yield %9 : i8
  } : tensor<7x5x19xi8>
  return %y : tensor<7x5x19xi8>
}

// CHECK-LABEL: func.func @khatri_rao(
// CHECK-NOT:   placement
// CHECK:       tensor_intrinsic.kernel
// CHECK:       tensor_intrinsic.gemm
// CHECK-NOT:   tensor_intrinsic.kernel
// CHECK-NOT:   host_reason
// CHECK:       return

func.func @depthwise(%a: tensor<21x11x9xi8>, %b: tensor<21x3x3xi8>) -> tensor<21x9x7xi8> {
  %y = affine_nest.for (%c, %h, %w) = (21, 9, 7) reduce (%kh, %kw) = (3, 3) {
    %0 = affine_nest.load %a[%c, %h + %kh, %w + %kw] : tensor<21x11x9xi8>
    %1 = affine_nest.load %b[%c, %kh, %kw] : tensor<21x3x3xi8>
    %2 = arith.extsi %0 : i8 to i32
    %3 = arith.extsi %1 : i8 to i32
    %4 = arith.muli %2, %3 : i32
    %5 = affine_nest.reduce add %4 : i32
    %s = arith.constant 8 : i32
    %6 = arith.shrsi %5, %s : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %7 = arith.maxsi %6, %low : i32
    %8 = arith.minsi %7, %high : i32
    %9 = arith.trunci %8 : i32 to i8
    affine_nest.yield %9 : i8
  } : tensor<21x9x7xi8>
  return %y : tensor<21x9x7xi8>
}

// CHECK-LABEL: func.func @depthwise(
// CHECK-NOT:   placement
// CHECK:       tensor_intrinsic.kernel
// CHECK:       tensor_intrinsic.gemm
// CHECK-NOT:   tensor_intrinsic.kernel
// CHECK-NOT:   host_reason
// CHECK:       return

func.func @grouped(%a: tensor<15x11xi8>, %b: tensor<21x5xi8>) -> tensor<3x7x11xi8> {
  %y = affine_nest.for (%g, %o, %h) = (3, 7, 11) reduce (%c) = (5) {
    %0 = affine_nest.load %a[5 * %g + %c, %h] : tensor<15x11xi8>
    %1 = affine_nest.load %b[7 * %g + %o, %c] : tensor<21x5xi8>
    %2 = arith.extsi %0 : i8 to i32
    %3 = arith.extsi %1 : i8 to i32
    %4 = arith.muli %2, %3 : i32
    %5 = affine_nest.reduce add %4 : i32
    %s = arith.constant 8 : i32
    %6 = arith.shrsi %5, %s : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %7 = arith.maxsi %6, %low : i32
    %8 = arith.minsi %7, %high : i32
    %9 = arith.trunci %8 : i32 to i8
    affine_nest.yield %9 : i8
  } : tensor<3x7x11xi8>
  return %y : tensor<3x7x11xi8>
}

// CHECK-LABEL: func.func @grouped(
// CHECK-NOT:   placement
// CHECK:       tensor_intrinsic.kernel
// CHECK:       tensor_intrinsic.gemm
// CHECK-NOT:   tensor_intrinsic.kernel
// CHECK-NOT:   host_reason
// CHECK:       return

func.func @cube_diagonal(%a: tensor<13x11x13xi8>, %b: tensor<13x7xi8>) -> tensor<11x7xi8> {
  %y = affine_nest.for (%i, %j) = (11, 7) reduce (%k) = (13) {
    %0 = affine_nest.load %a[%k, %i, %k] : tensor<13x11x13xi8>
    %1 = affine_nest.load %b[%k, %j] : tensor<13x7xi8>
    %2 = arith.extsi %0 : i8 to i32
    %3 = arith.extsi %1 : i8 to i32
    %4 = arith.muli %2, %3 : i32
    %5 = affine_nest.reduce add %4 : i32
    %s = arith.constant 0 : i32
    %6 = arith.shrsi %5, %s : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %7 = arith.maxsi %6, %low : i32
    %8 = arith.minsi %7, %high : i32
    %9 = arith.trunci %8 : i32 to i8
    affine_nest.yield %9 : i8
  } : tensor<11x7xi8>
  return %y : tensor<11x7xi8>
}

// CHECK-LABEL: func.func @cube_diagonal(
// CHECK-NOT:   placement
// CHECK:       tensor_intrinsic.kernel
// CHECK:       tensor_intrinsic.gemm
// CHECK-NOT:   tensor_intrinsic.kernel
// CHECK-NOT:   host_reason
// CHECK:       return
