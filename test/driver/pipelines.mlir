// A pipeline is its list of passes, whole or up to one of them, alone or between others.
// RUN: nopt %s -p 'vta{until=convert-graph-to-affine-nest}' | filecheck %s
// RUN: nopt %s -p 'cse,vta{until=convert-graph-to-affine-nest},dce' --print-between-passes | filecheck %s --check-prefix EACH
// RUN: nopt %s -p 'vta{config=default until=canonicalize}' | filecheck %s --check-prefix OPTION
// RUN: nopt %s -p 'vta{from=canonicalize until=graph-partition}' --print-ir-before=all 2>&1 | filecheck %s --check-prefix PART
// RUN: not nopt %s -p 'vta{from=affine-nest-fuse until=canonicalize}' 2>&1 | filecheck %s --check-prefix ORDER
// RUN: not nopt %s -p 'vta{from=graph-partition config=default}' 2>&1 | filecheck %s --check-prefix FORGOTTEN
// RUN: nopt %s -p 'graph-clean{from=graph-fuse-activations until=canonicalize}' | filecheck %s --check-prefix LATER
// RUN: nopt %s -p 'vta{config=default LOG_BLOCK=5 memory_latency=64 until=canonicalize}' | filecheck %s --check-prefix VARIED
// RUN: not nopt %s -p 'vta{LOG_BLOCK=25}' 2>&1 | filecheck %s --check-prefix RANGE
// RUN: not nopt %s -p 'vta{confg=default}' 2>&1 | filecheck %s --check-prefix WRONG
// RUN: not nopt %s -p 'vta{config=nowhere until=canonicalize}' 2>&1 | filecheck %s --check-prefix VALUE

func.func @f(%x: tensor<2x3xi8>) -> tensor<2x3xi8> {
  %y = graph.relu %x : tensor<2x3xi8>
  func.return %y : tensor<2x3xi8>
}

// CHECK: func.func @f(%x: tensor<2x3xi8>)
// CHECK-NOT: graph.relu
// CHECK: affine_nest.for

// EACH: IR after cse:
// EACH: graph.relu
// EACH: IR after attach-machine:
// EACH: IR after canonicalize:
// EACH: IR after convert-graph-to-affine-nest:
// EACH: affine_nest.for

// OPTION: builtin.module attributes {isa.machine = "default"}
// OPTION: %y = graph.relu %x

// WRONG: {{^}}error: no pass of pipeline 'vta' has an option 'confg'; did you mean 'config'?{{$}}
// VALUE: {{^}}error: pass 'attach-machine': nowhere: no such file or preset, expected {{.*}}

// PART-NOT: before attach-machine
// PART: before canonicalize
// PART: before graph-arrange-channels
// PART: before graph-partition
// PART-NOT: before

// ORDER: {{^}}error: pipeline 'vta': from 'affine-nest-fuse' until 'canonicalize', expected the second not before the first

// VARIED: isa.machine = {name = "default+LOG_BLOCK=5+memory_latency=64",
// VARIED-SAME: memory_latency = 64 : i64
// VARIED-SAME: LOG_BLOCK = 5 : i64

// RANGE: {{^}}error: pass 'attach-machine': LOG_BLOCK_IN: found 25, expected 0 to 8

// What a pass before `from` would be told is not forgotten in silence.
// FORGOTTEN: {{^}}error: no pass of pipeline 'vta' has an option 'config'; they have:
// LATER: graph.relu
