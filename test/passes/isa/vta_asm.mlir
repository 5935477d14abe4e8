// RUN: nopt %s -t vta-asm | filecheck %s
// RUN: nopt %s -t 'vta-asm{entry=padded}' | filecheck %s --check-prefix PADDED
// Assembly text: loops expanded, micro-ops placed and loaded, dependency tokens inserted.

// Equal micro-op kernels are stored once: a GEMM, a reset and an ALU step of the first tile share
// theirs. One LOAD brings all to the core. A push of a token reads `>module`, a pop `<module`.
func.func @main(%x: tensor<4x16xi8>, %w: tensor<16x16xi8>) -> tensor<4x16xi8> {
  %y = isa.kernel (%xm = %x, %wm = %w) to (%ym) : (tensor<4x16xi8>, tensor<16x16xi8>) -> tensor<4x16xi8> {
    isa.load wgt[0] from %wm[0] rows 0 size 1 of 1 stride 1 columns 0 size 1 of 1 pitch 1 : memref<16x16xi8>
    affine.for %i = 0 to 2 {
      isa.load inp[%i * 2] from %xm[0] rows 0 size 1 of 1 stride 1 columns %i * 2 size 2 of 4 pitch 2 : memref<4x16xi8>
      isa.reset acc[%i * 2] outer 1 by (0) inner 2 by (1)
      isa.gemm acc[%i * 2] inp[%i * 2] wgt[0] outer 1 by (0, 0, 0) inner 2 by (1, 1, 0)
      isa.alu shr acc[%i * 2], 4 outer 1 by (0) inner 2 by (1)
      isa.store %ym[%i * 2] from out[%i * 2] rows 1 stride 1 columns 2 : memref<4x16xi8>
    }
  }
  func.return %y : tensor<4x16xi8>
}
// CHECK: .uop # dst src wgt
// CHECK-NEXT: 0: 0 0 0
// CHECK-NEXT: 1: 2 0 0
// CHECK-NEXT: 2: 2 2 0
// CHECK-NEXT: 3: 0 0 0
// CHECK-NEXT: .text
// CHECK-NEXT: 0: load.wgt sram=0 dram=0x1 x=1
// CHECK-NEXT: 1: load.inp sram=0 dram=0x0 x=2 >compute
// CHECK-NEXT: 2: load.uop sram=0 dram=0xc0 x=3
// CHECK-NEXT: 3: gemm.reset uop=0:1 loop=1,2 dst=0,1
// CHECK-NEXT: 4: <load gemm uop=0:1 loop=1,2 dst=0,1 src=0,1
// CHECK-NEXT: 5: alu.shr uop=0:1 loop=1,2 dst=0,1 src=0,1 imm=4 >store
// CHECK-NEXT: 6: <compute store.out sram=0 dram=0x20 x=2
// CHECK-NEXT: 7: load.inp sram=2 dram=0x2 x=2 >compute
// CHECK-NEXT: 8: gemm.reset uop=1:2 loop=1,2 dst=0,1
// CHECK-NEXT: 9: <load gemm uop=2:3 loop=1,2 dst=0,1 src=0,1
// CHECK-NEXT: 10: alu.shr uop=2:3 loop=1,2 dst=0,1 src=0,1 imm=4 >store
// CHECK-NEXT: 11: <compute store.out sram=2 dram=0x22 x=2 >compute
// CHECK-NEXT: 12: <store finish

// Windows are clipped to the tensor: rows and columns outside are padding of the LOAD. The last window
// lies wholly outside, so it reads zeros that the program brings. Rows beyond the end are not stored.
func.func @padded(%x: tensor<4x6x16xi8>) -> tensor<4x6x16xi8> {
  %y = isa.kernel (%xm = %x) to (%ym) : (tensor<4x6x16xi8>) -> tensor<4x6x16xi8> {
    affine.for %i = 0 to 3 {
      isa.load inp[%i * 24] from %xm[0] rows %i * 3 - 1 size 3 of 4 stride 6 columns -1 size 8 of 6 pitch 8 : memref<4x6x16xi8>
    }
    isa.reset acc[0] outer 1 by (0) inner 24 by (1)
    affine.for %i = 0 to 2 {
      affine.for %j = 0 to min affine_map<()[s0] -> (3, s0 * -3 + 4)>()[%i] {
        isa.store %ym[%i * 18 + %j * 6] from out[%j * 6] rows 1 stride 1 columns 6 : memref<4x6x16xi8>
      }
    }
  }
  func.return %y : tensor<4x6x16xi8>
}
// PADDED: .uop # dst src wgt
// PADDED-NEXT: 0: 0 0 0
// PADDED-NEXT: 1: 0 0 0
// PADDED-NEXT: .text
// PADDED-NEXT: 0: load.inp sram=0 dram=0x0 y=2 x=6 pad=1,0,1,1
// PADDED-NEXT: 1: load.inp sram=24 dram=0xc y=2 x=6 pad=0,1,1,1
// PADDED-NEXT: 2: load.inp sram=48 dram=0x40 y=3 x=8 >compute
// PADDED-NEXT: 3: load.uop sram=0 dram=0x180 x=1
// PADDED-NEXT: 4: gemm.reset uop=0:1 loop=1,24 dst=0,1 >store
// PADDED-NEXT: 5: <compute store.out sram=0 dram=0x20 x=6
// PADDED-NEXT: 6: store.out sram=6 dram=0x26 x=6
// PADDED-NEXT: 7: store.out sram=12 dram=0x2c x=6
// PADDED-NEXT: 8: store.out sram=0 dram=0x32 x=6 >compute
// PADDED-NEXT: 9: <load <store finish
