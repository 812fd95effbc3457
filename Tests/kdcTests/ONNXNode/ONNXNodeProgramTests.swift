import Foundation
import KDCCodegen
import KDCDiagnostics
import KDCGraph
import KDCKernels
import KDCPasses
import KDCProgram
import KDCTensor
import KDCTestSupport
import Testing

/// The selection of ONNX's node tests as programs: after all passes, lowered, in the reference interpreter and, step by
/// step, as generated C on this machine. uncompiled.txt, next to this file, says which have no program, and why.
@Suite struct ONNXNodeProgramTests {
  private static let here = URL(filePath: #filePath).deletingLastPathComponent()
  private static let folder = SourceTree.root.appending(path: "Tests/Fixtures/onnx-node").path

  /// A case as a program with what goes in and what must come out.
  private struct Compiled {
    var name: String
    var program: Program
    var inputs: [String: Tensor]
    var expected: [(name: String, tensor: Tensor)]
  }

  private static func names() -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasPrefix("test_") }.sorted()
  }

  private static func compiled(_ name: String) throws -> Compiled {
    let test = try ONNXNodeCase(folder: folder + "/" + name).loaded()
    // Operands are graph inputs in the tests; in models those that say shapes are constant.
    var failure: (any Error)?
    for dynamic in Set([test.model.inputs.count, 1, 0]).sorted(by: >) {
      do {
        var graph = test.model
        for (input, value) in zip(graph.inputs, test.inputs).dropFirst(dynamic) {
          graph.initializers[input.name] = value
        }
        graph.inputs = Array(graph.inputs.prefix(dynamic))
        try Passes.run(on: &graph)
        let given = zip(graph.inputs.map(\.name), test.inputs)
        return Compiled(
          name: name, program: try lower(graph), inputs: Dictionary(given) { first, _ in first },
          expected: Array(zip(test.model.outputs, test.expected)))
      } catch {
        if error is InternalError { throw error }
        failure = error
      }
    }
    throw failure ?? InternalError("no way to compile")
  }

  @Test("Every selected node test runs as a program, or is listed in uncompiled.txt with its reason")
  func programs() throws {
    var refused: [String] = []
    for name in Self.names() {
      do {
        let test = try Self.compiled(name)
        var interpreter = try Interpreter(test.program)
        let results = try interpreter.run(test.inputs)
        for (output, expected) in test.expected {
          let result = try #require(results[output], "\(name): \(output)")
          #expect(result.type == expected.type, "\(name): \(output)")
          #expect(ONNXNodeCase.isClose(result, expected), "\(name): \(output)\n\(test.program.listing)")
        }
      } catch let list as DiagnosticList {
        refused.append("\(name)\t\(list.all.first.map { "\($0.id) \($0.message)" } ?? "")")
      } catch let fault as Diagnostic {
        refused.append("\(name)\t\(fault.id) \(fault.message)")
      } catch {
        Issue.record("\(name): \(error)")
      }
    }
    let file = Self.here.appending(path: "uncompiled.txt")
    let text = refused.joined(separator: "\n") + "\n"
    guard text != (try? String(contentsOf: file, encoding: .utf8)) else { return }
    if ProcessInfo.processInfo.environment["KDC_RECORD_NODE_TESTS"] != nil {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    Issue.record("uncompiled.txt is not what is refused; KDC_RECORD_NODE_TESTS=1 writes it:\n\(text)")
  }

  @Test(
    "Every step of these programs gives the same bytes as generated C on this machine",
    .enabled(if: KernelHarness.available(.host)))
  func machineCode() throws {
    var cases: [KernelCase] = []
    var seen: Set<String> = []
    for name in Self.names() {
      guard let test = try? Self.compiled(name) else { continue }
      var memory = Memory(for: test.program)
      for port in test.program.inputs { memory[port.buffer] = test.inputs[port.name]?.littleEndianBytes ?? [] }
      for (index, step) in test.program.steps.enumerated() {
        var program = test.program
        program.steps = Array(program.steps[...index])
        let families = Families.all.filter { $0.refusal(of: step, in: program, on: TestTargets.host) == nil }
        // The portable family, which comes last, and equal steps once.
        for family in families.suffix(1)
        where Self.writesAll(step, memory) && seen.insert("\(family.name) \(step)").inserted {
          cases.append(
            KernelCase(
              "\(name), step \(index) \(family.name)", program: program, memory: memory, family: family,
              target: TestTargets.host))
        }
        step.run(&memory)
      }
    }
    #expect(cases.count > 120)
    for start in stride(from: 0, to: cases.count, by: 120) {
      let failures = try KernelHarness.failures(Array(cases[start..<min(start + 120, cases.count)]), on: .host)
      #expect(failures == [])
    }
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
