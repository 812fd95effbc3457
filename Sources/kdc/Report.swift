import KDCCompression
import KDCTargets
import KDCTraining

/// `report.json`: what `kdc compile` made and how good it is. No times of day, no machine paths.
struct Report: Codable, Sendable {
  /// Version of this form.
  var schema = 1
  var model: String
  var stages: [Stage] = []
  var layers: [Layer] = []
  /// What was decided about the weights of each layer that has some.
  var weights: [LayerDecision] = []
  var bundles: [Bundle] = []
  var targets: [TargetEstimate] = []

  /// A model on its way: "teacher", "student", "int8" (or "float" where nothing was quantised).
  struct Stage: Codable, Sendable {
    var name: String
    /// Per head: score against labels; agreement and KL against the teacher (the student where there is none).
    var metrics: [HeadMetrics]
    /// The same against the float student; only for compressed models.
    var againstStudent: [HeadMetrics]?
    var samples: Int
    var macs: Int
    /// Bytes of the ONNX file; of the stored constants for a compressed model.
    var bytes: Int
    var accepted: Bool
  }

  struct Layer: Codable, Sendable {
    var name: String
    /// Kind of the program's step.
    var op: String
    /// Kernel family by target.
    var kernel: [String: String]
    var reason: [String: String]
    /// Bits of the layer's output: 8 or 32.
    var bits: Int
    /// 8 or 4 for integer convolutions and fully connected layers.
    var weightBits: Int?
    /// Estimated cycles on one core by target.
    var cycles: [String: Double]
    /// Bytes of the layer's constants.
    var bytes: Int
  }

  struct Bundle: Codable, Sendable {
    /// As given with -o.
    var file: String
    var architecture: String
    var bytes: Int
    var sha256: String
    /// The file without its container, that is without weights, program and manifest.
    var codeBytes: Int
    var arenaBytes: Int
  }

  struct TargetEstimate: Codable, Sendable {
    var name: String
    var title: String
    /// One inference on one core, by the cost model.
    var milliseconds: Double
    var megacycles: Double
  }
}
