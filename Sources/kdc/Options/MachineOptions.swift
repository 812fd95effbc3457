import ArgumentParser
import Foundation
import KDCONNX
import KDCTensor

/// How many threads a command computes with.
struct ThreadOptions: ParsableArguments {
  @Option(
    name: .customLong("threads"), help: "Number of threads; it changes no result. Default: one per processor.")
  var count: Int?

  func validate() throws {
    if let count, !(1...1024).contains(count) { throw ValidationError("--threads must be 1 to 1024") }
  }

  /// Throws `systemLimit` where the memory that they compute in is refused.
  var threads: Threads {
    get throws {
      let threads = Threads(count ?? ProcessInfo.processInfo.activeProcessorCount)
      try SystemLimits.reserve(for: threads)
      return threads
    }
  }
}

/// Sizes that an ONNX file leaves open.
struct ShapeOptions: ParsableArguments {
  @Option(
    name: .customLong("input-shape"), help: "Shape of an ONNX model's input, as name:1x3x320x320; may be repeated.")
  var texts: [String] = []

  /// Throws `invalidInputShape`.
  var shapes: [String: [Int]] { get throws { try ONNXImporter.parseInputShapes(texts) } }
}
