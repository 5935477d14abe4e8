// A tensor whose last dimension is no whole blocks has no vectors, though the index is that of a lane.
// RUN: not nopt %s -p affine-nest-schedule 2>&1 | filecheck %s
// CHECK: {{.*}}:6:3: error: pass 'affine-nest-schedule': 'affine_nest.for' op the innermost indices of '%x' are not its lanes
builtin.module attributes {isa.machine = "rtl"} {
func.func @main(%x: tensor<9x24xi8>, %w: tensor<16x16xi8>) -> tensor<9x16xi8> {
  %y = affine_nest.for (%h, %c) = (9, 16) reduce (%i) = (16) {
    %a = affine_nest.load %x[%h, %i] : tensor<9x24xi8>
    %b = affine_nest.load %w[%c, %i] : tensor<16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %u = arith.trunci %s : i32 to i8
    affine_nest.yield %u : i8
  } attributes {must_run_on = "core", placement = "core"} : tensor<9x16xi8>
  func.return %y : tensor<9x16xi8>
}
}
