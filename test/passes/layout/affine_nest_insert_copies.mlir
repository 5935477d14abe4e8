// RUN: nopt %s -p affine-nest-insert-copies | filecheck %s
// RUN: nopt %s -p affine-nest-insert-copies,affine-nest-insert-copies | filecheck %s
// The core writes in place: what is read otherwise is copied before, once.

// The first result is returned, too.
func.func @returned(%x: tensor<1x16xi8>) -> (tensor<2x16xi8>, tensor<2x16xi8>) {
  %a = affine_nest.for (%b, %l) = (1, 16) into [0, %l] {
    %v = affine_nest.load %x[0, %l] : tensor<1x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<2x16xi8>
  %y = affine_nest.for (%b, %l) = (1, 16) into %a[1, %l] {
    %v = affine_nest.load %x[0, %l] : tensor<1x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<2x16xi8>
  return %a, %y : tensor<2x16xi8>, tensor<2x16xi8>
}
// CHECK-LABEL: func.func @returned(
// CHECK-NEXT: %a = affine_nest.for (%b, %l) = (1, 16) into [0, %l] {
// CHECK-NEXT: %v = affine_nest.load %x[0, %l] : tensor<1x16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<2x16xi8>
// CHECK-NEXT: %a_1 = affine_nest.for (%i0, %lane) = (2, 16) {
// CHECK-NEXT: %a_2 = affine_nest.load %a[%i0, %lane] : tensor<2x16xi8>
// CHECK-NEXT: affine_nest.yield %a_2 : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<2x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%b_1, %l_1) = (1, 16) into %a_1[1, %l_1] {
// CHECK-NEXT: %v_1 = affine_nest.load %x[0, %l_1] : tensor<1x16xi8>
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<2x16xi8>
// CHECK-NEXT: func.return %a, %y : tensor<2x16xi8>, tensor<2x16xi8>

// Arguments are not ours to write.
func.func @given(%x: tensor<2x16xi8>) -> tensor<2x16xi8> {
  %y = affine_nest.for (%b, %l) = (1, 16) into %x[1, %l] {
    %v = affine_nest.load %x[0, %l] : tensor<2x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<2x16xi8>
  return %y : tensor<2x16xi8>
}
// CHECK-LABEL: func.func @given(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %lane) = (2, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0, %lane] : tensor<2x16xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<2x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%b, %l) = (1, 16) into %x_1[1, %l] {
// CHECK-NEXT: %v = affine_nest.load %x[0, %l] : tensor<2x16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<2x16xi8>
// CHECK-NEXT: func.return %y : tensor<2x16xi8>

// What is written into a constant, or into one that is still to be packed, has its own memory: as
// often as somebody writes there.
func.func @constant(%x: tensor<1x16xi8>) -> (tensor<2x16xi8>, tensor<2x16xi8>) {
  %c = graph.constant dense<7> : tensor<32xi8>
  %p = affine_nest.for (%b, %l) = (2, 16) {
    %v = affine_nest.load %c[%b * 16 + %l] : tensor<32xi8>
    affine_nest.yield %v : i8
  } : tensor<2x16xi8>
  %y = affine_nest.for (%b, %l) = (1, 16) into %p[1, %l] {
    %v = affine_nest.load %x[0, %l] : tensor<1x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<2x16xi8>
  %z = affine_nest.for (%b, %l) = (1, 16) into %p[0, %l] {
    %v = affine_nest.load %x[0, %l] : tensor<1x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<2x16xi8>
  return %y, %z : tensor<2x16xi8>, tensor<2x16xi8>
}
// CHECK-LABEL: func.func @constant(
// CHECK-NEXT: %c = graph.constant
// CHECK-NEXT: %p = affine_nest.for
// CHECK: %y = affine_nest.for (%b_1, %l_1) = (1, 16) into %p[1, %l_1] {
// CHECK: %z = affine_nest.for (%b_2, %l_2) = (1, 16) into %p[0, %l_2] {

// Nobody reads the second vector as it was: not the nest itself, nor who reads the first one later.
func.func @elsewhere(%x: tensor<1x16xi8>) -> (tensor<2x16xi8>, tensor<1x16xi8>) {
  %a = affine_nest.for (%b, %l) = (2, 16) {
    %v = affine_nest.load %x[0, %l] : tensor<1x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<2x16xi8>
  %y = affine_nest.for (%b, %l) = (1, 16) into %a[1, %l] {
    %v = affine_nest.load %a[0, %l] : tensor<2x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<2x16xi8>
  %z = affine_nest.for (%b, %l) = (1, 16) {
    %v = affine_nest.load %a[0, %l] : tensor<2x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<1x16xi8>
  return %y, %z : tensor<2x16xi8>, tensor<1x16xi8>
}
// CHECK-LABEL: func.func @elsewhere(
// CHECK-NEXT: %a = affine_nest.for (%b, %l) = (2, 16) {
// CHECK-NEXT: %v = affine_nest.load %x[0, %l] : tensor<1x16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<2x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%b_1, %l_1) = (1, 16) into %a[1, %l_1] {
// CHECK-NEXT: %v_1 = affine_nest.load %a[0, %l_1] : tensor<2x16xi8>
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<2x16xi8>
// CHECK-NEXT: %z = affine_nest.for (%b_2, %l_2) = (1, 16) {
// CHECK-NEXT: %v_2 = affine_nest.load %a[0, %l_2] : tensor<2x16xi8>
// CHECK-NEXT: affine_nest.yield %v_2 : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<1x16xi8>
// CHECK-NEXT: func.return %y, %z : tensor<2x16xi8>, tensor<1x16xi8>

// Two nests write into the same tensor, neither into what the other one wrote: each gets a copy.
func.func @fork(%x: tensor<1x16xi8>) -> (tensor<2x16xi8>, tensor<2x16xi8>) {
  %a = affine_nest.for (%b, %l) = (2, 16) {
    %v = affine_nest.load %x[0, %l] : tensor<1x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<2x16xi8>
  %y = affine_nest.for (%b, %l) = (1, 16) into %a[0, %l] {
    %v = affine_nest.load %x[0, %l] : tensor<1x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<2x16xi8>
  %z = affine_nest.for (%b, %l) = (1, 16) into %a[1, %l] {
    %v = affine_nest.load %x[0, %l] : tensor<1x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core"} : tensor<2x16xi8>
  return %y, %z : tensor<2x16xi8>, tensor<2x16xi8>
}
// CHECK-LABEL: func.func @fork(
// CHECK-NEXT: %a = affine_nest.for (%b, %l) = (2, 16) {
// CHECK-NEXT: %v = affine_nest.load %x[0, %l] : tensor<1x16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<2x16xi8>
// CHECK-NEXT: %a_1 = affine_nest.for (%i0, %lane) = (2, 16) {
// CHECK-NEXT: %a_2 = affine_nest.load %a[%i0, %lane] : tensor<2x16xi8>
// CHECK-NEXT: affine_nest.yield %a_2 : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<2x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%b_1, %l_1) = (1, 16) into %a_1[0, %l_1] {
// CHECK-NEXT: %v_1 = affine_nest.load %x[0, %l_1] : tensor<1x16xi8>
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<2x16xi8>
// CHECK-NEXT: %a_3 = affine_nest.for (%i0_1, %lane_1) = (2, 16) {
// CHECK-NEXT: %a_4 = affine_nest.load %a[%i0_1, %lane_1] : tensor<2x16xi8>
// CHECK-NEXT: affine_nest.yield %a_4 : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<2x16xi8>
// CHECK-NEXT: %z = affine_nest.for (%b_2, %l_2) = (1, 16) into %a_3[1, %l_2] {
// CHECK-NEXT: %v_2 = affine_nest.load %x[0, %l_2] : tensor<1x16xi8>
// CHECK-NEXT: affine_nest.yield %v_2 : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<2x16xi8>
// CHECK-NEXT: func.return %y, %z : tensor<2x16xi8>, tensor<2x16xi8>

// The host makes new tensors.
func.func @host(%x: tensor<2x16xi8>) -> tensor<2x16xi8> {
  %y = affine_nest.for (%b, %l) = (1, 16) into %x[1, %l] {
    %v = affine_nest.load %x[0, %l] : tensor<2x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "host"} : tensor<2x16xi8>
  return %y : tensor<2x16xi8>
}
// CHECK-LABEL: func.func @host(
// CHECK-NEXT: %y = affine_nest.for (%b, %l) = (1, 16) into %x[1, %l] {
// CHECK-NEXT: %v = affine_nest.load %x[0, %l] : tensor<2x16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "host"} : tensor<2x16xi8>
// CHECK-NEXT: func.return %y : tensor<2x16xi8>
