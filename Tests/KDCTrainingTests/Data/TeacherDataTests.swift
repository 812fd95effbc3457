import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTestSupport
import KDCToolchain
import Testing

import KDCTraining

@Suite("A teacher's data")
struct TeacherDataTests {
  static let outputs = [ValueInfo(name: "logits", type: TensorType(.float32, [1, 2]))]

  private func files(_ arrays: [[(key: String, tensor: Tensor)]]) throws -> (TemporaryFolder, [String]) {
    let folder = try TemporaryFolder()
    let paths = arrays.indices.map { "\(folder.path)/\($0).npz" }
    for (path, arrays) in zip(paths, arrays) { try NumpyFile.write(arrays, to: path) }
    return (folder, paths)
  }

  @Test("Shards follow each other, under the student's names, as float32")
  func shards() throws {
    let (folder, paths) = try files([
      [("scores", Tensor([2, 2], [0, 1, 2, 3] as [Float]).converted(to: .float16))],
      [("scores", Tensor([1, 2], [4, 5] as [Float]))],
    ])
    defer { folder.remove() }
    let teacher = try TeacherOutputs(files: paths, outputs: Self.outputs, names: ["logits": "scores"], count: 3)
    #expect((0..<3).map { teacher.sample($0)["logits"]?.floats } == [[0, 1], [2, 3], [4, 5]])
    #expect(teacher.sample(0)["logits"]?.shape == [1, 2])
  }

  static let faults: [(arrays: [(key: String, tensor: Tensor)], id: DiagnosticID, text: String)] = [
    ([("logits", Tensor([2, 2], [0, 1, 2, 3] as [Float]))], .teacherOutputsMismatch, "for 2 samples"),
    ([("logits", Tensor([3, 3], [Float](repeating: 0, count: 9)))], .teacherOutputsMismatch, "2 classes"),
    ([("logit", Tensor([3, 2], [Float](repeating: 0, count: 6)))], .teacherOutputsMismatch, "--match logit=logits"),
    ([("logits", Tensor([3, 2], [0, 1, 2, 3, .nan, 5] as [Float]))], .nonFiniteData, "element 4"),
  ]

  @Test("Outputs that do not fit the student or the samples are refused", arguments: faults.indices)
  func refused(index: Int) throws {
    let (arrays, id, text) = Self.faults[index]
    let (folder, paths) = try files([arrays])
    defer { folder.remove() }
    let error = #expect(throws: DiagnosticList.self) {
      try TeacherOutputs(files: paths, outputs: Self.outputs, names: [:], count: 3)
    }
    let first = try #require(error?.all.first)
    #expect(first.id == id)
    #expect(first.description.contains(text), "\(first)")
  }

  @Test("A teacher's input is resized, scaled and normalised from the student's")
  func preprocessing() {
    var steps = TeacherPreprocessing()
    steps.size = ImageOptions.Size(width: 1, height: 1)
    steps.scale = 255
    steps.mean = [51]
    steps.deviation = [2]
    let (own, other) = (TensorType(.float32, [1, 1, 2, 2]), TensorType(.float32, [1, 1, 1, 1]))
    #expect(steps.refusal(from: own, to: other) == nil)
    let made = steps.apply(Tensor(own.shape, [0, 0.2, 0.4, 0.2]), to: other)
    #expect(made.floats == [0])
    #expect(steps.refusal(from: own, to: own)?.contains("2x2") == true)
    #expect(steps.refusal(from: own, to: TensorType(.float32, [1, 3, 1, 1]))?.contains("3 channels") == true)
    var scale = TeacherPreprocessing()
    scale.scale = 2
    let signal = TensorType(.float32, [1, 3])
    #expect(scale.refusal(from: signal, to: signal) == nil)
    #expect(scale.apply(Tensor([1, 3], [1, 2, 3] as [Float]), to: signal).floats == [2, 4, 6])
    #expect(scale.refusal(from: signal, to: other) != nil)
  }
}
