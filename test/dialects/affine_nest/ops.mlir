// RUN: ROUNDTRIP
// RUN: nopt %s --print-op-generic | filecheck %s --check-prefix=GENERIC
// Every op, with and without what is optional, in both syntaxes.

func.func @nests(%x: tensor<4x9x7xi8>, %w: tensor<8x4x3x3xi8>, %b: tensor<8xi32>, %f: tensor<5xf32>, %s: tensor<i8>) {
// CHECK: func.func @nests(%x: tensor<4x9x7xi8>, %w: tensor<8x4x3x3xi8>, %b: tensor<8xi32>, %f: tensor<5xf32>, %s: tensor<i8>) {
// GENERIC: "func.func"() <{sym_name = "nests", function_type = (tensor<4x9x7xi8>, tensor<8x4x3x3xi8>, tensor<8xi32>, tensor<5xf32>, tensor<i8>) -> ()}> ({
  // A sum of products with an epilogue.
  %conv = affine_nest.for (%o, %h, %v) = (8, 9, 7) reduce (%i, %kh, %kw) = (4, 3, 3) {
  // CHECK-NEXT: %conv = affine_nest.for (%o, %h, %v) = (8, 9, 7) reduce (%i, %kh, %kw) = (4, 3, 3) {
  // GENERIC: %conv = "affine_nest.for"() <{parallel = array<i64: 8, 9, 7>, reduction = array<i64: 4, 3, 3>}> ({
    %a = affine_nest.load %x[%i, %h + %kh - 1, %v + %kw - 1] pad -3 : tensor<4x9x7xi8>
    // CHECK-NEXT: %a = affine_nest.load %x[%i, %h + %kh - 1, %v + %kw - 1] pad -3 : tensor<4x9x7xi8>
    // GENERIC: %a = "affine_nest.load"(%x) <{map = affine_map<(d0, d1, d2, d3, d4, d5) -> (d3, ((d1 + d4) + -1), ((d2 + d5) + -1))>, pad = -3 : i8}> : (tensor<4x9x7xi8>) -> i8
    %c = affine_nest.load %w[%o, %i, %kh, %kw] : tensor<8x4x3x3xi8>
    // CHECK-NEXT: %c = affine_nest.load %w[%o, %i, %kh, %kw] : tensor<8x4x3x3xi8>
    // GENERIC: %c = "affine_nest.load"(%w) <{map = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d3, d4, d5)>}> : (tensor<8x4x3x3xi8>) -> i8
    %ae = arith.extsi %a : i8 to i32
    // CHECK-NEXT: %ae = arith.extsi %a : i8 to i32
    // GENERIC: %ae = "arith.extsi"(%a) : (i8) -> i32
    %ce = arith.extsi %c : i8 to i32
    // CHECK-NEXT: %ce = arith.extsi %c : i8 to i32
    // GENERIC: %ce = "arith.extsi"(%c) : (i8) -> i32
    %p = arith.muli %ae, %ce : i32
    // CHECK-NEXT: %p = arith.muli %ae, %ce : i32
    // GENERIC: %p = "arith.muli"(%ae, %ce) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    %r = affine_nest.reduce add %p : i32
    // CHECK-NEXT: %r = affine_nest.reduce add %p : i32
    // GENERIC: %r = "affine_nest.reduce"(%p) <{kind = #affine_nest<reduction add>}> : (i32) -> i32
    %d = affine_nest.load %b[%o] : tensor<8xi32>
    // CHECK-NEXT: %d = affine_nest.load %b[%o] : tensor<8xi32>
    // GENERIC: %d = "affine_nest.load"(%b) <{map = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0)>}> : (tensor<8xi32>) -> i32
    %e = arith.addi %r, %d : i32
    // CHECK-NEXT: %e = arith.addi %r, %d : i32
    // GENERIC: %e = "arith.addi"(%r, %d) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    affine_nest.yield %e : i32
    // CHECK-NEXT: affine_nest.yield %e : i32
    // GENERIC: "affine_nest.yield"(%e) : (i32) -> ()
  } : tensor<8x9x7xi32>
  // CHECK-NEXT: } : tensor<8x9x7xi32>
  // Other reductions, no reduction, attributes.
  %most = affine_nest.for (%o) = (4) reduce (%i) = (9) {
  // CHECK-NEXT: %most = affine_nest.for (%o_1) = (4) reduce (%i_1) = (9) {
  // GENERIC: %most = "affine_nest.for"() <{parallel = array<i64: 4>, reduction = array<i64: 9>}> ({
    %a = affine_nest.load %x[%o, %i, 6] : tensor<4x9x7xi8>
    // CHECK-NEXT: %a_1 = affine_nest.load %x[%o_1, %i_1, 6] : tensor<4x9x7xi8>
    // GENERIC: %a_1 = "affine_nest.load"(%x) <{map = affine_map<(d0, d1) -> (d0, d1, 6)>}> : (tensor<4x9x7xi8>) -> i8
    %m = affine_nest.reduce max %a : i8
    // CHECK-NEXT: %m = affine_nest.reduce max %a_1 : i8
    // GENERIC: %m = "affine_nest.reduce"(%a_1) <{kind = #affine_nest<reduction max>}> : (i8) -> i8
    affine_nest.yield %m : i8
    // CHECK-NEXT: affine_nest.yield %m : i8
    // GENERIC: "affine_nest.yield"(%m) : (i8) -> ()
  } : tensor<4xi8>
  // CHECK-NEXT: } : tensor<4xi8>
  %least = affine_nest.for (%o) = (4) reduce (%i) = (9) {
  // CHECK-NEXT: %least = affine_nest.for (%o_2) = (4) reduce (%i_2) = (9) {
  // GENERIC: %least = "affine_nest.for"() <{parallel = array<i64: 4>, reduction = array<i64: 9>}> ({
    %a = affine_nest.load %x[%o, %i, 0] : tensor<4x9x7xi8>
    // CHECK-NEXT: %a_2 = affine_nest.load %x[%o_2, %i_2, 0] : tensor<4x9x7xi8>
    // GENERIC: %a_2 = "affine_nest.load"(%x) <{map = affine_map<(d0, d1) -> (d0, d1, 0)>}> : (tensor<4x9x7xi8>) -> i8
    %m = affine_nest.reduce min %a : i8
    // CHECK-NEXT: %m_1 = affine_nest.reduce min %a_2 : i8
    // GENERIC: %m_1 = "affine_nest.reduce"(%a_2) <{kind = #affine_nest<reduction min>}> : (i8) -> i8
    affine_nest.yield %m : i8
    // CHECK-NEXT: affine_nest.yield %m_1 : i8
    // GENERIC: "affine_nest.yield"(%m_1) : (i8) -> ()
  } attributes {placement = "host"} : tensor<4xi8>
  // CHECK-NEXT: } attributes {placement = "host"} : tensor<4xi8>
  // A float pad; no parallel iterator; no index.
  %float = affine_nest.for (%i) = (8) {
  // CHECK-NEXT: %float = affine_nest.for (%i_3) = (8) {
  // GENERIC: %float = "affine_nest.for"() <{parallel = array<i64: 8>, reduction = array<i64>}> ({
    %a = affine_nest.load %f[%i - 2] pad 1.5 : tensor<5xf32>
    // CHECK-NEXT: %a_3 = affine_nest.load %f[%i_3 - 2] pad 1.5 : tensor<5xf32>
    // GENERIC: %a_3 = "affine_nest.load"(%f) <{map = affine_map<(d0) -> ((d0 + -2))>, pad = 1.500000e+00 : f32}> : (tensor<5xf32>) -> f32
    %l = affine_nest.load %f[%i - 2] pad -inf : tensor<5xf32>
    // CHECK-NEXT: %l = affine_nest.load %f[%i_3 - 2] pad -inf : tensor<5xf32>
    // GENERIC: %l = "affine_nest.load"(%f) <{map = affine_map<(d0) -> ((d0 + -2))>, pad = 0xff800000 : f32}> : (tensor<5xf32>) -> f32
    %t = affine_nest.load %f[%i - 2] pad 1.0e30 : tensor<5xf32>
    // CHECK-NEXT: %t = affine_nest.load %f[%i_3 - 2] pad 1.0000000150474662e+30 : tensor<5xf32>
    // GENERIC: %t = "affine_nest.load"(%f) <{map = affine_map<(d0) -> ((d0 + -2))>, pad = 1.000000e+30 : f32}> : (tensor<5xf32>) -> f32
    affine_nest.yield %a : f32
    // CHECK-NEXT: affine_nest.yield %a_3 : f32
    // GENERIC: "affine_nest.yield"(%a_3) : (f32) -> ()
  } : tensor<8xf32>
  // CHECK-NEXT: } : tensor<8xf32>
  %whole = affine_nest.for () = () reduce (%i) = (5) {
  // CHECK-NEXT: %whole = affine_nest.for () = () reduce (%i_4) = (5) {
  // GENERIC: %whole = "affine_nest.for"() <{parallel = array<i64>, reduction = array<i64: 5>}> ({
    %a = affine_nest.load %f[%i] : tensor<5xf32>
    // CHECK-NEXT: %a_4 = affine_nest.load %f[%i_4] : tensor<5xf32>
    // GENERIC: %a_4 = "affine_nest.load"(%f) <{map = affine_map<(d0) -> (d0)>}> : (tensor<5xf32>) -> f32
    %m = affine_nest.reduce add %a : f32
    // CHECK-NEXT: %m_2 = affine_nest.reduce add %a_4 : f32
    // GENERIC: %m_2 = "affine_nest.reduce"(%a_4) <{kind = #affine_nest<reduction add>}> : (f32) -> f32
    affine_nest.yield %m : f32
    // CHECK-NEXT: affine_nest.yield %m_2 : f32
    // GENERIC: "affine_nest.yield"(%m_2) : (f32) -> ()
  } : tensor<f32>
  // CHECK-NEXT: } : tensor<f32>
  %scalar = affine_nest.for () = () {
  // CHECK-NEXT: %scalar = affine_nest.for () = () {
  // GENERIC: %scalar = "affine_nest.for"() <{parallel = array<i64>, reduction = array<i64>}> ({
    %a = affine_nest.load %s[] : tensor<i8>
    // CHECK-NEXT: %a_5 = affine_nest.load %s[] : tensor<i8>
    // GENERIC: %a_5 = "affine_nest.load"(%s) <{map = affine_map<() -> ()>}> : (tensor<i8>) -> i8
    affine_nest.yield %a : i8
    // CHECK-NEXT: affine_nest.yield %a_5 : i8
    // GENERIC: "affine_nest.yield"(%a_5) : (i8) -> ()
  } : tensor<i8>
  // CHECK-NEXT: } : tensor<i8>
  %spread = affine_nest.for (%i) = (2) {
  // CHECK-NEXT: %spread = affine_nest.for (%i_5) = (2) {
  // GENERIC: %spread = "affine_nest.for"() <{parallel = array<i64: 2>, reduction = array<i64>}> ({
    %a = affine_nest.load %s[] {note = "once"} : tensor<i8>
    // CHECK-NEXT: %a_6 = affine_nest.load %s[] {note = "once"} : tensor<i8>
    // GENERIC: %a_6 = "affine_nest.load"(%s) <{map = affine_map<(d0) -> ()>}> {note = "once"} : (tensor<i8>) -> i8
    affine_nest.yield %a : i8
    // CHECK-NEXT: affine_nest.yield %a_6 : i8
    // GENERIC: "affine_nest.yield"(%a_6) : (i8) -> ()
  } : tensor<2xi8>
  // CHECK-NEXT: } : tensor<2xi8>
  return
  // CHECK-NEXT: func.return
  // GENERIC: "func.return"() : () -> ()
}
// CHECK-NEXT: }

// Index expressions: precedence, subtraction, division.
func.func @indices(%x: tensor<100xi8>) {
// CHECK: func.func @indices(%x: tensor<100xi8>) {
// GENERIC: "func.func"() <{sym_name = "indices", function_type = (tensor<100xi8>) -> ()}> ({
  %y = affine_nest.for (%i, %j, %k) = (4, 4, 4) {
  // CHECK-NEXT: %y = affine_nest.for (%i, %j, %k) = (4, 4, 4) {
  // GENERIC: %y = "affine_nest.for"() <{parallel = array<i64: 4, 4, 4>, reduction = array<i64>}> ({
    %a = affine_nest.load %x[%i * 2 + %j * 16 - %k + 3] : tensor<100xi8>
    // CHECK-NEXT: %a = affine_nest.load %x[%i * 2 + %j * 16 - %k + 3] : tensor<100xi8>
    // GENERIC: %a = "affine_nest.load"(%x) <{map = affine_map<(d0, d1, d2) -> (((((d0 * 2) + (d1 * 16)) + (d2 * -1)) + 3))>}> : (tensor<100xi8>) -> i8
    %b = affine_nest.load %x[(%i + %j) * 3 mod 7 + %k floordiv 2] : tensor<100xi8>
    // CHECK-NEXT: %b = affine_nest.load %x[(%i * 3 + %j * 3) mod 7 + %k floordiv 2] : tensor<100xi8>
    // GENERIC: %b = "affine_nest.load"(%x) <{map = affine_map<(d0, d1, d2) -> (((((d0 * 3) + (d1 * 3)) mod 7) + (d2 floordiv 2)))>}> : (tensor<100xi8>) -> i8
    %c = affine_nest.load %x[(%i + 1) ceildiv 2 + (%k + 4 * %j) mod 5] : tensor<100xi8>
    // CHECK-NEXT: %c = affine_nest.load %x[(%i + 1) ceildiv 2 + (%k + %j * 4) mod 5] : tensor<100xi8>
    // GENERIC: %c = "affine_nest.load"(%x) <{map = affine_map<(d0, d1, d2) -> ((((d0 + 1) ceildiv 2) + ((d2 + (d1 * 4)) mod 5)))>}> : (tensor<100xi8>) -> i8
    %d = affine_nest.load %x[-%i - %j * 2 + 9] : tensor<100xi8>
    // CHECK-NEXT: %d = affine_nest.load %x[%i * -1 - %j * 2 + 9] : tensor<100xi8>
    // GENERIC: %d = "affine_nest.load"(%x) <{map = affine_map<(d0, d1, d2) -> ((((d0 * -1) + (d1 * -2)) + 9))>}> : (tensor<100xi8>) -> i8
    %e = affine_nest.load %x[%i -1 -%j+ 7 -1] : tensor<100xi8>
    // CHECK-NEXT: %e = affine_nest.load %x[%i - 1 - %j + 6] : tensor<100xi8>
    // GENERIC: %e = "affine_nest.load"(%x) <{map = affine_map<(d0, d1, d2) -> ((((d0 + -1) + (d1 * -1)) + 6))>}> : (tensor<100xi8>) -> i8
    affine_nest.yield %a : i8
    // CHECK-NEXT: affine_nest.yield %a : i8
    // GENERIC: "affine_nest.yield"(%a) : (i8) -> ()
  } : tensor<4x4x4xi8>
  // CHECK-NEXT: } : tensor<4x4x4xi8>
  return
  // CHECK-NEXT: func.return
  // GENERIC: "func.return"() : () -> ()
}
// CHECK-NEXT: }

func.func @into(%x: tensor<2x3xi8>, %y: tensor<2x4xi8>) -> tensor<2x8xi8> {
// CHECK-LABEL: func.func @into(
  // A tensor of which only a part is written.
  %a = affine_nest.for (%i, %j) = (2, 3) into [%i, %j * 2 + 1] {
  // CHECK-NEXT: %a = affine_nest.for (%i, %j) = (2, 3) into [%i, %j * 2 + 1] {
    %v = affine_nest.load %x[%i, %j] : tensor<2x3xi8>
    affine_nest.yield %v : i8
  } : tensor<2x8xi8>
  // CHECK: } : tensor<2x8xi8>
  // A part of another tensor; its iterators are digits of one index.
  %b = affine_nest.for (%i, %h, %l) = (2, 1, 2) reduce (%k) = (2) into %a[%i, %h * 2 + %l + 6] {
  // CHECK-NEXT: %b = affine_nest.for (%i_1, %h, %l) = (2, 1, 2) reduce (%k) = (2) into %a[%i_1, %h * 2 + %l + 6] {
    %v = affine_nest.load %y[%i, %l * 2 + %k] : tensor<2x4xi8>
    %w = affine_nest.reduce max %v : i8
    affine_nest.yield %w : i8
  } attributes {label = "here"} : tensor<2x8xi8>
  // CHECK: } attributes {label = "here"} : tensor<2x8xi8>
  // An iterator in two indices: blocks of two, in another order.
  %c = affine_nest.for (%i, %j) = (2, 4) into [%j floordiv 2, %i, %j mod 2] {
  // CHECK: %c = affine_nest.for (%i_2, %j_1) = (2, 4) into [%j_1 floordiv 2, %i_2, %j_1 mod 2] {
    %v = affine_nest.load %y[%i, %j] : tensor<2x4xi8>
    affine_nest.yield %v : i8
  } : tensor<2x2x2xi8>
  return %b : tensor<2x8xi8>
}
// GENERIC-LABEL: "func.func"() <{sym_name = "into"
// GENERIC: %a = "affine_nest.for"() <{parallel = array<i64: 2, 3>, reduction = array<i64>, into = affine_map<(d0, d1) -> (d0, ((d1 * 2) + 1))>}> ({
// GENERIC: }) : () -> tensor<2x8xi8>
// GENERIC-NEXT: %b = "affine_nest.for"(%a) <{parallel = array<i64: 2, 1, 2>, reduction = array<i64: 2>, into = affine_map<(d0, d1, d2) -> (d0, (((d1 * 2) + d2) + 6))>}> ({
// GENERIC: }) {label = "here"} : (tensor<2x8xi8>) -> tensor<2x8xi8>
