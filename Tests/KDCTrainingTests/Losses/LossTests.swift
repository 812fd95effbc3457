import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

@Suite("Losses")
struct LossTests {
  typealias Loss = @Sendable ([Double]) -> SampleLoss

  static let cases: [(name: String, loss: Loss, count: Int)] = [
    ("KL, T 1", { KullbackLeibler.evaluate($0, target: [0.3, -1, 2, 0.5], temperature: 1) }, 4),
    ("KL, T 4", { KullbackLeibler.evaluate($0, target: [0.3, -1, 2, 0.5], temperature: 4) }, 4),
    ("cross-entropy", { CrossEntropy.evaluate($0, label: 2) }, 4),
    ("binary cross-entropy", { BinaryCrossEntropy.evaluate($0[0], probability: 0.3) }, 1),
    ("mean squared error", { MeanSquaredError.evaluate($0, target: [1, 2, 3]) }, 3),
    ("smooth L1", { SmoothL1.evaluate($0, target: [1, 0.1, -3], beta: 0.5) }, 3),
  ]

  @Test("Each gradient is that of central differences in double precision", arguments: cases.map(\.name))
  func gradients(name: String) throws {
    let (_, loss, count) = try #require(Self.cases.first { $0.name == name })
    var random = SeededGenerator(seed: 7)
    for _ in 0..<5 {
      let x = (0..<count).map { _ in Double.random(in: -2...2, using: &random) }
      let found = loss(x).gradient
      for index in x.indices {
        var (up, down) = (x, x)
        up[index] += 1e-5
        down[index] -= 1e-5
        let expected = (loss(up).value - loss(down).value) / 2e-5
        #expect(abs(found[index] - expected) < 1e-6 * max(1, abs(expected)), "seed 7")
      }
    }
  }

  @Test("KL is 0 where student and teacher agree up to a constant, and its size is kept by the factor T²")
  func divergence() {
    #expect(abs(KullbackLeibler.evaluate([1, 2, 3], target: [3, 4, 5], temperature: 2).value) < 1e-12)
    let small = KullbackLeibler.evaluate([0.01, 0], target: [0, 0], temperature: 1).value
    let softened = KullbackLeibler.evaluate([0.01, 0], target: [0, 0], temperature: 8).value
    #expect(abs(small / softened - 1) < 0.01)
  }

  @Test("Logits far from 0 give finite losses")
  func extremes() {
    #expect(BinaryCrossEntropy.evaluate(-1000, probability: 1).value == 1000)
    #expect(BinaryCrossEntropy.evaluate(1000, probability: 1).value == 0)
    #expect(CrossEntropy.evaluate([1e4, -1e4], label: 1).value == 2e4)
    #expect(KullbackLeibler.evaluate([1e4, -1e4], target: [-1e4, 1e4], temperature: 1).value.isFinite)
  }

  @Test("The mixed target is half teacher, half student; labels have the weight α, and −1 is no label")
  func mixture() throws {
    let head = Head(name: "logits", shape: [1, 3], labels: Tensor([2], [2, -1] as [Int64]))
    let targets = try DistillationTargets(
      heads: [head], teacher: ["logits": [[1, 0, 0], [1, 0, 0]]], student: ["logits": [[0, 1, 0], [0, 1, 0]]])
    let answer = [0.5, -0.5, 0.25]
    func kl(_ target: [Double]) -> SampleLoss {
      KullbackLeibler.evaluate(answer, target: target, temperature: 2)
    }
    let soft = 0.5 * kl([1, 0, 0]) + 0.5 * kl([0, 1, 0])
    var options = DistillationLoss.Options()
    #expect(abs(try value(DistillationLoss(targets, options: options), answer, sample: 0) - soft.value) < 1e-9)
    options.hardWeight = 0.25
    let hard = CrossEntropy.evaluate(answer, label: 2).value
    let loss = DistillationLoss(targets, options: options)
    #expect(abs(try value(loss, answer, sample: 0) - (0.75 * soft.value + 0.25 * hard)) < 1e-9)
    #expect(abs(try value(loss, answer, sample: 1) - soft.value) < 1e-9)
    #expect(abs(try value(loss.soft, answer, sample: 0) - soft.value) < 1e-9)
  }

  @Test("Heads of several kinds are each judged by their own loss, and the losses added")
  func heads() throws {
    let heads = [
      Head(name: "box", shape: [1, 4], labels: nil), Head(name: "present", shape: [1, 1], labels: nil),
    ]
    let targets = try DistillationTargets(
      heads: heads, teacher: nil, student: ["box": [[0.5, 0.5, 0.2, 0.2]], "present": [[2]]])
    let network = try passThrough(["box": [0.6, 0.5, 0.2, 0.2], "present": [2]])
    let result = try DistillationLoss(targets).evaluate(network, samples: [0], factor: 1)
    #expect(abs(result.loss - 0.01 / 4) < 1e-6)
    #expect(abs((result.gradients["box"]?.floats?[0] ?? 0) - 0.2 / 4) < 1e-5)
    #expect(abs(result.gradients["present"]?.floats?[0] ?? 1) < 1e-7)
  }

  @Test("A student that ends in Softmax or Sigmoid has the loss of its logits, and the gradient of its own outputs")
  func probabilities() throws {
    func softmax(_ row: [Double]) -> [Double] {
      let sum = row.reduce(0) { $0 + exp($1) }
      return row.map { exp($0) / sum }
    }
    func sigmoid(_ row: [Double]) -> [Double] { row.map { 1 / (1 + exp(-$0)) } }
    let (answer, target): ([Double], [Double]) = ([0.5, -0.5, 0.25], [1, 0, -1])
    var options = DistillationLoss.Options()
    (options.hardWeight, options.teacherShare) = (0.25, 1)
    for (kind, form, label) in [
      (OutputKind.probabilities, softmax, Tensor([1], [2] as [Int64])),
      (.sigmoid, sigmoid, Tensor([1, 3], [1, 1, 0] as [Float])),
    ] as [(OutputKind, ([Double]) -> [Double], Tensor)] {
      func loss(_ answer: [Double], _ kind: OutputKind?, _ target: [Double]) throws -> (loss: Double, gradient: [Float])
      {
        let head = Head(name: "y", shape: [1, 3], labels: label, output: kind)
        let targets = try DistillationTargets(
          heads: [head], teacher: ["y": [target.map { Float($0) }]], student: ["y": [target.map { Float($0) }]])
        let found = try DistillationLoss(targets, options: options).evaluate(
          try passThrough(["y": answer]), samples: [0], factor: 1)
        return (found.loss, found.gradients["y"]?.asFloats ?? [])
      }
      let scores = form(answer)
      let found = try loss(scores, kind, form(target))
      if kind == .probabilities { #expect(abs(found.loss - (try loss(answer, .logits, target)).loss) < 1e-5) }
      for index in 0..<3 {
        var (up, down) = (scores, scores)
        up[index] += 1e-3
        down[index] -= 1e-3
        let expected = (try loss(up, kind, form(target)).loss - loss(down, kind, form(target)).loss) / 2e-3
        #expect(abs(Double(found.gradient[index]) - expected) < 1e-2 * max(1, abs(expected)), "\(kind) \(index)")
      }
    }
  }

  @Test("Labels of classes that a head lacks, and teachers of other widths, are faults of the data")
  func faults() throws {
    let outputs: [[Float]] = [[1, 2, 3], [1, 2, 3]]
    func ids(_ labels: Tensor?, teacher: [[Float]]?) -> [DiagnosticID] {
      let head = Head(name: "logits", shape: [1, 3], labels: labels)
      do {
        _ = try DistillationTargets(
          heads: [head], teacher: teacher.map { ["logits": $0] }, student: ["logits": outputs])
        return []
      } catch let list as DiagnosticList {
        return list.all.map(\.id)
      } catch {
        return []
      }
    }
    #expect(ids(Tensor([2], [0, -1] as [Int64]), teacher: outputs).isEmpty)
    #expect(ids(Tensor([2], [0, 3] as [Int64]), teacher: outputs) == [.labelOutOfRange])
    #expect(ids(Tensor([2], [0, -2] as [Int64]), teacher: outputs) == [.labelOutOfRange])
    #expect(ids(Tensor([2], [0, 0.5] as [Float]), teacher: outputs) == [.labelOutOfRange])
    #expect(ids(nil, teacher: [[1, 2], [1, 2]]) == [.targetMismatch])
    #expect(ids(nil, teacher: [[1, 2, 3]]) == [.targetMismatch])
    #expect(ids(Tensor([2, 2], [0, 1, 1, 0] as [Float]), teacher: nil) == [.targetMismatch])
    #expect(ids(Tensor([2, 3], [0, 1, 0, 1, 0, 0] as [Float]), teacher: nil).isEmpty)
  }

  /// The loss of one answer of a head "logits".
  private func value(_ loss: DistillationLoss, _ answer: [Double], sample: Int) throws -> Double {
    let tape = try passThrough(["logits": answer])
    return try loss.evaluate(tape, samples: [sample], factor: 1).loss
  }

  /// A tape that holds these values.
  private func passThrough(_ values: [String: [Double]]) throws -> Tape {
    let names = values.keys.sorted()
    let inputs = names.map { ValueInfo(name: $0, type: TensorType(.float32, [1, values[$0]?.count ?? 0])) }
    let graph = Graph(name: "pass", opset: 17, inputs: inputs, outputs: names, nodes: [])
    return try TrainingGraph(graph).forward(
      values.mapValues { Tensor([1, $0.count], $0.map(Float.init)) })
  }
}
