// RUN: nopt %s -p graph-partition | filecheck %s
// What cannot run on the core, what goes with it, and what is not worth the way.

// A quantized layer between float ops: its region stays together.
// CHECK: func.func @layer(
func.func @layer(%x: tensor<1x16x8x8xf32>, %w: tensor<16x16x3x3xi8>, %b: tensor<16x1x1xi32>) -> tensor<1x16x8x8xf32> {
  %q = graph.quantize %x scale 0.5 : tensor<1x16x8x8xf32> -> tensor<1x16x8x8xi8>
  // CHECK-NEXT: %q = graph.quantize %x scale 0.5 {placement = "host", host_reason = "it computes with f32; the core computes with integers"} :
  %p = graph.pad %q low [0, 0, 1, 1] high [0, 0, 1, 1] value 0 : tensor<1x16x8x8xi8> -> tensor<1x16x10x10xi8>
  // CHECK-NEXT: %p = graph.pad %q low [0, 0, 1, 1] high [0, 0, 1, 1] value 0 :
  %c = graph.conv2d %p, %w : (tensor<1x16x10x10xi8>, tensor<16x16x3x3xi8>) -> tensor<1x16x8x8xi32>
  // CHECK-NEXT: %c = graph.conv2d %p, %w :
  %a = graph.add %c, %b : (tensor<1x16x8x8xi32>, tensor<16x1x1xi32>) -> tensor<1x16x8x8xi32>
  // CHECK-NEXT: %a = graph.add %c, %b :
  %r = graph.relu %a : tensor<1x16x8x8xi32>
  // CHECK-NEXT: %r = graph.relu %a :
  %y = graph.requantize %r shift 7 : tensor<1x16x8x8xi32> -> tensor<1x16x8x8xi8>
  // CHECK-NEXT: %y = graph.requantize %r shift 7 :
  %d = graph.dequantize %y scale 0.5 : tensor<1x16x8x8xi8> -> tensor<1x16x8x8xf32>
  // CHECK-NEXT: %d = graph.dequantize %y scale 0.5 {placement = "host",
  return %d : tensor<1x16x8x8xf32>
}

// An i32 result that is returned, or read twice, takes its region along. Only sums of products can be
// stored whole, for readers that are all on the host.
// CHECK: func.func @wide(
func.func @wide(%x: tensor<64x64xi8>, %w: tensor<64x64xi8>, %v: tensor<64x64xi8>) -> (tensor<64x64xi32>, tensor<64x64xi8>, tensor<64x64xi8>, tensor<64x64xi8>) {
  %a = graph.matmul %x, %w : (tensor<64x64xi8>, tensor<64x64xi8>) -> tensor<64x64xi32>
  // CHECK-NEXT: %a = graph.matmul %x, %w :
  %r = graph.relu %a : tensor<64x64xi32>
  // CHECK-NEXT: %r = graph.relu %a {placement = "host", host_reason = "its i32 result goes to graph.clip on the host; the core stores i8"} :
  %l = graph.clip %r min -9 max 9 : tensor<64x64xi32>
  // CHECK-NEXT: %l = graph.clip %r min -9 max 9 {placement = "host", host_reason = "its i32 result goes to func.return; the core stores i8"} :
  %b = graph.matmul %x, %v : (tensor<64x64xi8>, tensor<64x64xi8>) -> tensor<64x64xi32>
  // CHECK-NEXT: %b = graph.matmul %x, %v {placement = "host", host_reason = "its i32 result is read 2 times; the core stores i8"} :
  %s = graph.requantize %b shift 4 : tensor<64x64xi32> -> tensor<64x64xi8>
  // CHECK-NEXT: %s = graph.requantize %b shift 4 {placement = "host", host_reason = "its region's 4096 steps are not worth moving 4096 elements"} :
  %t = graph.requantize %b shift 5 : tensor<64x64xi32> -> tensor<64x64xi8>
  // CHECK-NEXT: %t = graph.requantize %b shift 5 {placement = "host",
  %m = graph.matmul %w, %v : (tensor<64x64xi8>, tensor<64x64xi8>) -> tensor<64x64xi32>
  // CHECK-NEXT: %m = graph.matmul %w, %v :
  %u = graph.requantize %m multiplier 3 shift 5 : tensor<64x64xi32> -> tensor<64x64xi8>
  // CHECK-NEXT: %u = graph.requantize %m multiplier 3 shift 5 {placement = "host", host_reason = "it requantizes by a multiplier; the core by shifts"} :
  return %l, %s, %t, %u : tensor<64x64xi32>, tensor<64x64xi8>, tensor<64x64xi8>, tensor<64x64xi8>
}

// A residual: the skip is an i8 tensor, times a number. Two sums of products are added on the host.
// CHECK: func.func @sums(
func.func @sums(%x: tensor<64x64xi8>, %w: tensor<64x64xi8>) -> (tensor<64x64xi8>, tensor<64x64xi8>) {
  %four = graph.constant dense<4> : tensor<i32>
  // CHECK-NEXT: %four = graph.constant dense<4> : tensor<i32>
  %a = graph.matmul %x, %w : (tensor<64x64xi8>, tensor<64x64xi8>) -> tensor<64x64xi32>
  // CHECK-NEXT: %a = graph.matmul %x, %w :
  %skip = graph.mul %x, %four : (tensor<64x64xi8>, tensor<i32>) -> tensor<64x64xi32>
  // CHECK-NEXT: %skip = graph.mul %x, %four :
  %s = graph.add %a, %skip : (tensor<64x64xi32>, tensor<64x64xi32>) -> tensor<64x64xi32>
  // CHECK-NEXT: %s = graph.add %a, %skip :
  %y = graph.requantize %s shift 4 : tensor<64x64xi32> -> tensor<64x64xi8>
  // CHECK-NEXT: %y = graph.requantize %s shift 4 :
  %b = graph.matmul %x, %w transpose_b : (tensor<64x64xi8>, tensor<64x64xi8>) -> tensor<64x64xi32>
  // CHECK-NEXT: %b = graph.matmul %x, %w transpose_b :
  %c = graph.matmul %w, %x : (tensor<64x64xi8>, tensor<64x64xi8>) -> tensor<64x64xi32>
  // CHECK-NEXT: %c = graph.matmul %w, %x :
  %t = graph.add %b, %c : (tensor<64x64xi32>, tensor<64x64xi32>) -> tensor<64x64xi32>
  // CHECK-NEXT: %t = graph.add %b, %c {placement = "host", host_reason = "it combines two computed i32 tensors; the core loads i8 ones, times a number"} :
  %z = graph.requantize %t shift 4 : tensor<64x64xi32> -> tensor<64x64xi8>
  // CHECK-NEXT: %z = graph.requantize %t shift 4 {placement = "host", host_reason = "its region's 4096 steps are not worth moving 4096 elements"} :
  return %y, %z : tensor<64x64xi8>, tensor<64x64xi8>
}

// Each reason once.
// CHECK: func.func @refused(
func.func @refused(%x: tensor<4x4xi8>, %v: tensor<4x4xi8>, %h: tensor<4x4xi16>, %i: tensor<1x4x4x4xi32>, %p: tensor<1x4x4x4xi8>) {
  %c = graph.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
  %n = graph.constant dense<-3> : tensor<i32>
  // CHECK: host_reason = "it computes with i16; the core has i8 and i32"
  %0 = graph.relu %h : tensor<4x4xi16>
  // CHECK-NEXT: host_reason = "it adds modulo 2^8; the core adds in i32"
  %1 = graph.add %x, %v : (tensor<4x4xi8>, tensor<4x4xi8>) -> tensor<4x4xi8>
  // CHECK-NEXT: host_reason = "it multiplies modulo 2^8; the core multiplies to i32"
  %2 = graph.mul %x, %v : (tensor<4x4xi8>, tensor<4x4xi8>) -> tensor<4x4xi8>
  // CHECK-NEXT: host_reason = "it multiplies two computed tensors; the core multiplies by constants"
  %3 = graph.mul %x, %v : (tensor<4x4xi8>, tensor<4x4xi8>) -> tensor<4x4xi32>
  // CHECK-NEXT: host_reason = "it multiplies by -3; the core by numbers above 0"
  %4 = graph.mul %x, %n : (tensor<4x4xi8>, tensor<i32>) -> tensor<4x4xi32>
  // CHECK-NEXT: host_reason = "it multiplies by something else than a number, or an i8 for each channel"
  %5 = graph.mul %x, %c : (tensor<4x4xi8>, tensor<4xi32>) -> tensor<4x4xi32>
  // CHECK-NEXT: host_reason = "the core has no instruction for graph.sub"
  %6 = graph.sub %x, %v : (tensor<4x4xi8>, tensor<4x4xi8>) -> tensor<4x4xi32>
  // CHECK-NEXT: host_reason = "it reduces i32; the core reduces i8"
  %7 = graph.max_pool %i kernel [2, 2] : tensor<1x4x4x4xi32> -> tensor<1x4x3x3xi32>
  // CHECK-NEXT: host_reason = "its windows are of different size, each mean by another division"
  %8 = graph.avg_pool %p kernel [2, 2] pads [1, 1, 0, 0] exclude_pads : tensor<1x4x4x4xi8> -> tensor<1x4x4x4xi8>
  // CHECK-NEXT: host_reason = "it multiplies i32; the core multiplies i8"
  %9 = graph.matmul %i, %i : (tensor<1x4x4x4xi32>, tensor<1x4x4x4xi32>) -> tensor<1x4x4x4xi32>
  // CHECK-NEXT: host_reason = "it writes i32 tensors; the core stores i8"
  %10 = graph.pad %i low [0, 0, 1, 1] high [0, 0, 1, 1] value 0 : tensor<1x4x4x4xi32> -> tensor<1x4x6x6xi32>
  return
}

// What a person placed stays there: a convolution on the host, a relu between host ops on the core.
// CHECK: func.func @pinned(
func.func @pinned(%x: tensor<64x64xi8>, %w: tensor<64x64xi8>, %f: tensor<64x64xf32>) -> (tensor<64x64xi8>, tensor<64x64xf32>) {
  %a = graph.matmul %x, %w {placement = "host"} : (tensor<64x64xi8>, tensor<64x64xi8>) -> tensor<64x64xi32>
  // CHECK-NEXT: %a = graph.matmul %x, %w {placement = "host"} :
  %y = graph.requantize %a shift 4 {placement = "core"} : tensor<64x64xi32> -> tensor<64x64xi8>
  // CHECK-NEXT: %y = graph.requantize %a shift 4 {placement = "core"} :
  %q = graph.quantize %f scale 0.5 : tensor<64x64xf32> -> tensor<64x64xi8>
  // CHECK-NEXT: %q = graph.quantize
  %r = graph.relu %q : tensor<64x64xi8>
  // CHECK-NEXT: %r = graph.relu %q {placement = "host", host_reason = "its region's 4096 steps are not worth moving 8192 elements"} :
  %d = graph.dequantize %r scale 0.5 : tensor<64x64xi8> -> tensor<64x64xf32>
  // CHECK-NEXT: %d = graph.dequantize
  return %y, %d : tensor<64x64xi8>, tensor<64x64xf32>
}
