// RUN: nopt %s -p affine-nest-fuse --remarks 2>&1 >%t | filecheck %s
// Why two nests are not one, each reason once: first of all functions why nests are not inlined, then why pieces of joined tensors are copied.

func.func @readers(%x: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>) {
  %a = affine_nest.for (%i) = (4) {
    %v = affine_nest.load %x[%i] : tensor<4xi32>
    %s = arith.addi %v, %v : i32
    affine_nest.yield %s : i32
  } : tensor<4xi32>
  %b = affine_nest.for (%i) = (4) {
    %v = affine_nest.load %a[%i] : tensor<4xi32>
    %s = arith.addi %v, %v : i32
    affine_nest.yield %s : i32
  } : tensor<4xi32>
  return %a, %b : tensor<4xi32>, tensor<4xi32>
}
// CHECK: remarks.mlir:5:3: remark: '%a' is not fused into '%b': it is read more than once; nothing is computed twice

func.func @pads(%x: tensor<4xi32>) -> tensor<6xi32> {
  %a = affine_nest.for (%i) = (4) {
    %v = affine_nest.load %x[%i] : tensor<4xi32>
    %s = arith.addi %v, %v : i32
    affine_nest.yield %s : i32
  } : tensor<4xi32>
  %b = affine_nest.for (%i) = (6) {
    %v = affine_nest.load %a[%i - 1] pad 0 : tensor<4xi32>
    affine_nest.yield %v : i32
  } : tensor<6xi32>
  return %b : tensor<6xi32>
}
// CHECK-NEXT: remark: '%a' is not fused into '%b': the reader pads it

// Elements 4 and 5 of the source lie where a part of it is padded.
func.func @pads_a_part(%x: tensor<9xi32>) -> tensor<6xi32> {
  %a = affine_nest.for (%i) = (4) {
    %v = affine_nest.load %x[%i] : tensor<9xi32>
    affine_nest.yield %v : i32
  } : tensor<4xi32>
  %b = affine_nest.for (%i) = (6) {
    %v = affine_nest.load %a[%i] pad 0 : tensor<4xi32>
    affine_nest.yield %v : i32
  } : tensor<6xi32>
  return %b : tensor<6xi32>
}
// CHECK-NEXT: remark: '%a' is not fused into '%b': the reader pads it, and (d0) -> (d0) reads on where it pads

func.func @sums(%x: tensor<4xi32>) -> tensor<1xi32> {
  %a = affine_nest.for (%i) = (4) {
    %v = affine_nest.load %x[%i] : tensor<4xi32>
    %s = arith.addi %v, %v : i32
    affine_nest.yield %s : i32
  } : tensor<4xi32>
  %b = affine_nest.for (%i) = (1) reduce (%k) = (4) {
    %v = affine_nest.load %a[%k] : tensor<4xi32>
    %s = affine_nest.reduce add %v : i32
    affine_nest.yield %s : i32
  } : tensor<1xi32>
  %d = affine_nest.for (%i) = (1) reduce (%k) = (4) {
    %v = affine_nest.load %b[0] : tensor<1xi32>
    %s = affine_nest.reduce add %v : i32
    affine_nest.yield %s : i32
  } : tensor<1xi32>
  return %d : tensor<1xi32>
}
// CHECK-NEXT: remark: '%a' is not fused into '%b': the reader sums over it; the core's sums are of what lies in memory
// CHECK-NEXT: remark: '%b' is not fused into '%d': the reader has a reduction of its own

// An outer product reduces single points; these must not become sums over the iterators of another nest.
func.func @points(%x: tensor<7x2xi32>) -> (tensor<7xi32>, tensor<7xi32>) {
  %a = affine_nest.for (%i) = (7) reduce (%k) = (2) {
    %v = affine_nest.load %x[%i, %k] : tensor<7x2xi32>
    %s = affine_nest.reduce add %v : i32
    affine_nest.yield %s : i32
  } : tensor<7xi32>
  %b = affine_nest.for (%i) = (7) {
    %v = affine_nest.load %a[%i] : tensor<7xi32>
    %s = affine_nest.reduce add %v : i32
    affine_nest.yield %s : i32
  } : tensor<7xi32>
  %p = affine_nest.for (%i) = (7) {
    %v = affine_nest.load %x[%i, 0] : tensor<7x2xi32>
    %s = affine_nest.reduce add %v : i32
    affine_nest.yield %s : i32
  } : tensor<7xi32>
  %e = affine_nest.for (%i) = (7) reduce (%k) = (2) {
    %v = affine_nest.load %x[%i, %k] : tensor<7x2xi32>
    %m = affine_nest.reduce max %v : i32
    %q = affine_nest.load %p[%i] : tensor<7xi32>
    %s = arith.addi %m, %q : i32
    affine_nest.yield %s : i32
  } : tensor<7xi32>
  return %b, %e : tensor<7xi32>, tensor<7xi32>
}
// CHECK-NEXT: remark: '%a' is not fused into '%b': the reader has a reduction of its own
// CHECK-NEXT: remark: '%p' is not fused into '%e': it has a reduction of its own, if of one point, and so has the reader

func.func @maps(%x: tensor<4x4xi32>) -> (tensor<16xi32>, tensor<2x4x4xi32>) {
  %a = affine_nest.for (%i, %j) = (4, 4) reduce (%k) = (4) {
    %v = affine_nest.load %x[%i, %k] : tensor<4x4xi32>
    %s = affine_nest.reduce add %v : i32
    affine_nest.yield %s : i32
  } : tensor<4x4xi32>
  %b = affine_nest.for (%i) = (16) {
    %v = affine_nest.load %a[%i floordiv 4, %i mod 4] : tensor<4x4xi32>
    %s = arith.addi %v, %v : i32
    affine_nest.yield %s : i32
  } : tensor<16xi32>
  %d = affine_nest.for (%i, %j) = (4, 4) reduce (%k) = (4) {
    %v = affine_nest.load %x[%i, %k] : tensor<4x4xi32>
    %s = affine_nest.reduce max %v : i32
    affine_nest.yield %s : i32
  } : tensor<4x4xi32>
  %e = affine_nest.for (%n, %i, %j) = (2, 4, 4) {
    %v = affine_nest.load %d[%i, %j] : tensor<4x4xi32>
    %s = arith.addi %v, %v : i32
    affine_nest.yield %s : i32
  } : tensor<2x4x4xi32>
  return %b, %e : tensor<16xi32>, tensor<2x4x4xi32>
}
// CHECK-NEXT: remark: '%a' is not fused into '%b': (d0) -> ((d0 floordiv 4), (d0 mod 4)) would divide its iterators; the core tiles plain indices
// CHECK-NEXT: remark: '%d' is not fused into '%e': (d0, d1, d2) -> (d1, d2) does not read each element once; sums are computed once

func.func @widens(%x: tensor<4x4xi8>) -> tensor<4xi32> {
  %a = affine_nest.for (%i) = (4) reduce (%k) = (4) {
    %v = affine_nest.load %x[%i, %k] : tensor<4x4xi8>
    %s = affine_nest.reduce max %v : i8
    affine_nest.yield %s : i8
  } : tensor<4xi8>
  %b = affine_nest.for (%i) = (4) {
    %v = affine_nest.load %a[%i] : tensor<4xi8>
    %w = arith.extsi %v : i8 to i32
    affine_nest.yield %w : i32
  } : tensor<4xi32>
  return %b : tensor<4xi32>
}
// CHECK-NEXT: remark: '%a' is not fused into '%b': the reader widens it; the core stores i8

// A part of a tensor that is computed from another nest, but not in blocks.
func.func @part(%x: tensor<1x8x2x2xi8>) -> tensor<1x24x2x2xi8> {
  %a = affine_nest.for (%n, %c, %h, %w) = (1, 8, 2, 2) reduce (%k) = (8) {
    %v = affine_nest.load %x[0, %k, %h, %w] : tensor<1x8x2x2xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x8x2x2xi8>
  %b = affine_nest.for (%n, %c, %h, %w) = (1, 8, 2, 2) into [0, %c + 8, %h, %w] {
    %v = affine_nest.load %a[0, %c, %h, %w] : tensor<1x8x2x2xi8>
    %z = arith.constant 0 : i8
    %r = arith.maxsi %v, %z : i8
    affine_nest.yield %r : i8
  } : tensor<1x24x2x2xi8>
  return %b : tensor<1x24x2x2xi8>
}
// CHECK-NEXT: remark: '%a' is not fused into '%b': the reader writes a part of a tensor that is not in whole blocks of 16 lanes

func.func @pieces(%x: tensor<1x16x2x2xi8>) -> (tensor<1x80x2x2xi8>, tensor<1x32x2x2xi8>, tensor<1x32x2x2xi8>) {
  %a = affine_nest.for (%n, %c, %h, %w) = (1, 32, 2, 2) reduce (%k) = (16) {
    %v = affine_nest.load %x[0, %k, %h, %w] : tensor<1x16x2x2xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x32x2x2xi8>
  %given = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) into [0, %c, %h, %w] {
    %v = affine_nest.load %x[0, %c, %h, %w] : tensor<1x16x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x80x2x2xi8>
  %early = affine_nest.for (%n, %c, %h, %w) = (1, 32, 2, 2) into %given[0, %c + 16, %h, %w] {
    %v = affine_nest.load %a[0, %c, %h, %w] : tensor<1x32x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x80x2x2xi8>
  %b = affine_nest.for (%n, %c, %h, %w) = (1, 32, 2, 2) reduce (%k) = (16) {
    %v = affine_nest.load %x[0, %k, %h, %w] : tensor<1x16x2x2xi8>
    %m = affine_nest.reduce min %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x32x2x2xi8>
  %part = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) into %early[0, %c + 48, %h, %w] {
    %v = affine_nest.load %b[0, %c + 16, %h, %w] : tensor<1x32x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x80x2x2xi8>
  %narrow = affine_nest.for (%n, %c, %h, %w) = (1, 8, 2, 2) into %part[0, %c + 72, %h, %w] {
    %v = affine_nest.load %x[0, %c, %h, %w] : tensor<1x16x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x80x2x2xi8>
  return %narrow, %a, %b : tensor<1x80x2x2xi8>, tensor<1x32x2x2xi8>, tensor<1x32x2x2xi8>
}

func.func @order_of_a_piece(%x: tensor<16x16xi8>) -> (tensor<48x16xi8>, tensor<32x16xi8>) {
  %front = affine_nest.for (%i, %l) = (16, 16) into [%i, %l] {
    %v = affine_nest.load %x[%i, %l] : tensor<16x16xi8>
    affine_nest.yield %v : i8
  } : tensor<48x16xi8>
  %a = affine_nest.for (%i, %l) = (32, 16) reduce (%k) = (16) {
    %v = affine_nest.load %x[%i floordiv 2, %k] : tensor<16x16xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<32x16xi8>
  %woven = affine_nest.for (%i, %l) = (32, 16) into %front[%i + 16, %l] {
    %v = affine_nest.load %a[%i floordiv 2 + %i mod 2 * 16, %l] : tensor<32x16xi8>
    affine_nest.yield %v : i8
  } : tensor<48x16xi8>
  return %woven, %a : tensor<48x16xi8>, tensor<32x16xi8>
}

func.func @readers_of_pieces(%x: tensor<1x16x2x2xi8>) -> (tensor<1x16x2x2xi8>, tensor<1x48x2x2xi8>, tensor<1x32x2x2xi8>) {
  %a = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) reduce (%k) = (16) {
    %v = affine_nest.load %x[0, %k, %h, %w] : tensor<1x16x2x2xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x16x2x2xi8>
  %padded = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) reduce (%k) = (3) {
    %v = affine_nest.load %a[0, %c + %k - 1, %h, %w] pad 0 : tensor<1x16x2x2xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x16x2x2xi8>
  %j = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) into [0, %c, %h, %w] {
    %v = affine_nest.load %a[0, %c, %h, %w] : tensor<1x16x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x48x2x2xi8>
  %b = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) reduce (%k) = (16) into [0, %c, %h, %w] {
    %v = affine_nest.load %x[0, %k, %h, %w] : tensor<1x16x2x2xi8>
    %m = affine_nest.reduce min %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x32x2x2xi8>
  %into = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) reduce (%k) = (16) into %b[0, %c + 16, %h, %w] {
    %v = affine_nest.load %x[0, %k, %h, %w] : tensor<1x16x2x2xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x32x2x2xi8>
  %k = affine_nest.for (%n, %c, %h, %w) = (1, 32, 2, 2) into %j[0, %c + 16, %h, %w] {
    %v = affine_nest.load %b[0, %c, %h, %w] : tensor<1x32x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x48x2x2xi8>
  return %padded, %k, %into : tensor<1x16x2x2xi8>, tensor<1x48x2x2xi8>, tensor<1x32x2x2xi8>
}
// CHECK-NEXT: remark: '%a' is not fused into '%padded': it is read more than once; nothing is computed twice
// CHECK-NEXT: remark: '%given' is copied into its part of a tensor: '%x' is not computed by a nest
// CHECK-NEXT: remark: '%early' is copied into its part of a tensor: '%a' is computed before what it would be written into
// CHECK-NEXT: remark: '%part' is copied into its part of a tensor: (d0, d1, d2, d3) -> (0, (d1 + 16), d2, d3) does not read each element of a tensor once
// CHECK-NEXT: remark: '%narrow' is copied into its part of a tensor: the part is not in whole blocks of 16 lanes
// CHECK-NEXT: remark: '%front' is copied into its part of a tensor: '%x' is not computed by a nest
// CHECK-NEXT: remark: '%woven' is copied into its part of a tensor: (d0, d1) -> (((d0 floordiv 2) + ((d0 mod 2) * 16)), d1) would divide iterators; the core stores boxes of plain indices
// CHECK-NEXT: remark: '%j' is copied into its part of a tensor: '%padded' pads '%a'
// CHECK-NEXT: remark: '%k' is copied into its part of a tensor: '%into' is written into '%b', too
