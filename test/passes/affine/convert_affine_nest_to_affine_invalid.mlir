// RUN: nopt %s --split-input-file --verify-diagnostics -p convert-affine-nest-to-affine | filecheck %s
// What has no loops is named.

func.func @f(%x: tensor<4xi8>) -> tensor<4xi8> {
  %y = graph.relu %x : tensor<4xi8>
  return %y : tensor<4xi8>
}
// CHECK: error: pass 'convert-affine-nest-to-affine': 'graph.relu' op has no loops; convert it to a nest first

// -----

func.func @f(%x: tensor<4xi8>) -> tensor<4xi8> {
  cf.br ^next
^next:
  return %x : tensor<4xi8>
}
// CHECK: error: pass 'convert-affine-nest-to-affine': 'func.func' op expected a body of one block, found 2
