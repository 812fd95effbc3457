import KDCGraph
import KDCTensor
import KDCTraining

/// Samples as every command opens them: what is noteworthy about them is said.
enum Samples {
  /// Throws as `DataSet` does.
  static func open(
    _ path: String, inputs: [ValueInfo], outputs: [String], images: ImageOptions, threads: Threads
  ) throws -> DataSet {
    let data = try DataSet(contentsOf: path, inputs: inputs, outputs: outputs, images: images, threads: threads)
    Console.warn(data.warnings)
    return data
  }
}
