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

/// What an ONNX file leaves open of its inputs.
struct InputOptions: ParsableArguments {
  @Option(
    name: .customLong("input-shape"), help: "Shape of an ONNX model's input, as name:1x3x320x320; may be repeated.")
  var shapes: [String] = []

  @Option(
    name: .customLong("set"),
    help: "Make an input of an ONNX model constant: name=16000, or name=1,2; may be repeated.")
  var values: [String] = []

  /// Throws `invalidInputShape` and `invalidInputValue`.
  var settings: InputSettings { get throws { try InputSettings(shapes: shapes, values: values) } }
}
