import ArgumentParser
import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor

/// `kdc inspect FILE`: what a model is made of, and what kdc cannot compile of it.
struct Inspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a model's inputs, operators, size and what is unsupported.")

  @Argument(help: "An ONNX model.")
  var file: String

  @Option(name: .customLong("input-shape"), help: "Shape of an input, as name:1x3x320x320; may be repeated.")
  var inputShapes: [String] = []

  mutating func run() async throws {
    let graph = try ONNXImporter.load(path: file, inputShapes: ONNXImporter.parseInputShapes(inputShapes))
    for input in graph.inputs { Console.result("input \(input.name): \(input.type)") }
    for output in graph.outputs { Console.result("output \(output)") }
  }
}
