import KDCDiagnostics

/// The names of all that a training run writes, by the output that was asked for.
struct TrainingOutputs {
  private let asked: String
  private let training: TrainingOptions
  /// Which link of a chain the run is, as "g1"; nil for the one that gives the result.
  var part: String?

  init(_ output: String, training: TrainingOptions, part: String? = nil) {
    asked = output
    self.training = training
    self.part = part
  }

  var model: String { named(asked) }
  /// The further student `index`, from 0.
  func peer(_ index: Int) -> String { Self.derived(model, "peer\(index + 1)") }
  /// The model after an epoch.
  func snapshot(_ epoch: Int) -> String { Self.derived(model, "e\(epoch)") }
  var curve: String { (model.hasSuffix(".onnx") ? String(model.dropLast(5)) : model) + ".svg" }
  /// The history; on standard output that of the result alone.
  var json: String? { training.json.flatMap { part == nil || $0 != "-" ? ($0 == "-" ? $0 : named($0)) : nil } }
  var checkpoint: String { training.checkpoint.map(named) ?? model + ".checkpoint" }

  /// The link's own file, next to the one that was asked for.
  private func named(_ path: String) -> String { part.map { Self.derived(path, $0) } ?? path }

  /// "student.onnx" → "student.g1.onnx".
  static func derived(_ path: String, _ part: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return path + "." + part }
    return path[..<dot] + "." + part + path[dot...]
  }

  func declare(peers: Int = 0, in files: inout FileUse) {
    files.write("-o", model)
    for index in 0..<peers { files.write("the file of --peer \(index + 1)", peer(index)) }
    for epoch in training.snapshots { files.write("the snapshot of epoch \(epoch)", snapshot(epoch)) }
    files.write("the curve", curve)
    files.write("--json", json)
    files.write("--checkpoint", checkpoint)
  }
}
