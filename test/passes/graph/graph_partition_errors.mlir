// RUN: nopt %s -p graph-partition --split-input-file --verify-diagnostics | filecheck %s
// Wishes of a person that the core cannot fulfil.

func.func @main(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %y = graph.softmax %x axis 1 {placement = "core"} : tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
// CHECK: op cannot run on the core, where it is placed: it computes with f32; the core computes with integers

// -----

func.func @main(%x: tensor<4x4xi32>) -> tensor<4x4xi32> {
  %y = graph.relu %x {placement = "core"} : tensor<4x4xi32>
  return %y : tensor<4x4xi32>
}
// CHECK: op cannot run on the core, where it is placed: its i32 result goes to func.return; the core stores i8

// -----

func.func @main(%x: tensor<4x4xi8>) -> tensor<4x4xi8> {
  %y = graph.relu %x {placement = "gpu"} : tensor<4x4xi8>
  return %y : tensor<4x4xi8>
}
// CHECK: op placement is "gpu", expected "core" or "host"
