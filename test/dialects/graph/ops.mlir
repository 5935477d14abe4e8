// RUN: ROUNDTRIP
// RUN: nopt %s --print-op-generic | filecheck %s --check-prefix=GENERIC
// Every op, with and without what has a default, in both syntaxes.

func.func @contractions(%x: tensor<1x4x9x7xi8>, %w: tensor<8x2x3x3xi8>, %v: tensor<8x4x3x3xi8>, %q: tensor<6x128x64xi8>, %p: tensor<64x5xi8>, %r: tensor<6x64x5xi8>) {
// CHECK: func.func @contractions(%x: tensor<1x4x9x7xi8>, %w: tensor<8x2x3x3xi8>, %v: tensor<8x4x3x3xi8>, %q: tensor<6x128x64xi8>, %p: tensor<64x5xi8>, %r: tensor<6x64x5xi8>) {
  %conv = graph.conv2d %x, %w strides [2, 1] pads [1, 2, 0, 1] dilations [1, 2] groups 2 : (tensor<1x4x9x7xi8>, tensor<8x2x3x3xi8>) -> tensor<1x8x4x6xi32>
  // CHECK-NEXT: %conv = graph.conv2d %x, %w strides [2, 1] pads [1, 2, 0, 1] dilations [1, 2] groups 2 : (tensor<1x4x9x7xi8>, tensor<8x2x3x3xi8>) -> tensor<1x8x4x6xi32>
  // GENERIC: %conv = "graph.conv2d"(%x, %w) <{strides = array<i64: 2, 1>, pads = array<i64: 1, 2, 0, 1>, dilations = array<i64: 1, 2>, groups = 2 : i64}> : (tensor<1x4x9x7xi8>, tensor<8x2x3x3xi8>) -> tensor<1x8x4x6xi32>
  %plain_conv = graph.conv2d %x, %v : (tensor<1x4x9x7xi8>, tensor<8x4x3x3xi8>) -> tensor<1x8x7x5xi32>
  // CHECK-NEXT: %plain_conv = graph.conv2d %x, %v : (tensor<1x4x9x7xi8>, tensor<8x4x3x3xi8>) -> tensor<1x8x7x5xi32>
  // GENERIC-NEXT: %plain_conv = "graph.conv2d"(%x, %v) <{strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}> : (tensor<1x4x9x7xi8>, tensor<8x4x3x3xi8>) -> tensor<1x8x7x5xi32>
  %ab = graph.matmul %q, %r : (tensor<6x128x64xi8>, tensor<6x64x5xi8>) -> tensor<6x128x5xi32>
  // CHECK-NEXT: %ab = graph.matmul %q, %r : (tensor<6x128x64xi8>, tensor<6x64x5xi8>) -> tensor<6x128x5xi32>
  // GENERIC-NEXT: %ab = "graph.matmul"(%q, %r) : (tensor<6x128x64xi8>, tensor<6x64x5xi8>) -> tensor<6x128x5xi32>
  %shared = graph.matmul %q, %p : (tensor<6x128x64xi8>, tensor<64x5xi8>) -> tensor<6x128x5xi32>
  // CHECK-NEXT: %shared = graph.matmul %q, %p : (tensor<6x128x64xi8>, tensor<64x5xi8>) -> tensor<6x128x5xi32>
  // GENERIC-NEXT: %shared = "graph.matmul"(%q, %p) : (tensor<6x128x64xi8>, tensor<64x5xi8>) -> tensor<6x128x5xi32>
  %a_bt = graph.matmul %q, %q transpose_b : (tensor<6x128x64xi8>, tensor<6x128x64xi8>) -> tensor<6x128x128xi32>
  // CHECK-NEXT: %a_bt = graph.matmul %q, %q transpose_b : (tensor<6x128x64xi8>, tensor<6x128x64xi8>) -> tensor<6x128x128xi32>
  // GENERIC-NEXT: %a_bt = "graph.matmul"(%q, %q) <{transpose_b}> : (tensor<6x128x64xi8>, tensor<6x128x64xi8>) -> tensor<6x128x128xi32>
  %at_b = graph.matmul %q, %q transpose_a : (tensor<6x128x64xi8>, tensor<6x128x64xi8>) -> tensor<6x64x64xi32>
  // CHECK-NEXT: %at_b = graph.matmul %q, %q transpose_a : (tensor<6x128x64xi8>, tensor<6x128x64xi8>) -> tensor<6x64x64xi32>
  // GENERIC-NEXT: %at_b = "graph.matmul"(%q, %q) <{transpose_a}> : (tensor<6x128x64xi8>, tensor<6x128x64xi8>) -> tensor<6x64x64xi32>
  %at_bt = graph.matmul %r, %q transpose_a transpose_b : (tensor<6x64x5xi8>, tensor<6x128x64xi8>) -> tensor<6x5x128xi32>
  // CHECK-NEXT: %at_bt = graph.matmul %r, %q transpose_a transpose_b : (tensor<6x64x5xi8>, tensor<6x128x64xi8>) -> tensor<6x5x128xi32>
  // GENERIC-NEXT: %at_bt = "graph.matmul"(%r, %q) <{transpose_a, transpose_b}> : (tensor<6x64x5xi8>, tensor<6x128x64xi8>) -> tensor<6x5x128xi32>
  return
}

func.func @elementwise(%x: tensor<1x8x4x6xi32>, %f: tensor<2x3xf32>) {
// CHECK: func.func @elementwise(%x: tensor<1x8x4x6xi32>, %f: tensor<2x3xf32>) {
  %bias = graph.constant dense<3> : tensor<8x1x1xi8>
  // CHECK-NEXT: %bias = graph.constant dense<3> : tensor<8x1x1xi8>
  // GENERIC: %bias = "graph.constant"() <{value = dense<3> : tensor<8x1x1xi8>}> : () -> tensor<8x1x1xi8>
  %sum = graph.add %x, %bias : (tensor<1x8x4x6xi32>, tensor<8x1x1xi8>) -> tensor<1x8x4x6xi32>
  // CHECK-NEXT: %sum = graph.add %x, %bias : (tensor<1x8x4x6xi32>, tensor<8x1x1xi8>) -> tensor<1x8x4x6xi32>
  // GENERIC-NEXT: %sum = "graph.add"(%x, %bias) : (tensor<1x8x4x6xi32>, tensor<8x1x1xi8>) -> tensor<1x8x4x6xi32>
  %floats = graph.add %f, %f : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %floats = graph.add %f, %f : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // GENERIC-NEXT: %floats = "graph.add"(%f, %f) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %relu = graph.relu %sum : tensor<1x8x4x6xi32>
  // CHECK-NEXT: %relu = graph.relu %sum : tensor<1x8x4x6xi32>
  // GENERIC-NEXT: %relu = "graph.relu"(%sum) : (tensor<1x8x4x6xi32>) -> tensor<1x8x4x6xi32>
  %clip = graph.clip %relu min -5 max 100 : tensor<1x8x4x6xi32>
  // CHECK-NEXT: %clip = graph.clip %relu min -5 max 100 : tensor<1x8x4x6xi32>
  // GENERIC-NEXT: %clip = "graph.clip"(%relu) <{min = -5 : i64, max = 100 : i64}> : (tensor<1x8x4x6xi32>) -> tensor<1x8x4x6xi32>
  %shift = graph.requantize %clip shift 7 : tensor<1x8x4x6xi32> -> tensor<1x8x4x6xi8>
  // CHECK-NEXT: %shift = graph.requantize %clip shift 7 : tensor<1x8x4x6xi32> -> tensor<1x8x4x6xi8>
  // GENERIC-NEXT: %shift = "graph.requantize"(%clip) <{shift = 7 : i32}> : (tensor<1x8x4x6xi32>) -> tensor<1x8x4x6xi8>
  %shifts = graph.requantize %clip shift dense<[0, 1, 2, 3]> : tensor<4xi32> axis 2 : tensor<1x8x4x6xi32> -> tensor<1x8x4x6xi16>
  // CHECK-NEXT: %shifts = graph.requantize %clip shift dense<[0, 1, 2, 3]> : tensor<4xi32> axis 2 : tensor<1x8x4x6xi32> -> tensor<1x8x4x6xi16>
  // GENERIC-NEXT: %shifts = "graph.requantize"(%clip) <{shift = dense<[0, 1, 2, 3]> : tensor<4xi32>, axis = 2 : i64}> : (tensor<1x8x4x6xi32>) -> tensor<1x8x4x6xi16>
  %scale = graph.requantize %clip multiplier 12345 shift 20 {note = "kept"} : tensor<1x8x4x6xi32> -> tensor<1x8x4x6xi8>
  // CHECK-NEXT: %scale = graph.requantize %clip multiplier 12345 shift 20 {note = "kept"} : tensor<1x8x4x6xi32> -> tensor<1x8x4x6xi8>
  // GENERIC-NEXT: %scale = "graph.requantize"(%clip) <{multiplier = 12345 : i32, shift = 20 : i32}> {note = "kept"} : (tensor<1x8x4x6xi32>) -> tensor<1x8x4x6xi8>
  %scales = graph.requantize %clip multiplier dense<[1, 2, 3, 4, 5, 6, 7, 8]> : tensor<8xi32> shift dense<20> : tensor<8xi32> axis 1 : tensor<1x8x4x6xi32> -> tensor<1x8x4x6xi8>
  // CHECK-NEXT: %scales = graph.requantize %clip multiplier dense<[1, 2, 3, 4, 5, 6, 7, 8]> : tensor<8xi32> shift dense<20> : tensor<8xi32> axis 1 : tensor<1x8x4x6xi32> -> tensor<1x8x4x6xi8>
  // GENERIC-NEXT: %scales = "graph.requantize"(%clip) <{multiplier = dense<[1, 2, 3, 4, 5, 6, 7, 8]> : tensor<8xi32>, shift = dense<20> : tensor<8xi32>, axis = 1 : i64}> : (tensor<1x8x4x6xi32>) -> tensor<1x8x4x6xi8>
  %mixed = graph.requantize %clip multiplier dense_resource<m> : tensor<8xi32> shift 20 axis 1 : tensor<1x8x4x6xi32> -> tensor<1x8x4x6xi8>
  // CHECK-NEXT: %mixed = graph.requantize %clip multiplier dense_resource<m> : tensor<8xi32> shift 20 axis 1 : tensor<1x8x4x6xi32> -> tensor<1x8x4x6xi8>
  // GENERIC-NEXT: %mixed = "graph.requantize"(%clip) <{multiplier = dense_resource<m> : tensor<8xi32>, shift = 20 : i32, axis = 1 : i64}> : (tensor<1x8x4x6xi32>) -> tensor<1x8x4x6xi8>
  return
}

func.func @pools(%x: tensor<1x4x9x7xi8>) {
// CHECK: func.func @pools(%x: tensor<1x4x9x7xi8>) {
  %max = graph.max_pool %x kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] : tensor<1x4x9x7xi8> -> tensor<1x4x5x4xi8>
  // CHECK-NEXT: %max = graph.max_pool %x kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] : tensor<1x4x9x7xi8> -> tensor<1x4x5x4xi8>
  // GENERIC: %max = "graph.max_pool"(%x) <{kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>}> : (tensor<1x4x9x7xi8>) -> tensor<1x4x5x4xi8>
  %plain_max = graph.max_pool %x kernel [2, 3] : tensor<1x4x9x7xi8> -> tensor<1x4x8x5xi8>
  // CHECK-NEXT: %plain_max = graph.max_pool %x kernel [2, 3] : tensor<1x4x9x7xi8> -> tensor<1x4x8x5xi8>
  // GENERIC-NEXT: %plain_max = "graph.max_pool"(%x) <{kernel = array<i64: 2, 3>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}> : (tensor<1x4x9x7xi8>) -> tensor<1x4x8x5xi8>
  %avg = graph.avg_pool %x kernel [3, 3] pads [0, 1, 2, 1] : tensor<1x4x9x7xi8> -> tensor<1x4x9x7xi8>
  // CHECK-NEXT: %avg = graph.avg_pool %x kernel [3, 3] pads [0, 1, 2, 1] : tensor<1x4x9x7xi8> -> tensor<1x4x9x7xi8>
  // GENERIC-NEXT: %avg = "graph.avg_pool"(%x) <{kernel = array<i64: 3, 3>, pads = array<i64: 0, 1, 2, 1>, strides = array<i64: 1, 1>}> : (tensor<1x4x9x7xi8>) -> tensor<1x4x9x7xi8>
  %global = graph.global_avg_pool %x : tensor<1x4x9x7xi8> -> tensor<1x4x1x1xi8>
  // CHECK-NEXT: %global = graph.global_avg_pool %x : tensor<1x4x9x7xi8> -> tensor<1x4x1x1xi8>
  // GENERIC-NEXT: %global = "graph.global_avg_pool"(%x) : (tensor<1x4x9x7xi8>) -> tensor<1x4x1x1xi8>
  return
}

func.func @layout(%x: tensor<1x4x9x7xi8>) {
// CHECK: func.func @layout(%x: tensor<1x4x9x7xi8>) {
  %dense = graph.constant dense<[[1, -2], [3, 4]]> : tensor<2x2xi8>
  // CHECK-NEXT: %dense = graph.constant dense<[[1, -2], [3, 4]]> : tensor<2x2xi8>
  // GENERIC: %dense = "graph.constant"() <{value = dense<[[1, -2], [3, 4]]> : tensor<2x2xi8>}> : () -> tensor<2x2xi8>
  %resource = graph.constant dense_resource<w> : tensor<4xi8>
  // CHECK-NEXT: %resource = graph.constant dense_resource<w> : tensor<4xi8>
  // GENERIC-NEXT: %resource = "graph.constant"() <{value = dense_resource<w> : tensor<4xi8>}> : () -> tensor<4xi8>
  %flat = graph.reshape %x : tensor<1x4x9x7xi8> -> tensor<1x252xi8>
  // CHECK-NEXT: %flat = graph.reshape %x : tensor<1x4x9x7xi8> -> tensor<1x252xi8>
  // GENERIC-NEXT: %flat = "graph.reshape"(%x) : (tensor<1x4x9x7xi8>) -> tensor<1x252xi8>
  %last = graph.transpose %x permutation [0, 2, 3, 1] : tensor<1x4x9x7xi8> -> tensor<1x9x7x4xi8>
  // CHECK-NEXT: %last = graph.transpose %x permutation [0, 2, 3, 1] : tensor<1x4x9x7xi8> -> tensor<1x9x7x4xi8>
  // GENERIC-NEXT: %last = "graph.transpose"(%x) <{permutation = array<i64: 0, 2, 3, 1>}> : (tensor<1x4x9x7xi8>) -> tensor<1x9x7x4xi8>
  return
}

{-# dialect_resources: { builtin: {
  m: "0x040000000100000002000000030000000400000005000000060000000700000008000000",
  w: "0x01000000FF0203FF"
} } #-}
// CHECK: w: "0x01000000ff0203ff"
