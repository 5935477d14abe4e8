// RUN: nopt %s -p 'raise-affine-to-nest{reassociate=true}' | filecheck %s
// Sums of floats, where another order is allowed. Maxima need no leave.

func.func @sum(%x: memref<8xf32>, %y: memref<f32>, %m: memref<f32>) {
  %zero = arith.constant 0.000000e+00 : f32
  affine.store %zero, %y[] : memref<f32>
  affine.for %i = 0 to 8 {
    %a = affine.load %x[%i] : memref<8xf32>
    %b = affine.load %y[] : memref<f32>
    %c = arith.addf %b, %a : f32
    affine.store %c, %y[] : memref<f32>
    %d = affine.load %m[] : memref<f32>
    %e = arith.maximumf %d, %a : f32
    affine.store %e, %m[] : memref<f32>
  }
  return
}
// CHECK-LABEL: func.func @sum(
// CHECK-SAME: %x: tensor<8xf32>, %m: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
// CHECK-NEXT: %y = affine_nest.for () = () reduce (%i) = (8) {
// CHECK-NEXT: %a = affine_nest.load %x[%i] : tensor<8xf32>
// CHECK-NEXT: %0 = affine_nest.reduce add %a : f32
// CHECK-NEXT: affine_nest.yield %0 : f32
// CHECK-NEXT: } : tensor<f32>
// CHECK-NEXT: %m_1 = affine_nest.for () = () reduce (%i_1) = (8) {
// CHECK-NEXT: %a_1 = affine_nest.load %x[%i_1] : tensor<8xf32>
// CHECK-NEXT: %1 = affine_nest.reduce max %a_1 : f32
// CHECK-NEXT: %d = affine_nest.load %m[] : tensor<f32>
// CHECK-NEXT: %2 = arith.maximumf %1, %d : f32
// CHECK-NEXT: affine_nest.yield %2 : f32
// CHECK-NEXT: } : tensor<f32>
// CHECK-NEXT: func.return %y, %m_1 : tensor<f32>, tensor<f32>
