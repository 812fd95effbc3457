import KDCGraph
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

@Suite("Muon")
struct MuonTests {
  /// The change of a weight matrix by one step on a random gradient whose directions differ a hundredfold in strength.
  private func change(rows: Int, columns: Int, threads: Threads = 1) -> [Float] {
    var random = SeededGenerator(seed: 31)
    func matrix(_ rows: Int, _ columns: Int) -> [Float] {
      (0..<rows * columns).map { _ in Float.random(in: -1...1, using: &random) }
    }
    let graph = Graph(
      name: "w", opset: 17, inputs: [], outputs: [], nodes: [],
      initializers: ["w": Tensor([rows, columns], matrix(rows, columns).map { 0.1 * $0 })])
    var weights = Parameters(["w"], of: graph)
    let before = weights.values[0]
    var gradient = matrix(rows, columns)
    for row in 0..<rows { for column in 0..<columns { gradient[row * columns + column] *= row == 0 ? 1 : 0.01 } }
    var muon = Muon()
    muon.step(&weights, gradients: [gradient], rate: 0.1, threads: threads)
    return zip(before, weights.values[0]).map { $0 - $1 }
  }

  @Test(
    "The step on a matrix is about as long in every direction, however weak the gradient there",
    arguments: [false, true])
  func orthogonal(isTall: Bool) {
    let (rows, columns) = isTall ? (9, 4) : (4, 9)
    let step = change(rows: rows, columns: columns)
    // The Gram matrix of the smaller side: equal lengths, right angles.
    func column(_ index: Int) -> [Float] {
      isTall ? (0..<rows).map { step[$0 * columns + index] } : Array(step[index * columns..<(index + 1) * columns])
    }
    func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0 * $1.1) } }
    let lengths = (0..<4).map { dot(column($0), column($0)).squareRoot() }
    #expect((lengths.max() ?? 0) < 2 * (lengths.min() ?? 0), "\(lengths), seed 31")
    for a in 0..<4 {
      for b in 0..<a {
        #expect(abs(dot(column(a), column(b))) < 0.5 * lengths[a] * lengths[b], "\(a), \(b), seed 31")
      }
    }
  }

  @Test("The step has 0.3 of the rate times the typical weight as its root mean square, for every number of threads")
  func size() {
    let step = change(rows: 6, columns: 12)
    let rms = (step.reduce(0) { $0 + Double($1 * $1) } / Double(step.count)).squareRoot()
    // The root mean square of numbers uniform in −0.1…0.1 is 0.0577.
    #expect((0.3 * 0.1 * 0.05...0.3 * 0.1 * 0.066).contains(rms), "seed 31")
    #expect(change(rows: 300, columns: 280, threads: 1) == change(rows: 300, columns: 280, threads: 2))
  }

  @Test("Vectors and depthwise weights take Adam's relative step", arguments: [[5], [5, 1, 3, 3]])
  func others(dims: [Int]) {
    let values = (0..<dims.reduce(1, *)).map { 0.1 * Float($0 % 3) - 0.1 }
    let graph = Graph(
      name: "w", opset: 17, inputs: [], outputs: [], nodes: [], initializers: ["w": Tensor(Shape(dims), values)])
    var (a, b) = (Parameters(["w"], of: graph), Parameters(["w"], of: graph))
    var (muon, adam) = (Muon(), Adam(isRelative: true))
    muon.step(&a, gradients: [values.map { $0 + 1 }], rate: 0.1, threads: 1)
    adam.step(&b, gradients: [values.map { $0 + 1 }], rate: 0.1, threads: 1)
    #expect(a.values == b.values && a.values[0] != values)
  }
}
