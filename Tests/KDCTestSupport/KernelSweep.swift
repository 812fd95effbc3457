import KDCKernels
import KDCProgram
import KDCTargets
import KDCTensor

/// Many cases from few kernels: random steps, each with many contents of its inputs.
package struct KernelSweep {
  package let target: Target
  package let machine: KernelHarness.Machine
  /// Inputs tried with each step, and cases wanted of each family.
  package let values: Int
  package let wanted: Int
  /// Cases so far by family, and the families that a round gave nothing new.
  package private(set) var counts: [String: Int] = [:]
  package private(set) var failures: [String] = []
  private var generator: SeededGenerator
  private var convolutions: ConvolutionCases
  private var steps: StepCases
  private let sanitized: Bool

  package init(
    _ target: Target, on machine: KernelHarness.Machine, seed: UInt64, values: Int, wanted: Int, sanitized: Bool = false
  ) {
    self.target = target
    self.machine = machine
    self.values = values
    self.wanted = wanted
    self.sanitized = sanitized
    generator = SeededGenerator(seed: seed)
    convolutions = ConvolutionCases(seed: seed + 1)
    steps = StepCases(seed: seed + 2)
  }

  /// Runs at most `rounds` programs of convolutions, each of `shapes` steps for all families that want more cases.
  package mutating func convolutions(rounds: Int, shapes: Int) throws {
    for round in 0..<rounds {
      var cases: [KernelCase] = []
      for index in 0..<shapes {
        let kind = round * shapes + index
        let int4 = kind % 6 == 5
        var geometry = convolutions.geometry(depthwise: kind % 4 == 1, grouped: kind % 8 == 3)
        if kind % 6 == 5 || kind % 16 == 2 {
          // Fully connected layers, with more products than int16 sums of 4-bit weights hold at a time.
          geometry = ConvolutionGeometry(
            input: (1, 1, 1 + kind * 37 % 700), output: (1, 1, 1 + kind * 5 % 67), kernel: (1, 1))
        }
        let made = convolutions.make(
          geometry, residual: kind % 3 == 2, values: kind % 5 == 4 ? .extreme : .even, int4: int4)
        add(made.program, made.memory, geometry.title, to: &cases)
        let narrow = convolutions.makeNarrow(
          geometry, residual: kind % 3 == 1, values: kind % 5 == 3 ? .extreme : .even, weight: [63, 30, 9][kind % 3])
        add(narrow.program, narrow.memory, geometry.title + " of 7 bits", to: &cases)
        let winograd = convolutions.makeWinograd(kind)
        add(winograd.program, winograd.memory, winograd.title, to: &cases)
      }
      try run(cases)
    }
  }

  /// The same for one other kind of step.
  package mutating func steps(_ kind: String, rounds: Int, shapes: Int) throws {
    for _ in 0..<rounds {
      var cases: [KernelCase] = []
      for index in 0..<shapes {
        let made = steps.make(kind, extreme: index % 4 == 3)
        add(made.program, made.memory, made.title, to: &cases)
      }
      try run(cases)
    }
  }

  private mutating func add(_ program: Program, _ memory: Memory, _ title: String, to cases: inout [KernelCase]) {
    guard let step = program.steps.last else { return }
    for family in Families.all
    where counts[family.name, default: 0] < wanted
      && family.refusal(of: step, in: program, on: target) == nil
    {
      // Families of an older instruction set are tried on the target that has no newer one.
      if target.architecture == .x86_64, target.features.count > 1, family.name.hasSuffix("_" + target.features[0]) {
        continue
      }
      for index in 0..<values {
        let contents = index == 0 ? memory : refilled(memory, program, index)
        cases.append(
          KernelCase("\(title), values \(index)", program: program, memory: contents, family: family, target: target))
      }
      counts[family.name, default: 0] += values
    }
  }

  private mutating func run(_ cases: [KernelCase]) throws {
    guard !cases.isEmpty else { return }
    failures += try KernelHarness.failures(cases, on: machine, sanitized: sanitized)
  }

  /// Other contents for what a step reads, from the values that are there, so that they stay within what the step allows:
  /// drawn at random, only the least and the greatest, or all alike.
  private mutating func refilled(_ memory: Memory, _ program: Program, _ index: Int) -> Memory {
    var memory = memory
    for id in program.steps.last?.reads ?? [] {
      let bytes = memory.buffers[id.index]
      let width = program.buffers[id.index].dataType.byteCount
      let count = bytes.count / max(width, 1)
      guard count > 0 else { continue }
      var content = bytes
      let signed = bytes.map { Int8(bitPattern: $0) }
      let ends = [signed.min() ?? 0, signed.max() ?? 0].map { UInt8(bitPattern: $0) }
      for element in 0..<count {
        if width == 1, index % 5 == 1 {
          content[element] = ends[Int(generator.next() >> 63)]
        } else if width == 1, index % 10 == 2 || index % 10 == 4 {
          content[element] = ends[index % 10 / 4]
        } else {
          let from = Int(truncatingIfNeeded: generator.next() >> 33) % count * width
          for byte in 0..<width { content[element * width + byte] = bytes[from + byte] }
        }
      }
      memory.buffers[id.index] = content
    }
    return memory
  }
}
