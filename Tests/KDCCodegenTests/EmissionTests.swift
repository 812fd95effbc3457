import Foundation
import KDCCodegen
import KDCDiagnostics
import KDCKernels
import KDCProgram
import KDCTargets
import KDCTensor
import KDCTestSupport
import Testing

/// A program of a few small steps: quantize, max pool, two equal tables, add, dequantize.
func smallProgram() -> Program {
  var program = Program(name: "small \"model\"")
  func buffer(_ name: String, _ type: DataType, _ shape: Shape) -> BufferID {
    program.buffers.append(Buffer(name: name, dataType: type, shape: shape))
    return BufferID(program.buffers.count - 1)
  }
  let image = buffer("image", .float32, [1, 3, 8, 8])
  let x = buffer("x", .int8, [1, 8, 8, 3])
  let pooled = buffer("pooled", .int8, [1, 4, 4, 3])
  let left = buffer("left", .int8, [1, 4, 4, 3])
  let right = buffer("right", .int8, [1, 4, 4, 3])
  let sum = buffer("sum", .int8, [1, 4, 4, 3])
  let y = buffer("y", .float32, [1, 3, 4, 4])
  program.constants = [
    Constant(name: "table", tensor: Tensor([1, 256], (0..<256).map { Int8(truncatingIfNeeded: max($0 - 128, 0)) }))
  ]
  let dense = Walk(extents: [48], strides: [[1], [1], [1]])
  program.steps = [
    QuantizeStep(
      name: "image", input: image, output: x, walk: Walk(extents: [64, 3], strides: [[1, 64], [3, 1]]),
      inverseScale: 63.75, zeroPoint: -128),
    MaxPoolStep(
      name: "pool", input: x, output: pooled,
      geometry: ConvolutionGeometry(
        input: (8, 8, 3), output: (4, 4, 3), kernel: (3, 3), strides: (2, 2), padTop: 1, padLeft: 1)),
    TableStep(name: "left/Relu", input: pooled, output: left, count: 48, channels: 1, table: ConstantID(0)),
    TableStep(name: "right\\Relu", input: pooled, output: right, count: 48, channels: 1, table: ConstantID(0)),
    AddStep(
      name: "sum", a: left, b: right, output: sum, walk: dense, zeroPointA: -3, zeroPointB: 5, multiplierA: 8192,
      multiplierB: 4096,
      requantization: Requantization(preShift: 0, shift: 13, zeroPoint: -7, low: -7, high: 127)),
    DequantizeStep(
      name: "y", input: sum, output: y, walk: Walk(extents: [3, 16], strides: [[1, 3], [16, 1]]), scale: 0.015625,
      zeroPoint: -7),
  ]
  program.inputs = [Port(name: "image", dataType: .float32, shape: [1, 3, 8, 8], buffer: image)]
  program.outputs = [Port(name: "y", dataType: .float32, shape: [1, 3, 4, 4], buffer: y)]
  return program
}

func input(_ program: Program, _ target: Target, _ families: [any KernelFamily] = Families.all) throws -> Emission.Input
{
  let selection = try KernelSelection(for: program, on: target, families: families)
  let plan = MemoryPlan(program, for: selection)
  return Emission.Input(selection: selection, plan: plan)
}

@Suite struct EmissionTests {
  private let portable = Families.all.filter { $0.name.hasSuffix("_scalar") }

  @Test("the C of a small program is as recorded")
  func snapshot() throws {
    let program = smallProgram()
    try program.validate()
    let variants = try Emission.variants(of: program, [input(program, TestTargets.host, portable)])
    try expectSnapshot(variants[0].text, "small.host.c.txt")
    try expectSnapshot(Emission.model(of: program, variants: variants), "small.model.c.txt")
  }

  @Test("the C of a small program for a Cortex-A72 is as recorded")
  func snapshotNeon() throws {
    let program = smallProgram()
    let variants = try Emission.variants(of: program, [input(program, TestTargets.a72)])
    try expectSnapshot(variants[0].text, "small.a72.c.txt")
  }

  @Test("targets with equal code and flags share one variant")
  func merged() throws {
    let program = smallProgram()
    let targets = try Targets.builtIn()
    let variants = try Emission.variants(
      of: program, ["pi4b", "jetson-nano", "host"].map { try input(program, targets.find($0)) })
    #expect(variants.map(\.name) == ["cortex-a72", "x86-64-v3"])
    #expect(variants[0].targets.map(\.name) == ["pi4b", "jetson-nano"])
    #expect(variants[0].text.contains(".targets = \"pi4b jetson-nano\""))
    #expect(variants[0].text.contains(".cpu_parts = {0xd08, 0xd07, 0}"))
    #expect(variants[1].text.contains(".required = KDC_NEEDS_AVX2"))
  }

  @Test("targets of one core whose flags differ get variants with names of their own")
  func apart() throws {
    let program = smallProgram()
    var other = TestTargets.a72
    other.name = "other"
    other.compilerFlags = ["-march=armv8-a"]
    let variants = try Emission.variants(of: program, [input(program, TestTargets.a72), input(program, other)])
    #expect(variants.map(\.name) == ["cortex-a72-a72", "cortex-a72-other"])
    #expect(variants.map(\.symbol) == ["kdc_variant_cortex_a72_a72", "kdc_variant_cortex_a72_other"])
  }

  @Test("steps that differ in numbers alone share a function, which is compiled with those that it must know")
  func sharedNumbers() throws {
    func code(_ size: Int, shift: Int, unused: Int = 1) -> KernelCode {
      KernelCode(
        numbers: [
          .varying("SIZE", size), .fixed("SHIFT", shift), .most("PLACES", size), .varying("SAME", 7),
          .varying("UNUSED", unused),
        ], body: "  use(SIZE, SHIFT, SAME, PLACES);", packings: [])
    }
    let functions = SharedKernel.all(of: [
      code(5, shift: 1), code(6, shift: 2), code(9, shift: 1, unused: 2), code(5, shift: 1),
    ])
    #expect(functions.map(\.steps) == [[0, 2, 3], [1]])
    #expect(functions.map(\.isShared) == [true, false])
    let text = functions[0].text
    #expect(text.contains("KDC_SHARED(shared0)"))
    #expect(text.contains("SHIFT = 1, PLACES = 9, SAME = 7"))
    #expect(text.contains("const int32_t size = numbers->size;") && text.contains("use(size, SHIFT, SAME, PLACES);"))
    #expect(!text.contains("unused"))
    #expect(text.contains("  static const shared0_numbers numbers = {\n      .size = 5,\n  };"))
    #expect(text.contains("  shared0(b, c, begin, end, &numbers);"))
    #expect(text.contains("      .size = 9,\n"))
    #expect(!text.contains("KDC_KERNEL(k3)"))
    #expect(functions[1].text.contains("SIZE = 6, SHIFT = 2, PLACES = 6"))
  }

  @Test("steps with equal bodies share a function, equal constants a place")
  func shared() throws {
    let program = smallProgram()
    let variant = try Emission.variants(of: program, [input(program, TestTargets.host)])[0]
    #expect(variant.text.contains("KDC_KERNEL(k2)"))
    #expect(!variant.text.contains("KDC_KERNEL(k3)"))
    #expect(variant.text.contains("// 3: table 'right_Relu'"))
    #expect(variant.constants == [PlacedConstant(constant: ConstantID(0), packing: .plain, offset: 0, bytes: 256)])
    #expect(variant.weightsBytes == 256)
  }

  @Test("a step that no family takes is KDC4002 with each family's reason")
  func noKernel() throws {
    let program = smallProgram()
    let families = Families.all.filter { $0.stepKind != "add" }
    let list = #expect(throws: DiagnosticList.self) { try input(program, TestTargets.host, families) }
    #expect(list?.all.map(\.id) == [.noKernel])
    #expect(list?.all.first?.place?.detail == "node 'sum'")
  }

  @Test("the choice is the lowest estimate, and says what it beat")
  func reasons() throws {
    let selection = try KernelSelection(for: smallProgram(), on: TestTargets.a72)
    for choice in selection.choices {
      for case .cycles(let cycles) in choice.candidates.map(\.verdict) { #expect(cycles >= choice.cycles) }
      #expect(choice.reason.hasPrefix(choice.family + ": "))
    }
    let onHost = try KernelSelection(for: smallProgram(), on: TestTargets.host)
    for choice in onHost.choices { #expect(!choice.family.hasSuffix("_neon")) }
  }

  @Test("a port of a type that bundles do not have is KDC4001")
  func portType() throws {
    var program = smallProgram()
    program.outputs[0].dataType = .float16
    let fault = #expect(throws: Diagnostic.self) {
      try Emission.variants(of: program, [input(program, TestTargets.host)])
    }
    #expect(fault?.id == .cannotLower)
  }
}

@Suite struct CTextTests {
  @Test(
    "float literals read back to the same bits", arguments: [0, -0.0, 1, 0.1, 1e-45, 3.4028235e38, 16777217] as [Float])
  func floats(value: Float) {
    let text = CText.literal(value)
    #expect(text.hasSuffix("f"))
    #expect(Float(text.dropLast())?.bitPattern == value.bitPattern)
  }

  @Test("strings and comments cannot break out of their place")
  func escapes() {
    #expect(CText.literal("a\"b\\c\n?") == #""a\"b\\c\012\077""#)
    #expect(CText.literal("ü") == #""\303\274""#)
    #expect(CText.comment("a\\\nb\u{2028}c??/ü") == "a__b_c__/ü")
    #expect(CText.identifier("cortex-a72.x") == "cortex_a72_x")
  }
}
