// RUN: nopt %s -p affine-nest-simplify | filecheck %s
// Every rewrite of the scalars after a reduction, and where each is refused.

// Rounding by a shift is one addition and one shift, and the addition merges into the bias.
func.func @round_into_bias(%x: tensor<4x9xi8>) -> tensor<4xi32> {
  %b = graph.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
  %y = affine_nest.for (%i) = (4) reduce (%k) = (9) {
    %a = affine_nest.load %x[%i, %k] : tensor<4x9xi8>
    %e = arith.extsi %a : i8 to i32
    %s = affine_nest.reduce add %e : i32
    %c = affine_nest.load %b[%i] : tensor<4xi32>
    %t = arith.addi %s, %c : i32
    %six = arith.constant 6 : i32
    %one = arith.constant 1 : i32
    %h = arith.shrsi %t, %six : i32
    %r = arith.addi %h, %one : i32
    %v = arith.shrsi %r, %one : i32
    affine_nest.yield %v : i32
  } : tensor<4xi32>
  return %y : tensor<4xi32>
}
// CHECK-LABEL: func.func @round_into_bias(
// CHECK-NEXT: %b = graph.constant dense<[65, 66, 67, 68]> : tensor<4xi32>
// CHECK-NEXT: %y = affine_nest.for (%i) = (4) reduce (%k) = (9) {
// CHECK-NEXT: %a = affine_nest.load %x[%i, %k] : tensor<4x9xi8>
// CHECK-NEXT: %e = arith.extsi %a : i8 to i32
// CHECK-NEXT: %s = affine_nest.reduce add %e : i32
// CHECK-NEXT: %v = affine_nest.load %b[%i] : tensor<4xi32>
// CHECK-NEXT: %v_1 = arith.addi %s, %v : i32
// CHECK-NEXT: %v_2 = arith.constant 7 : i32
// CHECK-NEXT: %v_3 = arith.shrsi %v_1, %v_2 : i32
// CHECK-NEXT: affine_nest.yield %v_3 : i32
// CHECK-NEXT: } : tensor<4xi32>
// CHECK-NEXT: func.return %y : tensor<4xi32>

// Not where the sum before the shift may wrap.
func.func @round_may_wrap(%x: tensor<4xi32>) -> tensor<4xi32> {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi32>
    %six = arith.constant 6 : i32
    %one = arith.constant 1 : i32
    %h = arith.shrsi %a, %six : i32
    %r = arith.addi %h, %one : i32
    %v = arith.shrsi %r, %one : i32
    affine_nest.yield %v : i32
  } : tensor<4xi32>
  return %y : tensor<4xi32>
}
// CHECK-LABEL: func.func @round_may_wrap(
// CHECK-NEXT: %y = affine_nest.for (%i) = (4) {
// CHECK-NEXT: %a = affine_nest.load %x[%i] : tensor<4xi32>
// CHECK-NEXT: %six = arith.constant 6 : i32
// CHECK-NEXT: %one = arith.constant 1 : i32
// CHECK-NEXT: %h = arith.shrsi %a, %six : i32
// CHECK-NEXT: %r = arith.addi %h, %one : i32
// CHECK-NEXT: %v = arith.shrsi %r, %one : i32
// CHECK-NEXT: affine_nest.yield %v : i32
// CHECK-NEXT: } : tensor<4xi32>
// CHECK-NEXT: func.return %y : tensor<4xi32>

// Not into a bias that is an argument, nor into one that is loaded with padding or widened.
func.func @not_into_these(%x: tensor<4xi8>, %b: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>) {
  %c = graph.constant dense<[1, 2, 3]> : tensor<3xi32>
  %d = graph.constant dense<[1, 2, 3, 4]> : tensor<4xi8>
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    %e = arith.extsi %a : i8 to i32
    %l = affine_nest.load %b[%i] : tensor<4xi32>
    %t = arith.addi %e, %l : i32
    %n = arith.constant 8 : i32
    %v = arith.addi %t, %n : i32
    affine_nest.yield %v : i32
  } : tensor<4xi32>
  %z = affine_nest.for (%i) = (4) {
    %l = affine_nest.load %c[%i] pad 0 : tensor<3xi32>
    %m = affine_nest.load %d[%i] : tensor<4xi8>
    %e = arith.extsi %m : i8 to i32
    %t = arith.addi %e, %l : i32
    %n = arith.constant 8 : i32
    %v = arith.addi %t, %n : i32
    affine_nest.yield %v : i32
  } : tensor<4xi32>
  return %y, %z : tensor<4xi32>, tensor<4xi32>
}
// CHECK-LABEL: func.func @not_into_these(
// CHECK-NEXT: %c = graph.constant dense<[1, 2, 3]> : tensor<3xi32>
// CHECK-NEXT: %d = graph.constant dense<[1, 2, 3, 4]> : tensor<4xi8>
// CHECK-NEXT: %y = affine_nest.for (%i) = (4) {
// CHECK-NEXT: %a = affine_nest.load %x[%i] : tensor<4xi8>
// CHECK-NEXT: %e = arith.extsi %a : i8 to i32
// CHECK-NEXT: %l = affine_nest.load %b[%i] : tensor<4xi32>
// CHECK-NEXT: %t = arith.addi %e, %l : i32
// CHECK-NEXT: %n = arith.constant 8 : i32
// CHECK-NEXT: %v = arith.addi %t, %n : i32
// CHECK-NEXT: affine_nest.yield %v : i32
// CHECK-NEXT: } : tensor<4xi32>
// CHECK-NEXT: %z = affine_nest.for (%i_1) = (4) {
// CHECK-NEXT: %l_1 = affine_nest.load %c[%i_1] pad 0 : tensor<3xi32>
// CHECK-NEXT: %m = affine_nest.load %d[%i_1] : tensor<4xi8>
// CHECK-NEXT: %e_1 = arith.extsi %m : i8 to i32
// CHECK-NEXT: %t_1 = arith.addi %e_1, %l_1 : i32
// CHECK-NEXT: %n_1 = arith.constant 8 : i32
// CHECK-NEXT: %v_1 = arith.addi %t_1, %n_1 : i32
// CHECK-NEXT: affine_nest.yield %v_1 : i32
// CHECK-NEXT: } : tensor<4xi32>
// CHECK-NEXT: func.return %y, %z : tensor<4xi32>, tensor<4xi32>

// Two numbers are added at once, unless their sum is no number of the type.
func.func @numbers(%x: tensor<4xi8>) -> (tensor<4xi8>, tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    %c = arith.constant 100 : i8
    %d = arith.constant -30 : i8
    %s = arith.addi %c, %a : i8
    %v = arith.addi %s, %d : i8
    affine_nest.yield %v : i8
  } : tensor<4xi8>
  %z = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    %c = arith.constant 100 : i8
    %s = arith.addi %a, %c : i8
    %v = arith.addi %s, %c : i8
    affine_nest.yield %v : i8
  } : tensor<4xi8>
  return %y, %z : tensor<4xi8>, tensor<4xi8>
}
// CHECK-LABEL: func.func @numbers(
// CHECK-NEXT: %y = affine_nest.for (%i) = (4) {
// CHECK-NEXT: %a = affine_nest.load %x[%i] : tensor<4xi8>
// CHECK-NEXT: %v = arith.constant 70 : i8
// CHECK-NEXT: %v_1 = arith.addi %a, %v : i8
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: %z = affine_nest.for (%i_1) = (4) {
// CHECK-NEXT: %a_1 = affine_nest.load %x[%i_1] : tensor<4xi8>
// CHECK-NEXT: %c = arith.constant 100 : i8
// CHECK-NEXT: %s = arith.addi %a_1, %c : i8
// CHECK-NEXT: %v_2 = arith.addi %s, %c : i8
// CHECK-NEXT: affine_nest.yield %v_2 : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: func.return %y, %z : tensor<4xi8>, tensor<4xi8>

// Clips sink behind additions and shifts and merge; the lower one comes first.
func.func @clips_sink(%x: tensor<4xi16>) -> tensor<4xi32> {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi16>
    %e = arith.extsi %a : i16 to i32
    %zero = arith.constant 0 : i32
    %top = arith.constant 5000 : i32
    %one = arith.constant 1 : i32
    %four = arith.constant 4 : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %r = arith.minsi %e, %top : i32
    %relu = arith.maxsi %r, %zero : i32
    %n = arith.addi %relu, %one : i32
    %s = arith.shrsi %n, %four : i32
    %l = arith.maxsi %low, %s : i32
    %v = arith.minsi %l, %high : i32
    affine_nest.yield %v : i32
  } : tensor<4xi32>
  return %y : tensor<4xi32>
}
// CHECK-LABEL: func.func @clips_sink(
// CHECK-NEXT: %y = affine_nest.for (%i) = (4) {
// CHECK-NEXT: %a = affine_nest.load %x[%i] : tensor<4xi16>
// CHECK-NEXT: %e = arith.extsi %a : i16 to i32
// CHECK-NEXT: %one = arith.constant 1 : i32
// CHECK-NEXT: %four = arith.constant 4 : i32
// CHECK-NEXT: %n = arith.addi %e, %one : i32
// CHECK-NEXT: %s = arith.shrsi %n, %four : i32
// CHECK-NEXT: %s_1 = arith.constant 0 : i32
// CHECK-NEXT: %s_2 = arith.maxsi %s, %s_1 : i32
// CHECK-NEXT: %v = arith.constant 127 : i32
// CHECK-NEXT: %v_1 = arith.minsi %s_2, %v : i32
// CHECK-NEXT: affine_nest.yield %v_1 : i32
// CHECK-NEXT: } : tensor<4xi32>
// CHECK-NEXT: func.return %y : tensor<4xi32>

// A clip stays where the addition behind it may wrap, or its bound would.
func.func @clip_stays(%x: tensor<4xi32>, %z: tensor<4xi8>) -> (tensor<4xi32>, tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi32>
    %zero = arith.constant 0 : i32
    %minus = arith.constant -1 : i32
    %r = arith.maxsi %a, %zero : i32
    %v = arith.addi %r, %minus : i32
    affine_nest.yield %v : i32
  } : tensor<4xi32>
  %w = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %z[%i] : tensor<4xi8>
    %two = arith.constant 2 : i8
    %bound = arith.constant 120 : i8
    %ten = arith.constant 10 : i8
    %h = arith.shrsi %a, %two : i8
    %r = arith.maxsi %h, %bound : i8
    %v = arith.addi %r, %ten : i8
    affine_nest.yield %v : i8
  } : tensor<4xi8>
  return %y, %w : tensor<4xi32>, tensor<4xi8>
}
// CHECK-LABEL: func.func @clip_stays(
// CHECK-NEXT: %y = affine_nest.for (%i) = (4) {
// CHECK-NEXT: %a = affine_nest.load %x[%i] : tensor<4xi32>
// CHECK-NEXT: %zero = arith.constant 0 : i32
// CHECK-NEXT: %minus = arith.constant -1 : i32
// CHECK-NEXT: %r = arith.maxsi %a, %zero : i32
// CHECK-NEXT: %v = arith.addi %r, %minus : i32
// CHECK-NEXT: affine_nest.yield %v : i32
// CHECK-NEXT: } : tensor<4xi32>
// CHECK-NEXT: %w = affine_nest.for (%i_1) = (4) {
// CHECK-NEXT: %a_1 = affine_nest.load %z[%i_1] : tensor<4xi8>
// CHECK-NEXT: %two = arith.constant 2 : i8
// CHECK-NEXT: %bound = arith.constant 120 : i8
// CHECK-NEXT: %ten = arith.constant 10 : i8
// CHECK-NEXT: %h = arith.shrsi %a_1, %two : i8
// CHECK-NEXT: %r_1 = arith.maxsi %h, %bound : i8
// CHECK-NEXT: %v_1 = arith.addi %r_1, %ten : i8
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: func.return %y, %w : tensor<4xi32>, tensor<4xi8>

// Clips that no value reaches vanish, by what the type and the body say…
func.func @idle(%x: tensor<4xi8>) -> tensor<4xi8> {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    %e = arith.extsi %a : i8 to i32
    %one = arith.constant 1 : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %s = arith.shrsi %e, %one : i32
    %l = arith.maxsi %s, %low : i32
    %h = arith.minsi %l, %high : i32
    %v = arith.trunci %h : i32 to i8
    affine_nest.yield %v : i8
  } : tensor<4xi8>
  return %y : tensor<4xi8>
}
// CHECK-LABEL: func.func @idle(
// CHECK-NEXT: %y = affine_nest.for (%i) = (4) {
// CHECK-NEXT: %a = affine_nest.load %x[%i] : tensor<4xi8>
// CHECK-NEXT: %e = arith.extsi %a : i8 to i32
// CHECK-NEXT: %one = arith.constant 1 : i32
// CHECK-NEXT: %s = arith.shrsi %e, %one : i32
// CHECK-NEXT: %v = arith.trunci %s : i32 to i8
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: func.return %y : tensor<4xi8>

// … by what the nest it reads computed, and by what a constant holds.
func.func @idle_across(%x: tensor<4xi8>) -> (tensor<4xi8>, tensor<2x2xi8>, tensor<4xi8>) {
  %c = graph.constant dense<[3, 5, 7, 9]> : tensor<4xi8>
  %a = affine_nest.for (%i) = (4) {
    %l = affine_nest.load %x[%i] : tensor<4xi8>
    %zero = arith.constant 0 : i8
    %v = arith.maxsi %l, %zero : i8
    affine_nest.yield %v : i8
  } : tensor<4xi8>
  %y = affine_nest.for (%i, %j) = (2, 2) {
    %l = affine_nest.load %a[%i * 2 + %j] : tensor<4xi8>
    %zero = arith.constant 0 : i8
    %v = arith.maxsi %l, %zero : i8
    affine_nest.yield %v : i8
  } : tensor<2x2xi8>
  %z = affine_nest.for (%i) = (4) {
    %l = affine_nest.load %c[%i] : tensor<4xi8>
    %three = arith.constant 3 : i8
    %nine = arith.constant 9 : i8
    %m = arith.maxsi %l, %three : i8
    %v = arith.minsi %m, %nine : i8
    affine_nest.yield %v : i8
  } : tensor<4xi8>
  return %a, %y, %z : tensor<4xi8>, tensor<2x2xi8>, tensor<4xi8>
}
// CHECK-LABEL: func.func @idle_across(
// CHECK-NEXT: %c = graph.constant dense<[3, 5, 7, 9]> : tensor<4xi8>
// CHECK-NEXT: %a = affine_nest.for (%i) = (4) {
// CHECK-NEXT: %l = affine_nest.load %x[%i] : tensor<4xi8>
// CHECK-NEXT: %zero = arith.constant 0 : i8
// CHECK-NEXT: %v = arith.maxsi %l, %zero : i8
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: %y = affine_nest.for (%i_1, %j) = (2, 2) {
// CHECK-NEXT: %l_1 = affine_nest.load %a[%i_1 * 2 + %j] : tensor<4xi8>
// CHECK-NEXT: affine_nest.yield %l_1 : i8
// CHECK-NEXT: } : tensor<2x2xi8>
// CHECK-NEXT: %z = affine_nest.for (%i_2) = (4) {
// CHECK-NEXT: %l_2 = affine_nest.load %c[%i_2] : tensor<4xi8>
// CHECK-NEXT: affine_nest.yield %l_2 : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: func.return %a, %y, %z : tensor<4xi8>, tensor<2x2xi8>, tensor<4xi8>

// Padding counts: a value of -1 outside makes the clip needed.
func.func @pad_counts(%x: tensor<4xi8>) -> tensor<6xi8> {
  %a = affine_nest.for (%i) = (4) {
    %l = affine_nest.load %x[%i] : tensor<4xi8>
    %zero = arith.constant 0 : i8
    %v = arith.maxsi %l, %zero : i8
    affine_nest.yield %v : i8
  } : tensor<4xi8>
  %y = affine_nest.for (%i) = (6) {
    %l = affine_nest.load %a[%i - 1] pad -1 : tensor<4xi8>
    %zero = arith.constant 0 : i8
    %v = arith.maxsi %l, %zero : i8
    affine_nest.yield %v : i8
  } : tensor<6xi8>
  return %y : tensor<6xi8>
}
// CHECK-LABEL: func.func @pad_counts(
// CHECK-NEXT: %a = affine_nest.for (%i) = (4) {
// CHECK-NEXT: %l = affine_nest.load %x[%i] : tensor<4xi8>
// CHECK-NEXT: %zero = arith.constant 0 : i8
// CHECK-NEXT: %v = arith.maxsi %l, %zero : i8
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: %y = affine_nest.for (%i_1) = (6) {
// CHECK-NEXT: %l_1 = affine_nest.load %a[%i_1 - 1] pad -1 : tensor<4xi8>
// CHECK-NEXT: %zero_1 = arith.constant 0 : i8
// CHECK-NEXT: %v_1 = arith.maxsi %l_1, %zero_1 : i8
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } : tensor<6xi8>
// CHECK-NEXT: func.return %y : tensor<6xi8>

// Clips of the same kind merge to the tighter one; of different kinds only if their order is free.
func.func @clips_merge(%x: tensor<4xi8>) -> (tensor<4xi8>, tensor<4xi8>, tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    %m = arith.constant -7 : i8
    %n = arith.constant -3 : i8
    %l = arith.maxsi %a, %n : i8
    %v = arith.maxsi %l, %m : i8
    affine_nest.yield %v : i8
  } : tensor<4xi8>
  %z = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    %m = arith.constant 50 : i8
    %n = arith.constant -50 : i8
    %h = arith.minsi %a, %m : i8
    %v = arith.maxsi %h, %n : i8
    affine_nest.yield %v : i8
  } : tensor<4xi8>
  %w = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    %m = arith.constant -50 : i8
    %n = arith.constant 50 : i8
    %h = arith.minsi %a, %m : i8
    %v = arith.maxsi %h, %n : i8
    affine_nest.yield %v : i8
  } : tensor<4xi8>
  return %y, %z, %w : tensor<4xi8>, tensor<4xi8>, tensor<4xi8>
}
// CHECK-LABEL: func.func @clips_merge(
// CHECK-NEXT: %y = affine_nest.for (%i) = (4) {
// CHECK-NEXT: %a = affine_nest.load %x[%i] : tensor<4xi8>
// CHECK-NEXT: %n = arith.constant -3 : i8
// CHECK-NEXT: %l = arith.maxsi %a, %n : i8
// CHECK-NEXT: affine_nest.yield %l : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: %z = affine_nest.for (%i_1) = (4) {
// CHECK-NEXT: %a_1 = affine_nest.load %x[%i_1] : tensor<4xi8>
// CHECK-NEXT: %m = arith.constant 50 : i8
// CHECK-NEXT: %n_1 = arith.constant -50 : i8
// CHECK-NEXT: %v = arith.maxsi %a_1, %n_1 : i8
// CHECK-NEXT: %v_1 = arith.minsi %v, %m : i8
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: %w = affine_nest.for (%i_2) = (4) {
// CHECK-NEXT: %a_2 = affine_nest.load %x[%i_2] : tensor<4xi8>
// CHECK-NEXT: %m_1 = arith.constant -50 : i8
// CHECK-NEXT: %n_2 = arith.constant 50 : i8
// CHECK-NEXT: %h = arith.minsi %a_2, %m_1 : i8
// CHECK-NEXT: %v_2 = arith.maxsi %h, %n_2 : i8
// CHECK-NEXT: affine_nest.yield %v_2 : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: func.return %y, %z, %w : tensor<4xi8>, tensor<4xi8>, tensor<4xi8>

// A tighter clip wins on both sides.
func.func @tighter_clips(%x: tensor<4xi8>) -> tensor<4xi8> {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    %m = arith.constant -7 : i8
    %n = arith.constant -3 : i8
    %o = arith.constant 70 : i8
    %p = arith.constant 30 : i8
    %b = arith.maxsi %a, %m : i8
    %c = arith.maxsi %b, %n : i8
    %d = arith.minsi %c, %o : i8
    %v = arith.minsi %d, %p : i8
    affine_nest.yield %v : i8
  } : tensor<4xi8>
  return %y : tensor<4xi8>
}
// CHECK-LABEL: func.func @tighter_clips(
// CHECK-NEXT: %y = affine_nest.for (%i) = (4) {
// CHECK-NEXT: %a = affine_nest.load %x[%i] : tensor<4xi8>
// CHECK-NEXT: %c = arith.constant -3 : i8
// CHECK-NEXT: %c_1 = arith.maxsi %a, %c : i8
// CHECK-NEXT: %v = arith.constant 30 : i8
// CHECK-NEXT: %v_1 = arith.minsi %c_1, %v : i8
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: func.return %y : tensor<4xi8>

// Clips at the very ends of what a difference can be vanish; those one number inside stay.
func.func @at_the_ends(%x: tensor<4xi8>) -> tensor<4xi32> {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    %b = affine_nest.load %x[3 - %i] : tensor<4xi8>
    %c = arith.extsi %a : i8 to i32
    %d = arith.extsi %b : i8 to i32
    %e = arith.subi %c, %d : i32
    %l = arith.constant -255 : i32
    %h = arith.constant 255 : i32
    %f = arith.maxsi %e, %l : i32
    %g = arith.minsi %f, %h : i32
    %m = arith.constant -254 : i32
    %n = arith.constant 254 : i32
    %k = arith.maxsi %g, %m : i32
    %v = arith.minsi %k, %n : i32
    affine_nest.yield %v : i32
  } : tensor<4xi32>
  return %y : tensor<4xi32>
}
// CHECK-LABEL: func.func @at_the_ends(
// CHECK-NEXT: %y = affine_nest.for (%i) = (4) {
// CHECK-NEXT: %a = affine_nest.load %x[%i] : tensor<4xi8>
// CHECK-NEXT: %b = affine_nest.load %x[%i * -1 + 3] : tensor<4xi8>
// CHECK-NEXT: %c = arith.extsi %a : i8 to i32
// CHECK-NEXT: %d = arith.extsi %b : i8 to i32
// CHECK-NEXT: %e = arith.subi %c, %d : i32
// CHECK-NEXT: %m = arith.constant -254 : i32
// CHECK-NEXT: %n = arith.constant 254 : i32
// CHECK-NEXT: %k = arith.maxsi %e, %m : i32
// CHECK-NEXT: %v = arith.minsi %k, %n : i32
// CHECK-NEXT: affine_nest.yield %v : i32
// CHECK-NEXT: } : tensor<4xi32>
// CHECK-NEXT: func.return %y : tensor<4xi32>

// Narrowing and widening again is nothing where the value fits, and stays where it does not.
func.func @casts(%x: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi32>
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %l = arith.maxsi %a, %low : i32
    %h = arith.minsi %l, %high : i32
    %t = arith.trunci %h : i32 to i8
    %v = arith.extsi %t : i8 to i32
    affine_nest.yield %v : i32
  } : tensor<4xi32>
  %z = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi32>
    %t = arith.trunci %a : i32 to i8
    %v = arith.extsi %t : i8 to i32
    affine_nest.yield %v : i32
  } : tensor<4xi32>
  return %y, %z : tensor<4xi32>, tensor<4xi32>
}
// CHECK-LABEL: func.func @casts(
// CHECK-NEXT: %y = affine_nest.for (%i) = (4) {
// CHECK-NEXT: %a = affine_nest.load %x[%i] : tensor<4xi32>
// CHECK-NEXT: %low = arith.constant -128 : i32
// CHECK-NEXT: %high = arith.constant 127 : i32
// CHECK-NEXT: %l = arith.maxsi %a, %low : i32
// CHECK-NEXT: %h = arith.minsi %l, %high : i32
// CHECK-NEXT: affine_nest.yield %h : i32
// CHECK-NEXT: } : tensor<4xi32>
// CHECK-NEXT: %z = affine_nest.for (%i_1) = (4) {
// CHECK-NEXT: %a_1 = affine_nest.load %x[%i_1] : tensor<4xi32>
// CHECK-NEXT: %t = arith.trunci %a_1 : i32 to i8
// CHECK-NEXT: %v = arith.extsi %t : i8 to i32
// CHECK-NEXT: affine_nest.yield %v : i32
// CHECK-NEXT: } : tensor<4xi32>
// CHECK-NEXT: func.return %y, %z : tensor<4xi32>, tensor<4xi32>

// A maximum's pad is 0 where nothing is less, and every window has an element inside.
func.func @pad_of_maximum(%x: tensor<6x6xi8>) -> tensor<6xi8> {
  %a = affine_nest.for (%i, %j) = (6, 6) {
    %l = affine_nest.load %x[%i, %j] : tensor<6x6xi8>
    %zero = arith.constant 0 : i8
    %v = arith.maxsi %l, %zero : i8
    affine_nest.yield %v : i8
  } : tensor<6x6xi8>
  %y = affine_nest.for (%i) = (6) reduce (%k) = (3) {
    %l = affine_nest.load %a[%i, %i + %k - 1] pad -128 : tensor<6x6xi8>
    %m = affine_nest.reduce max %l : i8
    affine_nest.yield %m : i8
  } : tensor<6xi8>
  return %y : tensor<6xi8>
}
// CHECK-LABEL: func.func @pad_of_maximum(
// CHECK-NEXT: %a = affine_nest.for (%i, %j) = (6, 6) {
// CHECK-NEXT: %l = affine_nest.load %x[%i, %j] : tensor<6x6xi8>
// CHECK-NEXT: %zero = arith.constant 0 : i8
// CHECK-NEXT: %v = arith.maxsi %l, %zero : i8
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } : tensor<6x6xi8>
// CHECK-NEXT: %y = affine_nest.for (%i_1) = (6) reduce (%k) = (3) {
// CHECK-NEXT: %l_1 = affine_nest.load %a[%i_1, %i_1 + %k - 1] pad 0 : tensor<6x6xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %l_1 : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<6xi8>
// CHECK-NEXT: func.return %y : tensor<6xi8>

// Also of a window along a diagonal, which is inside of both dimensions at once.
func.func @pad_of_diagonal(%x: tensor<6x6xi8>) -> tensor<6xi8> {
  %a = affine_nest.for (%i, %j) = (6, 6) {
    %l = affine_nest.load %x[%i, %j] : tensor<6x6xi8>
    %zero = arith.constant 0 : i8
    %v = arith.maxsi %l, %zero : i8
    affine_nest.yield %v : i8
  } : tensor<6x6xi8>
  %y = affine_nest.for (%i) = (6) reduce (%k) = (3) {
    %l = affine_nest.load %a[%i + %k - 1, %i - %k + 1] pad -128 : tensor<6x6xi8>
    %m = affine_nest.reduce max %l : i8
    affine_nest.yield %m : i8
  } : tensor<6xi8>
  return %y : tensor<6xi8>
}
// CHECK-LABEL: func.func @pad_of_diagonal(
// CHECK-NEXT: %a = affine_nest.for (%i, %j) = (6, 6) {
// CHECK-NEXT: %l = affine_nest.load %x[%i, %j] : tensor<6x6xi8>
// CHECK-NEXT: %zero = arith.constant 0 : i8
// CHECK-NEXT: %v = arith.maxsi %l, %zero : i8
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } : tensor<6x6xi8>
// CHECK-NEXT: %y = affine_nest.for (%i_1) = (6) reduce (%k) = (3) {
// CHECK-NEXT: %l_1 = affine_nest.load %a[%i_1 + %k - 1, %i_1 - %k + 1] pad 0 : tensor<6x6xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %l_1 : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<6xi8>
// CHECK-NEXT: func.return %y : tensor<6xi8>

// Not where elements may be negative, a window is all outside, or one iterator moves two dimensions
// and is inside of each at other times.
func.func @pad_stays(%x: tensor<6x6xi8>) -> (tensor<6xi8>, tensor<7xi8>, tensor<6xi8>) {
  %a = affine_nest.for (%i, %j) = (6, 6) {
    %l = affine_nest.load %x[%i, %j] : tensor<6x6xi8>
    %zero = arith.constant 0 : i8
    %v = arith.maxsi %l, %zero : i8
    affine_nest.yield %v : i8
  } : tensor<6x6xi8>
  %y = affine_nest.for (%i) = (6) reduce (%k) = (3) {
    %l = affine_nest.load %x[%i, %i + %k - 1] pad -128 : tensor<6x6xi8>
    %m = affine_nest.reduce max %l : i8
    affine_nest.yield %m : i8
  } : tensor<6xi8>
  %z = affine_nest.for (%i) = (7) reduce (%k) = (3) {
    %l = affine_nest.load %a[0, %i + %k] pad -128 : tensor<6x6xi8>
    %m = affine_nest.reduce max %l : i8
    affine_nest.yield %m : i8
  } : tensor<7xi8>
  %w = affine_nest.for (%i) = (6) reduce (%k) = (2) {
    %l = affine_nest.load %a[%k * 6, %k * 6 + %i - 6] pad -128 : tensor<6x6xi8>
    %m = affine_nest.reduce max %l : i8
    affine_nest.yield %m : i8
  } : tensor<6xi8>
  return %y, %z, %w : tensor<6xi8>, tensor<7xi8>, tensor<6xi8>
}
// CHECK-LABEL: func.func @pad_stays(
// CHECK-NEXT: %a = affine_nest.for (%i, %j) = (6, 6) {
// CHECK-NEXT: %l = affine_nest.load %x[%i, %j] : tensor<6x6xi8>
// CHECK-NEXT: %zero = arith.constant 0 : i8
// CHECK-NEXT: %v = arith.maxsi %l, %zero : i8
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } : tensor<6x6xi8>
// CHECK-NEXT: %y = affine_nest.for (%i_1) = (6) reduce (%k) = (3) {
// CHECK-NEXT: %l_1 = affine_nest.load %x[%i_1, %i_1 + %k - 1] pad -128 : tensor<6x6xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %l_1 : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<6xi8>
// CHECK-NEXT: %z = affine_nest.for (%i_2) = (7) reduce (%k_1) = (3) {
// CHECK-NEXT: %l_2 = affine_nest.load %a[0, %i_2 + %k_1] pad -128 : tensor<6x6xi8>
// CHECK-NEXT: %m_1 = affine_nest.reduce max %l_2 : i8
// CHECK-NEXT: affine_nest.yield %m_1 : i8
// CHECK-NEXT: } : tensor<7xi8>
// CHECK-NEXT: %w = affine_nest.for (%i_3) = (6) reduce (%k_2) = (2) {
// CHECK-NEXT: %l_3 = affine_nest.load %a[%k_2 * 6, %k_2 * 6 + %i_3 - 6] pad -128 : tensor<6x6xi8>
// CHECK-NEXT: %m_2 = affine_nest.reduce max %l_3 : i8
// CHECK-NEXT: affine_nest.yield %m_2 : i8
// CHECK-NEXT: } : tensor<6xi8>
// CHECK-NEXT: func.return %y, %z, %w : tensor<6xi8>, tensor<7xi8>, tensor<6xi8>

// Scalars outside nests are others' business.
func.func @outside(%x: i32) -> i32 {
  %one = arith.constant 1 : i32
  %y = arith.addi %x, %one : i32
  %z = arith.addi %y, %one : i32
  return %z : i32
}
// CHECK-LABEL: func.func @outside(
// CHECK-NEXT: %one = arith.constant 1 : i32
// CHECK-NEXT: %y = arith.addi %x, %one : i32
// CHECK-NEXT: %z = arith.addi %y, %one : i32
// CHECK-NEXT: func.return %z : i32

// Shifts by a vector: 64 bits become 32, the rounding joins the bias, the ReLU goes behind the shift.
func.func @round_by_a_vector(%x: tensor<4x9xi8>) -> tensor<4xi8> {
  %b = graph.constant dense<[[1], [2], [3], [4]]> : tensor<4x1xi32>
  %half = graph.constant dense<[0, 1, 2, 8]> : tensor<4xi64>
  %by = graph.constant dense<[0, 1, 2, 4]> : tensor<4xi64>
  %y = affine_nest.for (%i) = (4) reduce (%k) = (9) {
    %a = affine_nest.load %x[%i, %k] : tensor<4x9xi8>
    %e = arith.extsi %a : i8 to i32
    %s = affine_nest.reduce add %e : i32
    %c = affine_nest.load %b[%i, 0] : tensor<4x1xi32>
    %t = arith.addi %s, %c : i32
    %zero = arith.constant 0 : i32
    %r = arith.maxsi %t, %zero : i32
    %w = arith.extsi %r : i32 to i64
    %h = affine_nest.load %half[%i] : tensor<4xi64>
    %p = arith.addi %w, %h : i64
    %n = affine_nest.load %by[%i] : tensor<4xi64>
    %q = arith.shrsi %p, %n : i64
    %low = arith.constant -128 : i64
    %high = arith.constant 127 : i64
    %l = arith.maxsi %q, %low : i64
    %u = arith.minsi %l, %high : i64
    %v = arith.trunci %u : i64 to i8
    affine_nest.yield %v : i8
  } : tensor<4xi8>
  return %y : tensor<4xi8>
}
// CHECK-LABEL: func.func @round_by_a_vector(
// CHECK-DAG: %[[by:.*]] = graph.constant dense<[0, 1, 2, 4]> : tensor<4xi32>
// CHECK-DAG: %[[bias:.*]] = graph.constant dense<[1, 3, 5, 12]> : tensor<4xi32>
// CHECK: %s = affine_nest.reduce add %e : i32
// CHECK-NEXT: %[[n:.*]] = affine_nest.load %[[by]][%i] : tensor<4xi32>
// CHECK-NEXT: %[[c:.*]] = affine_nest.load %[[bias]][%i] : tensor<4xi32>
// CHECK-NEXT: %[[t:.*]] = arith.addi %s, %[[c]] : i32
// CHECK-NEXT: %[[q:.*]] = arith.shrsi %[[t]], %[[n]] : i32
// CHECK-NEXT: %[[zero:.*]] = arith.constant 0 : i32
// CHECK-NEXT: %[[r:.*]] = arith.maxsi %[[q]], %[[zero]] : i32
// CHECK-NEXT: %[[high:.*]] = arith.constant 127 : i32
// CHECK-NEXT: %[[u:.*]] = arith.minsi %[[r]], %[[high]] : i32
// CHECK-NEXT: %[[v:.*]] = arith.trunci %[[u]] : i32 to i8
// CHECK-NEXT: affine_nest.yield %[[v]] : i8

// The rounding of the shift after a residual is added before the first shift, to the bias.
func.func @round_before_the_first_shift(%x: tensor<4x9xi8>, %z: tensor<4xi8>) -> tensor<4xi32> {
  %b = graph.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
  %y = affine_nest.for (%i) = (4) reduce (%k) = (9) {
    %a = affine_nest.load %x[%i, %k] : tensor<4x9xi8>
    %e = arith.extsi %a : i8 to i32
    %s = affine_nest.reduce add %e : i32
    %c = affine_nest.load %b[%i] : tensor<4xi32>
    %t = arith.addi %s, %c : i32
    %five = arith.constant 5 : i32
    %q = arith.shrsi %t, %five : i32
    %d = affine_nest.load %z[%i] : tensor<4xi8>
    %f = arith.extsi %d : i8 to i32
    %g = arith.addi %q, %f : i32
    %four = arith.constant 4 : i32
    %r = arith.addi %g, %four : i32
    affine_nest.yield %r : i32
  } : tensor<4xi32>
  return %y : tensor<4xi32>
}
// CHECK-LABEL: func.func @round_before_the_first_shift(
// CHECK: %b = graph.constant dense<[129, 130, 131, 132]> : tensor<4xi32>
// CHECK: %[[c:.*]] = affine_nest.load %b[%i] : tensor<4xi32>
// CHECK-NEXT: %[[t:.*]] = arith.addi %s, %[[c]] : i32
// CHECK-NEXT: %[[q:.*]] = arith.shrsi %[[t]], %five : i32
// CHECK-NEXT: %[[r:.*]] = arith.addi %[[q]], %f : i32
// CHECK-NEXT: affine_nest.yield %[[r]] : i32

// A clip stays in front where its bound would wrap, even if no value does.
func.func @bound_would_wrap() -> tensor<2xi8> {
  %x = graph.constant dense<[0, 9]> : tensor<2xi8>
  %y = affine_nest.for (%i) = (2) {
    %a = affine_nest.load %x[%i] : tensor<2xi8>
    %m = arith.constant -1 : i8
    %c = arith.minsi %a, %m : i8
    %h = arith.constant -128 : i8
    %s = arith.addi %c, %h : i8
    %one = arith.constant 1 : i8
    %v = arith.shrsi %s, %one : i8
    affine_nest.yield %v : i8
  } : tensor<2xi8>
  return %y : tensor<2xi8>
}
// CHECK-LABEL: func.func @bound_would_wrap(
// CHECK: %c = arith.minsi %a, %m : i8
// CHECK: %s = arith.addi %c, %h : i8
// CHECK: %v = arith.shrsi %s, %one : i8

// A pad stays where values may be below 0: a window of -1 alone is -1, not 0.
func.func @minus_one(%x: tensor<9xi8>) -> tensor<9xi8> {
  %r = affine_nest.for (%i) = (9) {
    %a = affine_nest.load %x[%i] : tensor<9xi8>
    %b = arith.constant -1 : i8
    %m = arith.maxsi %a, %b : i8
    affine_nest.yield %m : i8
  } : tensor<9xi8>
  %y = affine_nest.for (%i) = (9) reduce (%k) = (3) {
    %a = affine_nest.load %r[%i + %k - 1] pad -128 : tensor<9xi8>
    %m = affine_nest.reduce max %a : i8
    affine_nest.yield %m : i8
  } : tensor<9xi8>
  return %y : tensor<9xi8>
}
// CHECK-LABEL: func.func @minus_one(
// CHECK: affine_nest.load %r[%i_1 + %k - 1] pad -128 : tensor<9xi8>

// As does one that is read for something else, too.
func.func @read_twice(%x: tensor<9xi8>) -> tensor<9xi8> {
  %r = affine_nest.for (%i) = (9) {
    %a = affine_nest.load %x[%i] : tensor<9xi8>
    %b = arith.constant 0 : i8
    %m = arith.maxsi %a, %b : i8
    affine_nest.yield %m : i8
  } : tensor<9xi8>
  %y = affine_nest.for (%i) = (9) reduce (%k) = (3) {
    %a = affine_nest.load %r[%i + %k - 1] pad -128 : tensor<9xi8>
    %m = affine_nest.reduce max %a : i8
    %s = affine_nest.reduce add %a : i8
    %v = arith.xori %m, %s : i8
    affine_nest.yield %v : i8
  } : tensor<9xi8>
  return %y : tensor<9xi8>
}
// CHECK-LABEL: func.func @read_twice(
// CHECK: affine_nest.load %r[%i_1 + %k - 1] pad -128 : tensor<9xi8>

// 64 bits may be shifted by 32, 32 bits may not: MLIR leaves open what that gives.
func.func @wide_shifts(%x: tensor<4xi32>) -> (tensor<4xi64>, tensor<4xi64>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi32>
    %e = arith.extsi %a : i32 to i64
    %s = arith.constant 32 : i64
    %v = arith.shrsi %e, %s : i64
    affine_nest.yield %v : i64
  } : tensor<4xi64>
  %z = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi32>
    %e = arith.extsi %a : i32 to i64
    %s = arith.constant 31 : i64
    %v = arith.shrsi %e, %s : i64
    affine_nest.yield %v : i64
  } : tensor<4xi64>
  return %y, %z : tensor<4xi64>, tensor<4xi64>
}
// CHECK-LABEL: func.func @wide_shifts(
// CHECK: arith.constant 32 : i64
// CHECK-NEXT: arith.shrsi %{{.*}}, %{{.*}} : i64
// CHECK: arith.constant 31 : i32
// CHECK-NEXT: arith.shrsi %{{.*}}, %{{.*}} : i32
