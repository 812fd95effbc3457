import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCOps
import KDCPasses
import KDCTensor
import KDCTestSupport
import Testing

/// Real models by others; the largest are left out, since an evaluation of each runs twice.
private let models = [
  "models/real/centerface.onnx", "models/real/crepe_tiny.onnx", "models/real/digit_cnn.onnx",
  "models/real/fer_mini_xception.onnx", "models/real/g2p_decoder_step.onnx", "models/real/g2p_encoder.onnx",
  "models/real/magika_v3_3.onnx", "models/real/ppocr_cls_v2.onnx", "models/real/ppocr_det_v4.onnx",
  "models/real/ppocr_rec_v4.onnx", "models/real/silero_vad_16k.onnx", "models/pairs/concierge/student.onnx",
  "models/pairs/concierge/teacher.onnx", "models/pairs/fashion-resnet-tiny/mbv2-035.onnx",
  "models/pairs/quickstart/student.onnx", "models/pairs/quickstart/teacher.onnx", "models/pairs/watch-gru/student.onnx",
].filter { SharedFolder.path($0) != nil }

@Suite struct PassesTests {
  @Test("Every pass has a file and a test file of its own name")
  func files() throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let sources = tests.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
      "Sources/KDCPasses")
    for pass in Passes.all {
      let name = "\(pass)"
      #expect(FileManager.default.fileExists(atPath: sources.appendingPathComponent(name + ".swift").path), "\(name)")
      #expect(
        FileManager.default.fileExists(atPath: tests.appendingPathComponent(name + "Tests.swift").path), "\(name)")
    }
  }

  @Test("A residual block ends as convolutions only")
  func block() throws {
    var b = GraphBuilder()
    b.input("x", [1, 4, 6, 6])
    for name in ["u", "v"] { b.weight(name, [4, 4, 3, 3]) }
    b.node("Conv", ["x", "u"], "a", ["pads": .ints([1, 1, 1, 1])])
    b.batchNormalization("a", "b", channels: 4)
    b.node("Relu", ["b"], "c")
    b.node("Conv", ["c", "v"], "d", ["pads": .ints([1, 1, 1, 1])])
    b.batchNormalization("d", "e", channels: 4)
    b.node("Add", ["e", "x"], "f")
    b.node("Relu", ["f"], "y")
    b.graph.outputs = ["y"]
    var graph = b.graph
    let summaries = try Passes.run(on: &graph)
    #expect(graph.opTypes == ["FusedConv", "FusedConv"])
    #expect(summaries.map(\.pass) == Passes.all.map { $0.name })
    #expect(summaries.first { $0.pass == FoldBatchNormalization.name }?.changes == 2)
    var before = b.graph
    try before.inferTypes()
    #expect(try difference(before, graph, inputs: randomInputs(before, seed: 1)) < 1e-5, "seed 1")
    let once = graph.description
    try Passes.run(on: &graph)
    #expect(graph.description == once)
  }

  @Test(
    "The passes keep the outputs of real models", .enabled(if: !models.isEmpty, "../shared is missing"),
    arguments: models)
  func realModels(_ model: String) throws {
    let before = try ONNXImporter.load(path: #require(SharedFolder.path(model)))
    var after = before
    try Passes.run(on: &after)
    var reference = before
    // What the first passes remove may have no evaluation (an If).
    try Passes.run(ExpandControlFlow.self, on: &reference)
    let worst = try difference(reference, after, inputs: randomInputs(before, seed: 1), threads: 2)
    #expect(worst < 2e-3, "seed 1")
    #expect(!after.opTypes.contains { ["Conv", "BatchNormalization", "Identity", "Constant"].contains($0) })
  }
}
