// What passes say when asked: why nests are not fused, what copies are left, what runs on the host.
// RUN: nopt %s -p 'vta{until=affine-nest-schedule}' --remarks 2>&1 >%t | filecheck %s
// RUN: nopt %s -p 'vta{until=affine-nest-schedule}' | diff - %t

func.func @read_twice(%x: tensor<4x16xi8>, %w: tensor<16x16xi8>) -> (tensor<4x16xi8>, tensor<4x16xi8>) {
  %a = graph.relu %x : tensor<4x16xi8>
  %m = graph.matmul %a, %w : (tensor<4x16xi8>, tensor<16x16xi8>) -> tensor<4x16xi32>
  %y = graph.requantize %m shift 7 : tensor<4x16xi32> -> tensor<4x16xi8>
  %z = graph.clip %a min -3 max 3 : tensor<4x16xi8>
  return %y, %z : tensor<4x16xi8>, tensor<4x16xi8>
}

func.func @shuffled(%x: tensor<4x32xi8>, %w: tensor<32x32xi8>, %v: tensor<32x32xi8>) -> tensor<4x32xi8> {
  %m = graph.matmul %x, %w : (tensor<4x32xi8>, tensor<32x32xi8>) -> tensor<4x32xi32>
  %p = graph.requantize %m shift 7 : tensor<4x32xi32> -> tensor<4x32xi8>
  %s = affine_nest.for (%i, %j) = (4, 32) {
    %e = affine_nest.load %p[%i, %j floordiv 2 + %j mod 2 * 16] : tensor<4x32xi8>
    affine_nest.yield %e : i8
  } : tensor<4x32xi8>
  %n = graph.matmul %s, %v : (tensor<4x32xi8>, tensor<32x32xi8>) -> tensor<4x32xi32>
  %y = graph.requantize %n shift 7 : tensor<4x32xi32> -> tensor<4x32xi8>
  return %y : tensor<4x32xi8>
}

func.func @spread(%x: tensor<4x16xi8>, %w: tensor<16x16xi8>) -> tensor<4x4x16xi8> {
  %m = graph.matmul %x, %w : (tensor<4x16xi8>, tensor<16x16xi8>) -> tensor<4x16xi32>
  %s = affine_nest.for (%i, %j, %k) = (4, 4, 16) {
    %e = affine_nest.load %m[%i, %k] : tensor<4x16xi32>
    %by = arith.constant 9 : i32
    %r = arith.shrsi %e, %by : i32
    %t = arith.trunci %r : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<4x4x16xi8>
  return %s : tensor<4x4x16xi8>
}

func.func @floats(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = graph.softmax %x axis 0 : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK: remarks.mlir:38:3: remark: '%y' runs on the host: it computes with f32; the core computes with integers
// CHECK-NEXT: remarks.mlir:6:3: remark: '%a' is not fused into '%y': the reader sums over it; the core's sums are of what lies in memory
// CHECK-NEXT: remarks.mlir:14:3: remark: '%p' is not fused into '%y': the reader has a reduction of its own
// CHECK-NEXT: remarks.mlir:26:3: remark: '%m' is not fused into '%s': (d0, d1, d2) -> (d0, d2) does not read each element once; sums are computed once
// CHECK-NEXT: remarks.mlir:26:3: remark: '%m' runs on the host: it goes on with 32-bit sums; the core stores i8
// CHECK-NEXT: remarks.mlir:7:3: remark: '%w' is copied into blocks: it comes in plain order (256 bytes)
// CHECK-NEXT: remarks.mlir:14:3: remark: '%w' is copied into blocks: it comes in plain order (1,024 bytes)
// CHECK-NEXT: remarks.mlir:20:3: remark: '%p' is copied for '%y': (d0, d1, d2, d3, d4) -> (d0, (d1 + (d2 * 16)), (d4 + (d3 * -1))) pads '%p' (32,768 bytes)
