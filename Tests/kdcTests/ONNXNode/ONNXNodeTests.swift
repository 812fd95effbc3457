import Foundation
import KDCBundle
import KDCKernels
import KDCProgram
import KDCTestSupport
import Testing

/// ONNX's own node tests: on the evaluator, after all passes, as program in the interpreter, and step by step as generated C on
/// this machine; some hundred also as bundles on an emulated Cortex-A72, with the kernels that a device gets.
///
/// A selection is in Tests/Fixtures/onnx-node. All of them (1653 of onnx 1.20.1) run where the environment variable
/// KDC_ONNX_NODE_TESTS names their folder, as `scripts/test` sees to. Next to this file, passing.txt lists those that pass
/// everything, uncompiled.txt those that only the evaluator takes, skipped.txt those that are refused; each of the latter with its
/// diagnostic. With KDC_RECORD_NODE_TESTS set, the lists are written anew, and the test fails so that they are looked at.
@Suite struct ONNXNodeTests {
  /// How many of all cases pass everything at least.
  private static let least = 1435

  private static let here = URL(filePath: #filePath).deletingLastPathComponent()
  private static let selection = SourceTree.root.appending(path: "Tests/Fixtures/onnx-node").path
  private static let environment = ProcessInfo.processInfo.environment
  private static let all = environment["KDC_ONNX_NODE_TESTS"].flatMap {
    FileManager.default.fileExists(atPath: $0) ? $0 : nil
  }

  private static func cases(in folder: String) -> [ONNXNodeCase] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix("test_") }.sorted().map { ONNXNodeCase(name: $0, folder: folder + "/" + $0) }
  }

  /// Lines of a list; of those with reasons, the name before the tab.
  private static func lines(_ name: String) throws -> [String] {
    try String(contentsOf: here.appending(path: name), encoding: .utf8).split(separator: "\n").map(String.init)
  }

  private static func name(_ line: String) -> String { String(line.prefix { $0 != "\t" }) }

  @Test("The lists are sorted and share no case, each case that does not pass has a reason, and enough pass")
  func lists() throws {
    let passing = try Self.lines("passing.txt")
    let skipped = try Self.lines("skipped.txt")
    let uncompiled = try Self.lines("uncompiled.txt")
    #expect((skipped + uncompiled).allSatisfy { $0.contains("\t") && !$0.hasSuffix("\t") })
    for list in [passing, skipped, uncompiled] {
      let names = list.map { Self.name($0) }
      #expect(names == names.sorted())
    }
    let names = (passing + skipped + uncompiled).map { Self.name($0) }
    #expect(names.count == 1653 && Set(names).count == names.count)
    #expect(passing.count >= Self.least)
  }

  @Test("The selected ONNX node tests pass, also as generated C")
  func selected() throws {
    let listed = Set(try Self.lines("passing.txt"))
    let cases = Self.cases(in: Self.selection).filter { listed.contains($0.name) }
    #expect(cases.count >= 100)
    var compiled: [ONNXNodeCase.Compiled] = []
    for test in cases {
      switch test.run() {
      case .passed(let program): compiled.append(program)
      case .uncompiled(let problem), .refused(let problem), .wrong(let problem):
        Issue.record("\(test.name): \(problem)")
      }
    }
    guard Self.all == nil else { return }
    if KernelHarness.available(.host) { #expect(try Self.differences(compiled) == []) }
    try Self.checkDevice(compiled, least: 200)
  }

  @Test(
    "Every ONNX node test passes, is not compiled or is refused as the lists say",
    .enabled(if: all != nil, "KDC_ONNX_NODE_TESTS names no folder with ONNX's node tests"))
  func everything() throws {
    guard let folder = Self.all else { return }
    // A case that kdc takes and computes otherwise must be listed by hand, with the reason.
    let known = try Self.lines("skipped.txt").filter { !$0.contains("\tKDC") }
    var lists: [String: [String]] = ["passing.txt": [], "skipped.txt": [], "uncompiled.txt": []]
    var compiled: [ONNXNodeCase.Compiled] = []
    for test in Self.cases(in: folder) {
      switch test.run() {
      case .passed(let program):
        lists["passing.txt"]?.append(test.name)
        compiled.append(program)
      case .uncompiled(let reason): lists["uncompiled.txt"]?.append("\(test.name)\t\(reason)")
      case .refused(let reason): lists["skipped.txt"]?.append("\(test.name)\t\(reason)")
      case .wrong(let problem):
        guard let line = known.first(where: { Self.name($0) == test.name }) else {
          Issue.record("\(test.name): \(problem)")
          lists["skipped.txt"]?.append("\(test.name)\t\(problem)")
          continue
        }
        lists["skipped.txt"]?.append(line)
      }
    }
    if KernelHarness.available(.host) { #expect(try Self.differences(compiled) == []) }
    try Self.checkDevice(compiled, least: 300)
    if Self.environment["KDC_RECORD_NODE_TESTS"] != nil {
      for (file, lines) in lists {
        try (lines.joined(separator: "\n") + "\n").write(
          to: Self.here.appending(path: file), atomically: true, encoding: .utf8)
      }
      Issue.record("the lists were recorded; look at the changes and run again")
      return
    }
    for (file, lines) in lists {
      let listed = Set(try Self.lines(file).map { Self.name($0) })
      let found = Set(lines.map { Self.name($0) })
      #expect(found.subtracting(listed).sorted() == [], "not in \(file)")
      #expect(listed.subtracting(found).sorted() == [], "in \(file)")
    }
  }

  /// What a bundle for a Cortex-A72 gives for some of these cases: ONNX's expected outputs, and the bytes of this machine's code.
  private static func checkDevice(_ compiled: [ONNXNodeCase.Compiled], least: Int) throws {
    guard TinyModel.toolchain != nil, let emulator = Machine.emulator(core: "cortex-a72") else { return }
    let able = compiled.filter(ONNXNodeBundle.takes)
    // Spread over the alphabet, so that all operators are there.
    let step = max(1, able.count / mostOnDevice)
    let some = able.enumerated().filter { $0.offset % step == 0 }.map(\.element)
    #expect(some.count >= least)
    for start in stride(from: 0, to: some.count, by: casesPerBundle) {
      let bundle = try ONNXNodeBundle(Array(some[start..<min(start + casesPerBundle, some.count)]))
      let device = try bundle.run(bundle.bundle(for: TestTargets.a72), under: emulator)
      #expect(bundle.wrong(device) == [])
      guard KernelHarness.available(.host) else { continue }
      let host = try bundle.run(bundle.bundle(for: TestTargets.host), under: [])
      let different = device.keys.filter { device[$0] != host[$0] }.map { key in
        let number = Int(key.prefix { $0 != "." }) ?? 0
        return "\(bundle.cases[number].name): \(key)"
      }
      #expect(different.sorted() == [])
    }
  }

  /// Cases that run on an emulated core, about, and those in one bundle.
  private static let (mostOnDevice, casesPerBundle) = (330, 110)

  /// The steps of these programs whose generated C gives other bytes than the reference, on this machine.
  private static func differences(_ programs: [ONNXNodeCase.Compiled]) throws -> [String] {
    var cases: [KernelCase] = []
    var seen: Set<String> = []
    for test in programs {
      var memory = Memory(for: test.program)
      for port in test.program.inputs { memory[port.buffer] = test.inputs[port.name]?.littleEndianBytes ?? [] }
      for (index, step) in test.program.steps.enumerated() {
        var program = test.program
        program.steps = Array(program.steps[...index])
        let families = Families.all.filter { $0.refusal(of: step, in: program, on: TestTargets.host) == nil }
        if families.isEmpty { return ["\(test.name), step \(index): no kernel"] }
        // The portable family, which comes last, and equal steps once.
        for family in families.suffix(1)
        where writesAll(step, memory) && seen.insert("\(family.name) \(step)").inserted {
          cases.append(
            KernelCase(
              "\(test.name), step \(index) \(family.name)", program: program, memory: memory, family: family,
              target: TestTargets.host))
        }
        step.run(&memory)
      }
    }
    #expect(cases.count > 120)
    var failures: [String] = []
    for start in stride(from: 0, to: cases.count, by: 120) {
      failures += try KernelHarness.failures(Array(cases[start..<min(start + 120, cases.count)]), on: .host)
    }
    return failures
  }

  /// Whether the step writes all of its outputs: the harness gives kernels outputs full of noise, and a step that writes
  /// a part (of a Concat or a Pad) relies on what others wrote.
  private static func writesAll(_ step: any Step, _ memory: Memory) -> Bool {
    let results = [0xA5, 0x5A].map { (noise: UInt8) -> [[UInt8]] in
      var memory = memory
      for id in step.writes { memory[id] = [UInt8](repeating: noise, count: memory[id].count) }
      step.run(&memory)
      return step.writes.map { memory[$0] }
    }
    return results[0] == results[1]
  }
}
