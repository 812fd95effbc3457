import Foundation
import KDCBundle
import KDCCodegen
import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTargets
import KDCTensor
import KDCTestSupport
import KDCToolchain
import KDCTraining

/// Many cases as one program, and its bundles: compiling and emulating one file takes seconds where hundreds take minutes.
struct ONNXNodeBundle {
  let program: Program
  let cases: [ONNXNodeCase.Compiled]

  /// Values of the graphs of all cases side by side, each under the number of its case.
  init(_ cases: [ONNXNodeCase.Compiled]) throws {
    self.cases = cases
    var all = Graph(name: "cases", opset: 17, inputs: [], outputs: [], nodes: [])
    for (number, test) in cases.enumerated() {
      func own(_ name: String) -> String { name.isEmpty ? "" : Self.name(name, number) }
      all.inputs += test.graph.inputs.map { ValueInfo(name: own($0.name), type: $0.type) }
      all.outputs += test.graph.outputs.map(own)
      all.nodes += test.graph.nodes.map { node in
        var copy = node
        copy.name = own(node.name)
        copy.inputs = node.inputs.map(own)
        copy.outputs = node.outputs.map(own)
        return copy
      }
      for (name, tensor) in test.graph.initializers { all.initializers[own(name)] = tensor }
    }
    program = try lower(all)
  }

  private static func name(_ name: String, _ number: Int) -> String { "\(number).\(name)" }

  /// Whether a bundle can take the case at all, and without making the others wait.
  static func takes(_ test: ONNXNodeCase.Compiled) -> Bool {
    let ports = test.program.inputs + test.program.outputs
    return Emission.portFaults(of: test.graph).isEmpty && test.program.macs < 2_000_000
      && ports.allSatisfy { $0.shape.count > 0 && $0.shape.count < 20_000 }
      && Set(ports.map(\.name)).count == ports.count
  }

  func bundle(for target: Target) throws -> [UInt8] {
    let selection = try KernelSelection(for: program, on: target)
    let plan = MemoryPlan(program, for: selection)
    let variants = try Emission.variants(of: program, [.init(selection: selection, plan: plan)])
    let builder = BundleBuilder(toolchain: try Toolchain.find(), architecture: target.architecture, version: "test")
    return try builder.build(
      program, model: CSource(name: Emission.modelFileName, text: Emission.model(of: program, variants: variants)),
      code: variants.map {
        BundleBuilder.Code(
          source: CSource(name: $0.fileName, text: $0.text, flags: $0.compilerFlags), name: $0.name,
          targets: $0.targets.map(\.name), arenaBytes: $0.arenaBytes, weightsBytes: $0.weightsBytes)
      }, golden: try Golden(of: program, seeds: [], ranges: [:]))
  }

  /// The bytes of each output, by its name in the program, as the bundle gives them under `emulator` or on this machine.
  func run(_ bundle: [UInt8], under emulator: [String]) throws -> [String: [UInt8]] {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try Files.write(bundle, to: folder.path + "/model.kdb", executable: true)
    let inputs = cases.enumerated().flatMap { number, test in
      test.program.inputs.compactMap { port in
        // One sample.
        test.inputs[port.name].flatMap { tensor in
          Tensor(TensorType(port.dataType, Shape([1] + port.shape.dims)), littleEndianBytes: tensor.littleEndianBytes)
        }.map { (key: Self.name(port.name, number), tensor: $0) }
      }
    }
    try NumpyFile.write(inputs, to: folder.path + "/in.npz")
    let command =
      emulator + [folder.path + "/model.kdb", "--run", folder.path + "/in.npz", "-o", folder.path + "/out.npz"]
    let result = try Subprocess.run(command[0], Array(command.dropFirst()))
    guard result.status == 0 else { throw HarnessError("the bundle ended with \(result.status): \(result.output)") }
    let outputs = try NumpyFile.read(folder.path + "/out.npz")
    return Dictionary(outputs.map { ($0.key, $0.tensor.littleEndianBytes) }) { first, _ in first }
  }

  /// Cases whose expected outputs are not those of `results`.
  func wrong(_ results: [String: [UInt8]]) -> [String] {
    cases.enumerated().flatMap { number, test in
      test.expected.compactMap { name, expected in
        let bytes = results[Self.name(name, number)] ?? []
        guard let tensor = Tensor(expected.type, littleEndianBytes: bytes), tensor.isClose(to: expected) else {
          return "\(test.name): '\(name)'"
        }
        return nil
      }
    }
  }
}
