// RUN: nopt %s -p canonicalize | filecheck %s
// Exact rewrites: what becomes simpler, and what only looks as if it could.

// CHECK: func.func @neutral(
func.func @neutral(%x: tensor<2x3xf32>, %i: tensor<3xi8>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xi8>) {
  %one = graph.constant dense<1.0> : tensor<3xf32>
  %zero = graph.constant dense<0.0> : tensor<f32>
  %zeros = graph.constant dense<0> : tensor<2x1xi8>
  %m = graph.mul %one, %x : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %a = graph.add %x, %zero : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %d = graph.div %x, %one : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %p = graph.pow %x, %one : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %wider = graph.add %i, %zeros : (tensor<3xi8>, tensor<2x1xi8>) -> tensor<2x3xi8>
  // CHECK: %wider = graph.add %i, %zeros
  return %m, %a, %d, %p, %wider : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xi8>
  // CHECK-NEXT: func.return %x, %x, %x, %x, %wider :
}

// CHECK: func.func @with_constants(
func.func @with_constants(%x: tensor<2x3xf32>, %i: tensor<3xi8>, %w: tensor<3xi32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<3xi8>, tensor<3xi32>, tensor<3xi32>, tensor<2x3xf32>) {
  %two = graph.constant dense<2.0> : tensor<f32>
  %three = graph.constant dense<3.0> : tensor<f32>
  %least = graph.constant dense<-128> : tensor<i8>
  %big = graph.constant dense<2147483647> : tensor<i32>
  %vector = graph.constant dense<[4, 5, 6]> : tensor<3xi8>
  %sub = graph.sub %x, %three : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  // CHECK: %three_1 = graph.constant dense<-3.000000e+00> : tensor<f32>
  // CHECK-NEXT: %sub = graph.add %x, %three_1 :
  %half = graph.div %x, %two : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %two = graph.constant dense<5.000000e-01> : tensor<f32>
  // CHECK-NEXT: %half = graph.mul %x, %two :
  %third = graph.div %x, %three : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %third = graph.div %x, %three
  %wraps = graph.sub %i, %least : (tensor<3xi8>, tensor<i8>) -> tensor<3xi8>
  // CHECK-NEXT: %wraps = graph.sub %i, %least
  %once = graph.add %w, %big : (tensor<3xi32>, tensor<i32>) -> tensor<3xi32>
  %twice = graph.add %vector, %once : (tensor<3xi8>, tensor<3xi32>) -> tensor<3xi32>
  // CHECK-NEXT: %vector_1 = graph.constant dense<[-2147483645, -2147483644, -2147483643]> : tensor<3xi32>
  // CHECK-NEXT: %twice = graph.add %w, %vector_1 :
  %narrow = graph.add %i, %vector : (tensor<3xi8>, tensor<3xi8>) -> tensor<3xi8>
  // CHECK-NEXT: %narrow = graph.add %i, %vector
  %wide = graph.add %narrow, %big : (tensor<3xi8>, tensor<i32>) -> tensor<3xi32>
  // CHECK-NEXT: %wide = graph.add %narrow, %big
  %float = graph.mul %third, %three : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %float = graph.mul %third, %three
  return %sub, %half, %third, %wraps, %twice, %wide, %float : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<3xi8>, tensor<3xi32>, tensor<3xi32>, tensor<2x3xf32>
}

// CHECK: func.func @folded(
func.func @folded(%y: tensor<512xi8>) -> (tensor<2x1x2x2xi32>, tensor<1024x1024xi8>, tensor<2x2xf32>, tensor<1x3xi8>, tensor<2x2xf32>) {
  %x = graph.constant dense<[[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], [[[1, 1, 1], [1, 1, 1], [1, 1, 1]]]]> : tensor<2x1x3x3xi8>
  %w = graph.constant dense<2> : tensor<1x1x2x2xi8>
  %conv = graph.conv2d %x, %w : (tensor<2x1x3x3xi8>, tensor<1x1x2x2xi8>) -> tensor<2x1x2x2xi32>
  // CHECK: %conv = graph.constant dense<
  // CHECK-SAME{LITERAL}: [[[[24, 32], [48, 56]]], [[[8, 8], [8, 8]]]]> : tensor<2x1x2x2xi32>
  %splat = graph.constant dense<5> : tensor<i8>
  %large = graph.broadcast %splat : tensor<i8> -> tensor<1024x1024xi8>
  // CHECK: %large = graph.broadcast %splat
  %q = graph.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>
  %numbers = graph.dequantize %q scale 0.5 : tensor<2x2xi8> -> tensor<2x2xf32>
  // CHECK: %numbers = graph.dequantize %q
  %table = graph.constant dense<[[1, 2, 3]]> : tensor<1x3xi8>
  %index = graph.constant dense<[7]> : tensor<1xi8>
  %outside = graph.gather %table, %index axis 0 : (tensor<1x3xi8>, tensor<1xi8>) -> tensor<1x3xi8>
  // CHECK: %outside = graph.gather %table, %index axis 0
  %f = graph.constant dense<[[1.0, 4.0], [9.0, 0.25]]> : tensor<2x2xf32>
  %root = graph.unary sqrt %f : tensor<2x2xf32>
  // CHECK-NEXT: %root = graph.constant dense<
  // CHECK-SAME{LITERAL}: [[1.000000e+00, 2.000000e+00], [3.000000e+00, 5.000000e-01]]> : tensor<2x2xf32>
  return %conv, %large, %numbers, %outside, %root : tensor<2x1x2x2xi32>, tensor<1024x1024xi8>, tensor<2x2xf32>, tensor<1x3xi8>, tensor<2x2xf32>
}

// CHECK: func.func @limits(
func.func @limits(%x: tensor<4xf32>, %i: tensor<4xi8>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi8>, tensor<4xi8>, tensor<4xf32>) {
  %zero = graph.constant dense<0.0> : tensor<f32>
  %six = graph.constant dense<6.0> : tensor<f32>
  %relu = graph.relu %x : tensor<4xf32>
  %relu6 = graph.clip %relu min -1.0 max 6.0 : tensor<4xf32>
  // CHECK: %relu6 = graph.clip %x min 0.0 max 6.0
  %positive = graph.relu %relu6 : tensor<4xf32>
  %max = graph.max %zero, %x : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  // CHECK-NEXT: %max = graph.relu %x
  %min = graph.min %max, %six : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  // CHECK-NEXT: %min = graph.clip %x min 0.0 max 6.0
  %alone = graph.min %x, %six : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  // CHECK-NEXT: %alone = graph.min %x, %six
  %low = graph.clip %i min 0 max 127 : tensor<4xi8>
  // CHECK-NEXT: %low = graph.relu %i
  %first = graph.clip %i min 10 max 20 : tensor<4xi8>
  %apart = graph.clip %first min 30 max 40 : tensor<4xi8>
  // CHECK-NEXT: %apart = graph.clip %i min 30 max 30
  return %positive, %min, %alone, %low, %apart, %max : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi8>, tensor<4xi8>, tensor<4xf32>
  // CHECK: func.return %relu6, %min, %alone, %low, %apart, %max :
}

// CHECK: func.func @moves(
func.func @moves(%x: tensor<2x3x4xi8>, %u: tensor<1x3x1x4xi8>) -> (tensor<24xi8>, tensor<4x2x3xi8>, tensor<3x4x1x1xi8>, tensor<1x1x2xi8>, tensor<2x2x4xi8>, tensor<2x2x4xi8>, tensor<2x9x4xi8>, tensor<2x6x4xi8>, tensor<3x2x3x4xi8>, tensor<2x3x4xi8>) {
  %r = graph.reshape %x : tensor<2x3x4xi8> -> tensor<6x4xi8>
  %flat = graph.reshape %r : tensor<6x4xi8> -> tensor<24xi8>
  // CHECK-NEXT: %flat = graph.reshape %x : tensor<2x3x4xi8> -> tensor<24xi8>
  %t = graph.transpose %x permutation [1, 0, 2] : tensor<2x3x4xi8> -> tensor<3x2x4xi8>
  %turned = graph.transpose %t permutation [2, 1, 0] : tensor<3x2x4xi8> -> tensor<4x2x3xi8>
  // CHECK-NEXT: %turned = graph.transpose %x permutation [2, 0, 1]
  %ones = graph.transpose %u permutation [1, 3, 0, 2] : tensor<1x3x1x4xi8> -> tensor<3x4x1x1xi8>
  // CHECK-NEXT: %ones = graph.reshape %u : tensor<1x3x1x4xi8> -> tensor<3x4x1x1xi8>
  %s = graph.slice %x starts [0, 1, 0] steps [1, 1, 2] : tensor<2x3x4xi8> -> tensor<2x2x2xi8>
  %part = graph.slice %s starts [1, 1, 0] : tensor<2x2x2xi8> -> tensor<1x1x2xi8>
  // CHECK-NEXT: %part = graph.slice %x starts [1, 2, 0] steps [1, 1, 2]
  %c = graph.concat %x, %x axis 1 : (tensor<2x3x4xi8>, tensor<2x3x4xi8>) -> tensor<2x6x4xi8>
  // CHECK-NEXT: %c = graph.concat %x, %x axis 1
  %inside = graph.slice %c starts [0, 4, 0] : tensor<2x6x4xi8> -> tensor<2x2x4xi8>
  // CHECK-NEXT: %inside = graph.slice %x starts [0, 1, 0]
  %across = graph.slice %c starts [0, 2, 0] : tensor<2x6x4xi8> -> tensor<2x2x4xi8>
  // CHECK-NEXT: %across = graph.slice %c starts [0, 2, 0]
  %d = graph.concat %x, %x axis 1 : (tensor<2x3x4xi8>, tensor<2x3x4xi8>) -> tensor<2x6x4xi8>
  %all = graph.concat %d, %x axis 1 : (tensor<2x6x4xi8>, tensor<2x3x4xi8>) -> tensor<2x9x4xi8>
  // CHECK-NEXT: %all = graph.concat %x, %x, %x axis 1
  %b = graph.broadcast %x : tensor<2x3x4xi8> -> tensor<1x2x3x4xi8>
  %repeated = graph.broadcast %b : tensor<1x2x3x4xi8> -> tensor<3x2x3x4xi8>
  // CHECK-NEXT: %repeated = graph.broadcast %x : tensor<2x3x4xi8> -> tensor<3x2x3x4xi8>
  %back = graph.transpose %t permutation [1, 0, 2] : tensor<3x2x4xi8> -> tensor<2x3x4xi8>
  return %flat, %turned, %ones, %part, %inside, %across, %all, %c, %repeated, %back : tensor<24xi8>, tensor<4x2x3xi8>, tensor<3x4x1x1xi8>, tensor<1x1x2xi8>, tensor<2x2x4xi8>, tensor<2x2x4xi8>, tensor<2x9x4xi8>, tensor<2x6x4xi8>, tensor<3x2x3x4xi8>, tensor<2x3x4xi8>
  // CHECK-NEXT: func.return %flat, %turned, %ones, %part, %inside, %across, %all, %c, %repeated, %x :
}

// CHECK: func.func @casts(
func.func @casts(%x: tensor<4xi8>, %w: tensor<4xi32>) -> (tensor<4xi64>, tensor<4xi8>, tensor<4xi32>, tensor<4xi8>, tensor<4xi8>) {
  %a = graph.cast %x : tensor<4xi8> -> tensor<4xi32>
  %wide = graph.cast %a : tensor<4xi32> -> tensor<4xi64>
  // CHECK-NEXT: %wide = graph.cast %x : tensor<4xi8> -> tensor<4xi64>
  %same = graph.cast %a : tensor<4xi32> -> tensor<4xi8>
  %b = graph.cast %w : tensor<4xi32> -> tensor<4xi8>
  // CHECK-NEXT: %b = graph.cast %w
  %cut = graph.cast %b : tensor<4xi8> -> tensor<4xi32>
  // CHECK-NEXT: %cut = graph.cast %b
  %f = graph.dequantize %x scale 0.1 zero_point 3 : tensor<4xi8> -> tensor<4xf32>
  // CHECK-NEXT: %f = graph.dequantize %x
  %q = graph.quantize %f scale 0.1 zero_point 3 : tensor<4xf32> -> tensor<4xi8>
  %other = graph.quantize %f scale 0.2 zero_point 3 : tensor<4xf32> -> tensor<4xi8>
  // CHECK-NEXT: %other = graph.quantize %f scale 0.2
  return %wide, %same, %cut, %q, %other : tensor<4xi64>, tensor<4xi8>, tensor<4xi32>, tensor<4xi8>, tensor<4xi8>
  // CHECK-NEXT: func.return %wide, %x, %cut, %x, %other :
}

// CHECK: func.func @shifts(
func.func @shifts(%x: tensor<2x2xi32>) -> (tensor<2x2xi8>, tensor<2x2xi8>, tensor<2x2xi8>, tensor<2x2xi8>) {
  %a = graph.requantize %x multiplier 1024 shift 20 : tensor<2x2xi32> -> tensor<2x2xi8>
  // CHECK-NEXT: %a = graph.requantize %x shift 10 :
  %b = graph.requantize %x multiplier dense<[4, 1]> : tensor<2xi32> shift dense<[2, 31]> : tensor<2xi32> axis 1 : tensor<2x2xi32> -> tensor<2x2xi8>
  // CHECK-NEXT: %b = graph.requantize %x shift dense<[0, 31]> : tensor<2xi32> axis 1 :
  %odd = graph.requantize %x multiplier 1025 shift 20 : tensor<2x2xi32> -> tensor<2x2xi8>
  // CHECK-NEXT: %odd = graph.requantize %x multiplier 1025
  %left = graph.requantize %x multiplier 1024 shift 9 : tensor<2x2xi32> -> tensor<2x2xi8>
  // CHECK-NEXT: %left = graph.requantize %x multiplier 1024
  return %a, %b, %odd, %left : tensor<2x2xi8>, tensor<2x2xi8>, tensor<2x2xi8>, tensor<2x2xi8>
}

// CHECK: func.func @pads(
func.func @pads(%x: tensor<1x2x5x5xf32>, %w: tensor<2x2x3x3xf32>) -> (tensor<1x2x7x5xf32>, tensor<1x2x6x6xf32>, tensor<1x2x5x5xf32>, tensor<1x2x6x6xf32>, tensor<1x2x6x6xf32>, tensor<1x2x6x6xf32>, tensor<1x2x5x5xf32>, tensor<1x4x6x6xf32>) {
  %a = graph.pad %x low [0, 0, 1, 0] high [0, 0, 1, 0] value 0.0 : tensor<1x2x5x5xf32> -> tensor<1x2x7x5xf32>
  %b = graph.pad %a low [0, 0, 0, 1] high [0, 0, 0, 1] value 0.0 : tensor<1x2x7x5xf32> -> tensor<1x2x7x7xf32>
  %conv = graph.conv2d %b, %w pads [1, 0, 1, 0] : (tensor<1x2x7x7xf32>, tensor<2x2x3x3xf32>) -> tensor<1x2x7x5xf32>
  // CHECK-NEXT: %conv = graph.conv2d %x, %w pads [2, 1, 2, 1]
  %ones = graph.pad %x low [0, 0, 1, 1] high [0, 0, 1, 1] value 1.0 : tensor<1x2x5x5xf32> -> tensor<1x2x7x7xf32>
  // CHECK-NEXT: %ones = graph.pad %x
  %kept = graph.conv2d %ones, %w : (tensor<1x2x7x7xf32>, tensor<2x2x3x3xf32>) -> tensor<1x2x5x5xf32>
  // CHECK-NEXT: %kept = graph.conv2d %ones, %w :
  %zeros = graph.pad %x low [0, 0, 1, 1] high [0, 0, 1, 1] value 0.0 : tensor<1x2x5x5xf32> -> tensor<1x2x7x7xf32>
  // CHECK-NEXT: %zeros = graph.pad %x low
  %max = graph.max_pool %zeros kernel [2, 2] : tensor<1x2x7x7xf32> -> tensor<1x2x6x6xf32>
  // CHECK-NEXT: %max = graph.max_pool %zeros
  %relu = graph.relu %x : tensor<1x2x5x5xf32>
  // CHECK-NEXT: %relu = graph.relu %x
  %p = graph.pad %relu low [0, 0, 1, 1] high [0, 0, 1, 1] value 0.0 : tensor<1x2x5x5xf32> -> tensor<1x2x7x7xf32>
  %positive = graph.max_pool %p kernel [2, 2] : tensor<1x2x7x7xf32> -> tensor<1x2x6x6xf32>
  // CHECK-NEXT: %positive = graph.max_pool %relu kernel [2, 2] pads [1, 1, 1, 1]
  %mean = graph.avg_pool %zeros kernel [2, 2] : tensor<1x2x7x7xf32> -> tensor<1x2x6x6xf32>
  // CHECK-NEXT: %mean = graph.avg_pool %x kernel [2, 2] pads [1, 1, 1, 1]
  %excluded = graph.avg_pool %zeros kernel [2, 2] exclude_pads : tensor<1x2x7x7xf32> -> tensor<1x2x6x6xf32>
  // CHECK-NEXT: %excluded = graph.avg_pool %x kernel [2, 2] pads [1, 1, 1, 1] :
  %one = graph.max_pool %x kernel [1, 1] : tensor<1x2x5x5xf32> -> tensor<1x2x5x5xf32>
  %more = graph.pad %x low [0, 0, 1, 1] high [0, 2, 0, 0] value 0.0 : tensor<1x2x5x5xf32> -> tensor<1x4x6x6xf32>
  // CHECK-NEXT: %more = graph.pad %x
  %channels = graph.max_pool %more kernel [1, 1] : tensor<1x4x6x6xf32> -> tensor<1x4x6x6xf32>
  return %conv, %max, %kept, %positive, %mean, %excluded, %one, %channels : tensor<1x2x7x5xf32>, tensor<1x2x6x6xf32>, tensor<1x2x5x5xf32>, tensor<1x2x6x6xf32>, tensor<1x2x6x6xf32>, tensor<1x2x6x6xf32>, tensor<1x2x5x5xf32>, tensor<1x4x6x6xf32>
  // CHECK: func.return %conv, %max, %kept, %positive, %mean, %excluded, %x, %more :
}

// CHECK: func.func @whole_images(
func.func @whole_images(%x: tensor<1x2x5x5xi8>, %q: tensor<6x8x4xi8>, %p: tensor<8x6x4xi8>) -> (tensor<1x2x1x1xi8>, tensor<1x2xi8>, tensor<1x2x1x1xi8>, tensor<1x2x1x1xi32>, tensor<6x8x8xi32>, tensor<6x8x8xi32>) {
  %avg = graph.avg_pool %x kernel [5, 5] : tensor<1x2x5x5xi8> -> tensor<1x2x1x1xi8>
  // CHECK-NEXT: %avg = graph.global_avg_pool %x
  %mean = graph.reduce mean %x axes [2, 3] : tensor<1x2x5x5xi8> -> tensor<1x2xi8>
  // CHECK-NEXT: %mean_global_avg_pool = graph.global_avg_pool %x
  // CHECK-NEXT: %mean = graph.reshape %mean_global_avg_pool : tensor<1x2x1x1xi8> -> tensor<1x2xi8>
  %max = graph.reduce max %x axes [2, 3] keep_dims : tensor<1x2x5x5xi8> -> tensor<1x2x1x1xi8>
  // CHECK-NEXT: %max = graph.max_pool %x kernel [5, 5]
  %sum = graph.reduce sum %x axes [2, 3] keep_dims : tensor<1x2x5x5xi8> -> tensor<1x2x1x1xi32>
  // CHECK-NEXT: %sum = graph.reduce sum %x
  %t = graph.transpose %q permutation [0, 2, 1] : tensor<6x8x4xi8> -> tensor<6x4x8xi8>
  %scores = graph.matmul %q, %t : (tensor<6x8x4xi8>, tensor<6x4x8xi8>) -> tensor<6x8x8xi32>
  // CHECK-NEXT: %scores = graph.matmul %q, %q transpose_b
  %heads = graph.transpose %p permutation [1, 2, 0] : tensor<8x6x4xi8> -> tensor<6x4x8xi8>
  // CHECK-NEXT: %heads = graph.transpose %p permutation [1, 2, 0]
  %other = graph.matmul %q, %heads : (tensor<6x8x4xi8>, tensor<6x4x8xi8>) -> tensor<6x8x8xi32>
  // CHECK-NEXT: %other = graph.matmul %q, %heads :
  return %avg, %mean, %max, %sum, %scores, %other : tensor<1x2x1x1xi8>, tensor<1x2xi8>, tensor<1x2x1x1xi8>, tensor<1x2x1x1xi32>, tensor<6x8x8xi32>, tensor<6x8x8xi32>
}

// What was written on an op stays with its values.
// CHECK: func.func @notes(
func.func @notes(%x: tensor<2x3xi8>) -> tensor<6xi8> {
  %r = graph.reshape %x : tensor<2x3xi8> -> tensor<3x2xi8>
  %flat = graph.reshape %r {represents = {tensor = "flat", scale = 5.0e-01 : f32}} : tensor<3x2xi8> -> tensor<6xi8>
  // CHECK-NEXT: %flat = graph.reshape %x {represents = {tensor = "flat", scale = 5.000000e-01 : f32}} : tensor<2x3xi8> -> tensor<6xi8>
  return %flat : tensor<6xi8>
}
