// A tuning log keeps what the search found; it is read back, and can say something else.
// RUN: rm -rf %t && mkdir %t
// RUN: nopt %s -p 'affine-nest-schedule{tuning-log="%t/log.jsonl"}' | filecheck %s --check-prefix FOUND
// RUN: filecheck %s --check-prefix LINE --input-file %t/log.jsonl
// RUN: nopt %s -p 'affine-nest-schedule{tuning-log="%t/log.jsonl"}' | filecheck %s --check-prefix FOUND
// RUN: sed 's/"name": "rtl"/"name": "other"/; p; s/"nest": "/&1 x /; s/"other"/"rtl"/' %t/log.jsonl > %t/others.jsonl
// RUN: nopt %s -p 'affine-nest-schedule{tuning-log="%t/others.jsonl"}' --remarks 2>&1 | filecheck %s --check-prefix OTHERS
// RUN: sed -i 's/"tile": \[2\]/"tile": [1]/' %t/log.jsonl
// RUN: nopt %s -p 'affine-nest-schedule{tuning-log="%t/log.jsonl"}' | filecheck %s --check-prefix EDITED
// RUN: sed -i 's/"tile": \[1\]/"tile": [3]/' %t/log.jsonl
// RUN: not nopt %s -p 'affine-nest-schedule{tuning-log="%t/log.jsonl"}' 2>&1 | filecheck %s --check-prefix ILLEGAL
// RUN: sed -i 's/"tile": \[3\]/"tile": [0]/' %t/log.jsonl
// RUN: not nopt %s -p 'affine-nest-schedule{tuning-log="%t/log.jsonl"}' 2>&1 | filecheck %s --check-prefix EMPTY
// RUN: sed -i 's/"tile": \[0\]/"tile": [1]/; s/"within": \[1, 1\]/"within": []/' %t/log.jsonl
// RUN: not nopt %s -p 'affine-nest-schedule{tuning-log="%t/log.jsonl"}' 2>&1 | filecheck %s --check-prefix WITHIN
// RUN: sed -i 's/"tile": \[1\]/"tile": "all"/' %t/log.jsonl
// RUN: not nopt %s -p 'affine-nest-schedule{tuning-log="%t/log.jsonl"}' 2>&1 | filecheck %s --check-prefix TYPE
// RUN: echo tile > %t/log.jsonl
// RUN: not nopt %s -p 'affine-nest-schedule{tuning-log="%t/log.jsonl"}' 2>&1 | filecheck %s --check-prefix JSON
// RUN: not nopt %s -p 'affine-nest-schedule{tuning-log="%t/none/log.jsonl"}' 2>&1 | filecheck %s --check-prefix NOWHERE

func.func @small(%x: tensor<2x16xi8>, %w: tensor<16x16xi8>) -> tensor<2x16xi8> {
  %y = affine_nest.for (%m, %c) = (2, 16) reduce (%i) = (16) {
    %a = affine_nest.load %x[%m, %i] : tensor<2x16xi8>
    %b = affine_nest.load %w[%c, %i] : tensor<16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %u = arith.trunci %s : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core"} : tensor<2x16xi8>
  return %y : tensor<2x16xi8>
}
// FOUND: schedule = #tensor_intrinsic.schedule<tile [2] order [0] inp 1 wgt 1 acc 1>
// LINE: {"machine": {"name": "rtl", {{.*}}}, "nest": "[2] x []; product; inp [2] {{.*}}; wgt [] {{.*}}", "tile": [2], "order": [0], "slots": [1, 1, 1], "within": [1, 1], "strips": 1, "cycles": {{[0-9]+}}}
// OTHERS: remark: 'builtin.module' leaves out schedules of {{.*}}others.jsonl: 1 for other machines, 1 for other nests
// OTHERS: schedule = #tensor_intrinsic.schedule<tile [2] order [0] inp 1 wgt 1 acc 1>
// EDITED: schedule = #tensor_intrinsic.schedule<tile [1] order [0] inp 1 wgt 1 acc 1>
// ILLEGAL: error: pass 'affine-nest-schedule': {{.*}}log.jsonl:1: tile of iterator 0 is 3, expected at most 2
// EMPTY: error: pass 'affine-nest-schedule': {{.*}}log.jsonl:1: tile sizes must be positive, found [0]
// WITHIN: error: pass 'affine-nest-schedule': {{.*}}log.jsonl:1: expected a number of tile loops for inp and wgt, found []
// TYPE: error: pass 'affine-nest-schedule': {{.*}}log.jsonl:1: 'tile': found all, expected a list of integers
// JSON: error: pass 'affine-nest-schedule': {{.*}}log.jsonl:1: found no JSON: Expecting value
// NOWHERE: error: pass 'affine-nest-schedule': {{.*}}log.jsonl: No such file or directory
