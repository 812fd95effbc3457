import Foundation
import KDCTensor
import KDCTestSupport
import Testing

/// The float evaluator against outputs that ONNX Runtime gave (Tests/Fixtures/make_fixtures.py).
@Suite struct EvaluatorTests {
  private static let fixtures = SourceTree.root.appending(path: "Tests/Fixtures/graphs").path
  private static let root = SourceTree.root.path

  private func expectSame(_ run: StoredRun, tolerance: Float = 1e-4) throws {
    let errors = try run.worstErrors(threads: 2)
    #expect(!errors.isEmpty)
    for (name, error) in errors.sorted(by: { $0.key < $1.key }) {
      #expect(error <= tolerance, "\(run.model), output \(name)")
    }
  }

  @Test(
    "Graphs of several operators give what ONNX Runtime gives",
    arguments: [
      "attention", "decoder", "gru", "lstm", "mixed", "mobile", "pools", "residual", "resize", "shapes",
    ])
  func graphs(_ name: String) throws {
    try expectSame(
      StoredRun(model: "\(Self.fixtures)/\(name).onnx", values: "\(Self.fixtures)/\(name).io.npz"))
  }

  @Test("The quickstart pair gives what ONNX Runtime gives", arguments: ["student", "teacher"])
  func quickstart(_ name: String) throws {
    try expectSame(
      StoredRun(
        model: "\(Self.root)/bundles/quickstart/\(name).onnx",
        values: "\(Self.fixtures)/pair-quickstart-\(name).io.npz"))
  }

  @Test(
    "The other teacher and student pairs give what ONNX Runtime gives",
    .enabled(if: SharedFolder.path("models/pairs") != nil, "the folder shared/models/pairs is missing"),
    arguments: [
      "concierge/student", "concierge/teacher", "fashion-cnn-fc/teacher", "fashion-resnet-tiny/mbv2-035",
      "watch-gru/student", "watch-gru/teacher",
    ])
  func pairs(_ name: String) throws {
    let folder = SharedFolder.path("models/pairs") ?? ""
    let values = "\(Self.fixtures)/pair-\(name.replacingOccurrences(of: "/", with: "-")).io.npz"
    try expectSame(StoredRun(model: "\(folder)/\(name).onnx", values: values))
  }

  @Test(
    "Models from the field give what ONNX Runtime gives",
    .enabled(if: SharedFolder.path("models/real") != nil, "the folder shared/models/real is missing"),
    arguments: [
      "centerface", "crepe_tiny", "digit_cnn", "fer_mini_xception", "g2p_decoder_step", "g2p_encoder", "magika_v3_3",
      "ppocr_cls_v2", "ppocr_det_v4", "ppocr_rec_v4",
    ])
  func field(_ name: String) throws {
    let folder = SharedFolder.path("models/real") ?? ""
    try expectSame(
      StoredRun(model: "\(folder)/\(name).onnx", values: "\(folder)/\(name).io.npz"), tolerance: 2e-4)
  }
}
