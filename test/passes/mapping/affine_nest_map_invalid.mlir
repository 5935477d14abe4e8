// RUN: not nopt %s -p 'affine-nest-map{machine=pe25}' 2>&1 | filecheck %s --check-prefix=MACHINE
// RUN: not nopt %s -p 'affine-nest-map{objective=ed}' 2>&1 | filecheck %s --check-prefix=OBJECTIVE
// RUN: not nopt %s -p 'affine-nest-map{machine="pe256+rf=4"}' 2>&1 | filecheck %s --check-prefix=SMALL
// RUN: not nopt %s -p 'affine-nest-map{pack=v}' 2>&1 | filecheck %s --check-prefix=PACK
// RUN: not nopt %s -p 'affine-nest-map{machine=eyeriss_like pack=w}' 2>&1 | filecheck %s --check-prefix=LEVELS
// RUN: not nopt %s -p 'affine-nest-map{machine=eyeriss_like bypass=glb}' 2>&1 | filecheck %s --check-prefix=BYPASS
// RUN: not nopt %s -p 'affine-nest-map{bypass=all}' 2>&1 | filecheck %s --check-prefix=ARRAY
// What no search can be made for.

func.func @main(%x: tensor<4x512x7x7xi16>, %w: tensor<512x512x3x3xi16>) -> tensor<4x512x7x7xi16> {
  %r = affine_nest.for (%n, %m, %h, %v) = (4, 512, 7, 7) reduce (%c, %i, %j) = (512, 3, 3) {
    %a = affine_nest.load %x[%n, %c, %h + %i - 1, %v + %j - 1] pad 0 : tensor<4x512x7x7xi16>
    %b = affine_nest.load %w[%m, %c, %i, %j] : tensor<512x512x3x3xi16>
    %p = arith.muli %a, %b : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } : tensor<4x512x7x7xi16>
  return %r : tensor<4x512x7x7xi16>
}
// MACHINE: error: {{.*}}pe25: no such file or preset, expected one of pe256, eyeriss, 
// OBJECTIVE: error: {{.*}}objective ed: expected one of edp, energy, cycles, pareto
// SMALL: error: {{.*}}no mapping fits pe256+rf=4: rf: found out 1 + x 1 + w 1 = 3 words, expected at most 2, with the smallest tiles
// PACK: error: {{.*}}pack: no nest has an operand v
// LEVELS: error: {{.*}}pack: eyeriss_like is a machine of levels, which does not know it
// BYPASS: error: {{.*}}bypass glb: unknown, expected shared_glb, ifmap_spad, weights_spad, psum_spad
// ARRAY: error: {{.*}}bypass: pe256 holds all operands at each level, expected a machine of levels such as eyeriss
