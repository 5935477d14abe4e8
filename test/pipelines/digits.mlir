// The whole digits network: each convolution with its pooling, and the dense layer is one kernel;
// between them nothing is laid out anew, but for the flattening, which the dense layer's loads do.
// RUN: nopt %root/examples/digits/digits.mlir -p vta -o %t.mlir
// RUN: filecheck %s < %t.mlir
// RUN: nopt %root/examples/digits/digits.mlir -p vta -t vta-program -o %t.vta
// RUN: nopt %t.mlir -t vta-program -o %t.again.vta
// RUN: cmp %t.vta %t.again.vta
// RUN: python -c "import numpy; numpy.save('%t.x.npy', numpy.load('%root/examples/digits/images.npy')[:1])"
// RUN: nopt-run %t.vta -i %t.x.npy -o %t.y.npy | filecheck %s --check-prefix FACTS
// RUN: python -c "import numpy; y = numpy.load('%t.y.npy'); print(y.dtype, y.shape, y.argmax() == numpy.load('%root/examples/digits/labels.npy')[0])" | filecheck %s --check-prefix LABEL
// RUN: nopt-run %t.vta -i %t.x.npy --json | filecheck %s --check-prefix JSON

// CHECK: func.func @main(%image: tensor<1x1x8x8xi8>) -> tensor<1x10xi8> {
// CHECK: %image_1 = affine_nest.for
// CHECK-NOT: affine_nest.for
// CHECK: %pool1 = isa.kernel (%image_mem = %image_1, %weight1_mem = %weight1, {{.*}}) to (%pool1_mem)
// CHECK: isa.gemm
// CHECK: isa.alu max
// CHECK: isa.store %pool1_mem
// CHECK-NOT: affine_nest.for
// CHECK: %pool2 = isa.kernel (%pool1_mem_1 = %pool1, %weight2_mem = %weight2, {{.*}}) to (%pool2_mem)
// CHECK: isa.gemm
// CHECK: isa.alu max
// CHECK: isa.store %pool2_mem
// CHECK-NOT: affine_nest.for
// CHECK: %logits = isa.kernel (%pool2_mem_1 = %pool2, %weight3_mem = %weight3, {{.*}}) to (%logits_mem)
// CHECK: isa.store %logits_mem
// CHECK: %logits_1 = affine_nest.for
// CHECK-NOT: affine_nest.for

// FACTS: digits.mlir.tmp.vta
// FACTS: core {{.*}} rtl
// FACTS: instructions
// FACTS: cycles
// FACTS: utilisation {{.*}} %
// FACTS: host steps {{.*}} 2
// LABEL: int8 (1, 10) True
// JSON: "core": "rtl",
// JSON: "cycles": {{[0-9]+}},
// JSON: "host_steps": 2,
