// A BERT projection at each level: the reshape to heads costs nothing, it is how the result is stored.
// RUN: nopt %s -p 'vta{until=convert-graph-to-affine-nest}' | filecheck %s --check-prefix NESTS
// RUN: nopt %s -p 'vta{until=affine-nest-simplify}' | filecheck %s --check-prefix FUSED
// RUN: nopt %s -p 'vta{until=affine-nest-schedule}' | filecheck %s --check-prefix BLOCKED
// RUN: nopt %s -p 'vta{until=convert-affine-nest-to-tensor-intrinsic}' | filecheck %s --check-prefix TILES
// RUN: nopt %s -p vta | filecheck %s --check-prefix ISA

func.func @main(%x: tensor<768x768xi8>) -> tensor<6x128x12x64xi8> {
  %w = graph.constant dense<3> : tensor<768x768xi8>
  %p = graph.matmul %x, %w : (tensor<768x768xi8>, tensor<768x768xi8>) -> tensor<768x768xi32>
  %q = graph.requantize %p shift 9 : tensor<768x768xi32> -> tensor<768x768xi8>
  %y = graph.reshape %q : tensor<768x768xi8> -> tensor<6x128x12x64xi8>
  func.return %y : tensor<6x128x12x64xi8>
}

// One nest for each op.
// NESTS: %p = affine_nest.for {{.*}} reduce
// NESTS: %q = affine_nest.for
// NESTS: %y = affine_nest.for
// NESTS-NOT: affine_nest.for

// One nest for all.
// FUSED: func.func @main(%x: tensor<768x768xi8>) -> tensor<6x128x12x64xi8> {
// FUSED-NEXT: %w = graph.constant dense<3> : tensor<768x768xi8>
// FUSED-NEXT: %y = affine_nest.for (%n, %c, %h, %w_1) = (6, 128, 12, 64) reduce (%k) = (768) {
// FUSED-NEXT: %x_1 = affine_nest.load %x[%n * 128 + %c, %k] : tensor<768x768xi8>
// FUSED-NEXT: %w_2 = affine_nest.load %w[%k, %h * 64 + %w_1] : tensor<768x768xi8>
// FUSED-NEXT: %0 = arith.extsi %x_1 : i8 to i32
// FUSED-NEXT: %1 = arith.extsi %w_2 : i8 to i32
// FUSED-NEXT: %2 = arith.muli %0, %1 : i32
// FUSED-NEXT: %3 = affine_nest.reduce add %2 : i32
// FUSED-NEXT: %4 = arith.constant 256 : i32
// FUSED-NEXT: %5 = arith.addi %3, %4 : i32
// FUSED-NEXT: %6 = arith.constant 9 : i32
// FUSED-NEXT: %7 = arith.shrsi %5, %6 : i32
// FUSED-NEXT: %8 = arith.constant -128 : i32
// FUSED-NEXT: %9 = arith.maxsi %7, %8 : i32
// FUSED-NEXT: %10 = arith.constant 127 : i32
// FUSED-NEXT: %11 = arith.minsi %9, %10 : i32
// FUSED-NEXT: %12 = arith.trunci %11 : i32 to i8
// FUSED-NEXT: affine_nest.yield %12 : i8
// FUSED-NEXT: } : tensor<6x128x12x64xi8>
// FUSED-NEXT: func.return %y : tensor<6x128x12x64xi8>

// In blocks of 16: the weights at compile time; input and result are so as they lie in memory. No copy.
// BLOCKED: func.func @main(%x: tensor<768x768xi8>) -> tensor<6x128x12x64xi8> {
// BLOCKED-NEXT: %w = graph.constant dense<3> : tensor<12x4x48x16x16xi8>
// BLOCKED-NEXT: %y = affine_nest.for (%n, %c, %h, %wb, %wl) = (6, 128, 12, 4, 16) reduce (%kb, %kl) = (48, 16) into [%n, %c, %h, %wb * 16 + %wl] {
// BLOCKED-NEXT: %x_1 = affine_nest.load %x[%n * 128 + %c, %kb * 16 + %kl] : tensor<768x768xi8>
// BLOCKED-NEXT: %w_1 = affine_nest.load %w[%h, %wb, %kb, %wl, %kl] : tensor<12x4x48x16x16xi8>
// BLOCKED: } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [{{.*}}] order [2, 0, 1, 3] inp 2 wgt 2 within 1 acc 2 strips {{[0-9]+}}>} : tensor<6x128x12x64xi8>
// BLOCKED-NEXT: func.return %y : tensor<6x128x12x64xi8>

// One kernel. Its tiles begin with what rounds, 256: the tile before leaves no more than 127 in the
// accumulators, and the first two tiles zero. Loads run ahead by two slots, chunks of the reduction add up, one store a tile. Weights
// of a tile of heads are loaded once, with the first rows, and kept for the others.
// TILES: %y = tensor_intrinsic.kernel (%x_mem = %x as memref<768x48x16xi8>, %w_mem = %w) to (%y_mem as memref<6x128x12x4x16xi8>) : (tensor<768x768xi8>
// TILES: tensor_intrinsic.reset {{.*}} %acc[d0, {{.*}}]
// TILES: tensor_intrinsic.alu max {{.*}} %acc[%n mod 2, {{.*}}], 256
// TILES: affine.for %kb = 0 to
// TILES-NEXT: affine.for %once = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%n] {
// TILES-NEXT: tensor_intrinsic.load %w_mem[%h * {{.*}}, %kb * {{.*}}] to %wgt[(%h mod 2) * 6 + %kb]
// TILES-NEXT: }
// TILES-NEXT: tensor_intrinsic.load %x_mem[%n * {{.*}}, %kb * {{.*}}] to %inp[%kb mod 2]
// TILES-NEXT: tensor_intrinsic.gemm {{.*}} %acc[%n mod 2, {{.*}}] += %inp[%kb mod 2, {{.*}}] * %wgt[(%h mod 2) * 6 + %kb, {{.*}}]
// TILES-NEXT: }
// TILES-NOT: tensor_intrinsic.load
// TILES: tensor_intrinsic.alu shr {{.*}} %acc[%n mod 2, {{.*}}], 9
// TILES-NEXT: tensor_intrinsic.alu max {{.*}} %acc[%n mod 2, {{.*}}], -128
// TILES-NEXT: tensor_intrinsic.alu min {{.*}} %acc[%n mod 2, {{.*}}], 127
// TILES-NEXT: tensor_intrinsic.store %acc[%n mod 2] to %y_mem[%n, {{.*}}, %h * {{.*}}]
// TILES-NEXT: }
// TILES: affine.for %strip = 0 to
// TILES: tensor_intrinsic.alu shr {{.*}} %acc[%n mod 2, 0, d0 + %strip * {{.*}}, d1, d2], 9
// TILES-NEXT: tensor_intrinsic.alu max {{.*}} %acc[%n mod 2, 0, d0 + %strip * {{.*}}, d1, d2], -128
// TILES-NEXT: tensor_intrinsic.alu min {{.*}} %acc[%n mod 2, 0, d0 + %strip * {{.*}}, d1, d2], 127
// TILES-NEXT: tensor_intrinsic.store %acc[%n mod 2, 0, %strip * {{.*}}, 0, 0] to %y_mem[%n, %strip * {{.*}}, %h * {{.*}}]
// TILES-NOT: tensor_intrinsic.

// ISA: %y = isa.kernel (%x_mem = %x as memref<768x48x16xi8>, %w_mem = %w
// ISA: isa.reset acc[0] outer
// ISA: isa.alu max acc[(%n mod 2) * {{.*}}], 256
// ISA-NEXT: affine.for %kb = 0 to
// ISA-NEXT: affine.for %once = 0 to
// ISA: isa.load wgt[(%h mod 2) * {{.*}} + %kb * {{.*}}] from %w_mem
// ISA: isa.load inp[(%kb mod 2) * {{.*}}] from %x_mem
// ISA: isa.gemm acc[(%n mod 2) * {{.*}}] inp[(%kb mod 2) * {{.*}}] wgt[(%h mod 2) * {{.*}} + %kb * {{.*}}] outer
// ISA-NEXT: }
// ISA-NOT: isa.load
// ISA: isa.alu shr acc[(%n mod 2) * {{.*}}], 9
// ISA-NEXT: isa.alu max acc[(%n mod 2) * {{.*}}], -128
// ISA-NEXT: isa.alu min acc[(%n mod 2) * {{.*}}], 127
// ISA-NEXT: isa.store %y_mem[%n * {{.*}}] from out[(%n mod 2) * {{.*}}]
// ISA: affine.for %strip = 0 to
// ISA: isa.alu shr acc[(%n mod 2) * {{.*}} + %strip * {{.*}}], 9
// ISA-NEXT: isa.alu max acc[(%n mod 2) * {{.*}} + %strip * {{.*}}], -128
// ISA-NEXT: isa.alu min acc[(%n mod 2) * {{.*}} + %strip * {{.*}}], 127
// ISA-NEXT: isa.store %y_mem[%n * {{.*}} + %strip * {{.*}}] from out[(%n mod 2) * {{.*}} + %strip * {{.*}}]
// ISA-NOT: isa.
