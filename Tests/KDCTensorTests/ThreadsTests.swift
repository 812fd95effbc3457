import KDCTensor
import Testing

@Suite struct ThreadsTests {
  @Test("parallelFor visits each index once, whatever the number of threads", arguments: [1, 2, 3, 100])
  func visits(_ threads: Int) {
    for count in [0, 1, 2, 7, 64] {
      var visits = [Int](repeating: 0, count: count)
      visits.withUnsafeMutableBufferPointer { buffer in
        parallelFor(count, threads: Threads(threads)) { buffer[$0] += 1 }
      }
      #expect(visits.allSatisfy { $0 == 1 })
    }
  }

  @Test("parallelMap keeps the order and throws the error of the lowest index")
  func map() throws {
    #expect(try parallelMap(10, threads: 3) { $0 * $0 } == (0..<10).map { $0 * $0 })
    struct Fault: Error, Equatable { var index: Int }
    #expect(throws: Fault(index: 3)) {
      try parallelMap(10, threads: 4) { index in
        if index >= 3 { throw Fault(index: index) }
      }
    }
  }

  @Test("A thread count below 1 is 1")
  func clamped() {
    #expect(Threads(0).count == 1 && Threads(-4).count == 1)
  }
}
