// RUN: nopt %s -p graph-fuse-activations | filecheck %s
// SiLU, hard-swish and GELU as networks spell them, and what is nearly one.

// CHECK: func.func @silu(
func.func @silu(%x: tensor<2x3xf32>, %z: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %s = graph.unary sigmoid %x : tensor<2x3xf32>
  // CHECK-NEXT: %s = graph.unary sigmoid %x
  %y = graph.mul %s, %x : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %y = graph.unary silu %x
  %gate = graph.mul %s, %z : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %gate = graph.mul %s, %z
  %two = graph.constant dense<2.0> : tensor<f32>
  %double = graph.mul %x, %two : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %half = graph.mul %double, %s : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: %half = graph.mul %double, %s
  return %y, %gate, %half : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// CHECK: func.func @hard_swish(
func.func @hard_swish(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %three = graph.constant dense<3.0> : tensor<f32>
  %six = graph.constant dense<6.0> : tensor<f32>
  %a = graph.add %x, %three : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %b = graph.clip %a min 0.0 max 6.0 : tensor<2x3xf32>
  %c = graph.mul %x, %b : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %y = graph.div %c, %six : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  // CHECK: %y = graph.unary hard_swish %x
  %sixth = graph.constant dense<0.1666666716> : tensor<f32>
  %half = graph.constant dense<0.5> : tensor<f32>
  %d = graph.mul %x, %sixth : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %e = graph.add %d, %half : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %f = graph.clip %e min 0.0 max 1.0 : tensor<2x3xf32>
  %z = graph.mul %f, %x : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: %z = graph.unary hard_swish %x
  %g = graph.clip %a min 0.0 max 5.0 : tensor<2x3xf32>
  %h = graph.mul %x, %g : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %other = graph.div %h, %six : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  // CHECK: %other = graph.div
  return %y, %z, %other : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// CHECK: func.func @gelu(
func.func @gelu(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %root = graph.constant dense<1.41421354> : tensor<f32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %half = graph.constant dense<0.5> : tensor<f32>
  %a = graph.div %x, %root : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %b = graph.unary erf %a : tensor<2x3xf32>
  %c = graph.add %b, %one : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %d = graph.mul %x, %c : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %y = graph.mul %d, %half : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  // CHECK: %y = graph.unary gelu %x
  %f = graph.mul %x, %half : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %z = graph.mul %f, %c : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: %z = graph.unary gelu %x
  %g = graph.unary erf %x : tensor<2x3xf32>
  %h = graph.add %g, %one : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %other = graph.mul %f, %h : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: %other = graph.mul
  return %y, %z, %other : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// CHECK: func.func @gelu_tanh(
func.func @gelu_tanh(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %cubic = graph.constant dense<0.044715> : tensor<f32>
  %slope = graph.constant dense<0.797884583> : tensor<f32>
  %three = graph.constant dense<3.0> : tensor<f32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %half = graph.constant dense<0.5> : tensor<f32>
  %a = graph.pow %x, %three : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %b = graph.mul %a, %cubic : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %c = graph.add %x, %b : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %d = graph.mul %c, %slope : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %e = graph.unary tanh %d : tensor<2x3xf32>
  %f = graph.add %e, %one : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %g = graph.mul %x, %half : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %y = graph.mul %g, %f : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: %y = graph.unary gelu_tanh %x
  %h = graph.mul %x, %slope : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %i = graph.mul %x, %x : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %j = graph.mul %i, %cubic : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %k = graph.add %j, %one : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %l = graph.mul %h, %k : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %m = graph.unary tanh %l : tensor<2x3xf32>
  %n = graph.add %m, %one : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %z = graph.mul %g, %n : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %z = graph.unary gelu_tanh %x
  return %y, %z : tensor<2x3xf32>, tensor<2x3xf32>
  // CHECK-NEXT: func.return %y, %z
}

// What is activated may end in a sum or a product with a number itself, as behind learnable scales.
// CHECK: func.func @behind_numbers(
func.func @behind_numbers(%c: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %tenth = graph.constant dense<0.1> : tensor<f32>
  %x = graph.add %c, %tenth : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %three = graph.constant dense<3.0> : tensor<f32>
  %six = graph.constant dense<6.0> : tensor<f32>
  %a = graph.add %x, %three : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %b = graph.clip %a min 0.0 max 6.0 : tensor<2x3xf32>
  %d = graph.mul %x, %b : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %y = graph.div %d, %six : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  // CHECK: %y = graph.unary hard_swish %x
  %factor = graph.constant dense<1.7> : tensor<f32>
  %s = graph.mul %c, %factor : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %root = graph.constant dense<1.41421354> : tensor<f32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %half = graph.constant dense<0.5> : tensor<f32>
  %e = graph.div %s, %root : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %f = graph.unary erf %e : tensor<2x3xf32>
  %g = graph.add %f, %one : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %h = graph.mul %s, %g : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %z = graph.mul %h, %half : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  // CHECK: %z = graph.unary gelu %s
  return %y, %z : tensor<2x3xf32>, tensor<2x3xf32>
}

// A product with 0 is no multiple of anything, and what is clipped to 0 no hard-swish.
// CHECK: func.func @zeros(
func.func @zeros(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %zero = graph.constant dense<0.0> : tensor<f32>
  %a = graph.mul %x, %zero : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %b = graph.unary sigmoid %a : tensor<2x3xf32>
  %y = graph.mul %a, %b : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: %y = graph.mul %a, %b
  %c = graph.clip %x min 0.0 max 0.0 : tensor<2x3xf32>
  %z = graph.mul %x, %c : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: %z = graph.mul %x, %c
  return %y, %z : tensor<2x3xf32>, tensor<2x3xf32>
}
