import KDCCompression
import KDCTestSupport
import Testing

@Suite("Division into int8 and float")
struct FloatCutTests {
  /// A random graph of a few nodes in order, each of which reads up to two earlier ones.
  private static func random(_ generator: inout SeededGenerator) -> FloatCut {
    let count = 7
    let nodes = (0..<count).map { _ in
      FloatCut.Node(
        integerTime: Double(Int.random(in: 1...9, using: &generator)),
        floatTime: Double(Int.random(in: 1...30, using: &generator)),
        harm: [Double(Int.random(in: 0...9, using: &generator))], isFloat: Int.random(in: 0..<7, using: &generator) == 0
      )
    }
    var readers = [[Int]](repeating: [], count: count)
    for index in 1..<count {
      for _ in 0..<2 {
        let source = Int.random(in: 0..<index, using: &generator)
        if !readers[source].contains(index) { readers[source].append(index) }
      }
    }
    let values = readers.indices.map { index in
      FloatCut.Value(
        producer: index, readers: readers[index],
        members: ([index] + readers[index]).filter { !nodes[$0].isFloat },
        harm: [Double(Int.random(in: 0...9, using: &generator))],
        conversion: Double(Int.random(in: 0...4, using: &generator)))
    }
    return FloatCut(nodes: nodes, values: values)
  }

  @Test("A cut costs what the best of all divisions costs, conversions and noise counted", arguments: 1...20)
  func exhaustive(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let cut = Self.random(&generator)
    let free = cut.nodes.indices.filter { !cut.nodes[$0].isFloat }
    for price in [0, 0.5, 2, 20] {
      func cost(_ set: Set<Int>) -> Double { cut.time(of: set) + price * cut.harm(of: set, outputs: 1)[0] }
      let least = (0..<1 << free.count).map { bits in
        cost(Set(free.indices.filter { bits >> $0 & 1 == 1 }.map { free[$0] }))
      }.min()
      #expect(cost(cut.cheapest(prices: [price])) == least, "seed \(seed), price \(price)")
    }
  }

  @Test("The fastest division keeps every output within the target, or is all of the nodes", arguments: 1...20)
  func target(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let cut = Self.random(&generator)
    let all = cut.harm(of: [], outputs: 1)[0]
    for share in [0.9, 0.5, 0.1] {
      let found = cut.fastest(factors: [2], target: 2 * share * all)
      #expect(cut.harm(of: found, outputs: 1)[0] <= share * all * 1.0001)
    }
    #expect(cut.fastest(factors: [1], target: 2 * all).isEmpty || cut.time(of: []) > 0)
    let everything = Set(cut.nodes.indices.filter { !cut.nodes[$0].isFloat })
    #expect(
      cut.harm(of: cut.fastest(factors: [1], target: 1e-9), outputs: 1)[0] == cut.harm(of: everything, outputs: 1)[0])
  }

  @Test("Where no price tells, nodes that the target can spare stay int8, the slowest first")
  func between() {
    // Both cost as much for what they lose: a price takes both or none.
    func node(_ size: Double) -> FloatCut.Node {
      .init(integerTime: size, floatTime: 3 * size, harm: [0.01 * size], isFloat: false)
    }
    let cut = FloatCut(nodes: [node(1), node(2)], values: [])
    #expect(cut.fastest(factors: [1], target: 0.021) == [0])
    #expect(cut.fastest(factors: [1], target: 0.011) == [1])
    #expect(cut.fastest(factors: [1], target: 0.009) == [0, 1])
  }

  @Test("An output that is far off has its own noise taken away, not that of others")
  func outputs() {
    // Two branches of a node each; only the second output is off.
    func node(_ harm: [Double]) -> FloatCut.Node { .init(integerTime: 1, floatTime: 3, harm: harm, isFloat: false) }
    let cut = FloatCut(nodes: [node([0.004, 0]), node([0, 0.05])], values: [])
    #expect(cut.fastest(factors: [1, 1], target: 0.01) == [1])
  }
}
