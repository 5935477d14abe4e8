// A pipeline is its list of passes, whole or up to one of them, alone or between others.
// RUN: nopt %s -p 'vta{until=convert-graph-to-affine-nest}' | filecheck %s
// RUN: nopt %s -p 'cse,vta{until=convert-graph-to-affine-nest},dce' --print-between-passes | filecheck %s --check-prefix EACH
// RUN: nopt %s -p 'vta{config=default until=canonicalize}' | filecheck %s --check-prefix OPTION
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
