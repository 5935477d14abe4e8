// RUN: nopt %s -p 'attach-machine,affine-nest-infer-layout,affine-nest-apply-layout' | filecheck %s
// A nest that writes all of a tensor, be it one vector: what was there does not matter, and it
// stores what its reader wants.

// CHECK: %y = affine_nest.for (%i0, %i1, %i2) = (1, 1, 16) {
// CHECK-NEXT: %a = affine_nest.load %z[0, 0, %i2] : tensor<1x1x16xi8>
// CHECK-NEXT: affine_nest.yield %a : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<1x1x16xi8>
func.func @main(%x: tensor<1x1x16xi8>, %z: tensor<1x1x16xi8>) -> tensor<1x1x16xi8> {
  %y = affine_nest.for (%i, %j, %k) = (1, 1, 16) into %x[0, 0, %k] {
    %a = affine_nest.load %z[0, 0, %k] : tensor<1x1x16xi8>
    affine_nest.yield %a : i8
  } : tensor<1x1x16xi8>
  return %y : tensor<1x1x16xi8>
}
