// A nest of which no tile fits the machine: an error if it must run there, else the host runs it.
// RUN: not nopt %s -p affine-nest-schedule 2>&1 | filecheck %s
// RUN: sed 's/must_run_on = "core", //' %s | nopt -p affine-nest-schedule | filecheck %s --check-prefix HOST
// HOST: } attributes {placement = "host", host_reason = "no tile of the nest over [9, 5] fits the scratchpads of 'tiny': 4 INP, 1024 WGT, 2048 ACC entries"} : tensor<9x16xi8>
// CHECK: {{.*}}:8:3: error: pass 'affine-nest-schedule': 'affine_nest.for' op no tile of the nest over [9, 5] fits the scratchpads of 'tiny': 4 INP, 1024 WGT, 2048 ACC entries{{$}}
builtin.module attributes {isa.machine = {name = "tiny", LOG_INP_BUFF_SIZE = 6 : i64, LOG_WGT_BUFF_SIZE = 18 : i64, LOG_ACC_BUFF_SIZE = 17 : i64}} {
func.func @main(%x: tensor<9x16xi8>, %w: tensor<5x16x16xi8>) -> tensor<9x16xi8> {
  %y = affine_nest.for (%h, %c) = (9, 16) reduce (%k, %i) = (5, 16) {
    %a = affine_nest.load %x[%h + %k - 2, %i] pad 0 : tensor<9x16xi8>
    %b = affine_nest.load %w[%k, %c, %i] : tensor<5x16x16xi8>
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
