import KDCCompression
import KDCDiagnostics
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
  /// Channels of each group that can only be removed together, in the student and in the compiled model.
  var channels: [Pruner.GroupRecord] = []
  /// What was decided on the way, and why.
  var decisions: [Decision] = []
  /// What is suspicious about samples and result; nothing was decided by it.
  var warnings: [Warning] = []
  /// What `--max-loss` promises, and what came of it; nil for models that stay float, with `none`, and without samples.
  var promise: Promise?
  /// "file" where the model was quantised already and kept its scales; nil where samples chose them, or nothing did.
  var quantization: String?
  /// The limits asked for and what the result has; nil where there were none.
  var budget: [Limit]?

  /// A model on its way: "teacher", "student", "pruned", "reconstructed", "recovered", "int8" ("float" where
  /// nothing was quantised), "int4".
  struct Stage: Codable, Sendable {
    var name: String
    /// Per head: score against labels; agreement and KL against the teacher (the student where there is none).
    var metrics: [HeadMetrics]
    /// The same against the float student; only for compressed models.
    var againstStudent: [HeadMetrics]?
    var samples: Int
    var macs: Int
    /// Bytes of the ONNX file; of the constants in float32 for a pruned or recovered model, as stored for a compiled one.
    var bytes: Int
    /// Whether later stages went on with it.
    var accepted: Bool
    /// One inference as int8 on one core by target, by the cost model.
    var milliseconds: [String: Double]?
    /// Time that the stage took.
    var seconds: Double?
  }

  /// A choice between going on with a change and going back.
  struct Decision: Codable, Sendable {
    /// The stage that made it.
    var stage: String
    /// What it was about: "recovery", "layer conv2".
    var subject: String
    var accepted: Bool
    /// Measured on what, with which figures.
    var reason: String
  }

  struct Warning: Codable, Sendable {
    /// "KDC3102".
    var id: String
    var message: String
    /// File, and what in it.
    var place: String?
    var notes: [String]
    var hint: String?

    init(_ diagnostic: Diagnostic) {
      id = diagnostic.id.description
      message = diagnostic.message
      place = diagnostic.place?.description
      notes = diagnostic.notes
      hint = diagnostic.hint
    }
  }

  /// The outputs' losses against their limit.
  struct Promise: Codable, Sendable {
    /// The largest loss allowed.
    var limit: Double
    var isKept: Bool
    /// Of the compiled model, by the samples it was measured on.
    var outputs: [OutputLoss]
    /// The losses with all layers in int8 on calibration samples, where those were too large.
    var integerOutputs: [OutputLoss]?
    /// What stays float for the limit, by node, with the reason.
    var float: [String: String]
    /// One inference on the slowest target by the cost model: all layers in int8 (8 bits), as chosen, all in float.
    var integerMilliseconds: Double?
    var milliseconds: Double?
    var floatMilliseconds: Double?
  }

  struct Limit: Codable, Sendable {
    /// "--max-size".
    var option: String
    var limit: Double
    var value: Double
  }

  struct Layer: Codable, Sendable {
    var name: String
    /// Kind of the program's step.
    var op: String
    /// Kernel family by target.
    var kernel: [String: String]
    var reason: [String: String]
    /// Bits of the layer's output: 7, 8 or 32.
    var bits: Int
    /// Of integer convolutions and fully connected layers: 7 or 8, and 4, 7 or 8. Paired products take 7 and 7.
    var inputBits: Int?
    var weightBits: Int?
    /// Estimated cycles on one core by target.
    var cycles: [String: Double]
    /// Bytes of the layer's constants.
    var bytes: Int
    /// Output channels in the student and in the compiled model, for layers with weights.
    var widthBefore: Int?
    var widthAfter: Int?
    /// How much rounding this layer's weights alone moves the outputs: their held-out `OutputDistance`.
    var sensitivity: Double?
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
    /// One inference on all `cores`.
    var cores: Int
    var millisecondsOnAllCores: Double
  }
}
