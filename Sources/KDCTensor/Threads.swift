import Dispatch

/// How many threads a computation may use. Results never depend on it.
package struct Threads: Hashable, Sendable, Encodable, ExpressibleByIntegerLiteral {
  package let count: Int

  /// `count` is raised to at least 1.
  package init(_ count: Int) { self.count = max(1, count) }
  package init(integerLiteral count: Int) { self.init(count) }

  package static let single = Threads(1)
}

/// Runs `body(0) … body(count − 1)`, spread over threads in contiguous ranges.
///
/// Each index must write only what no other index reads or writes; then the result is the same for every thread count.
package func parallelFor(_ count: Int, threads: Threads, _ body: (Int) -> Void) {
  parallelRanges(count, threads: threads) { range in
    for index in range { body(index) }
  }
}

/// Splits `0 ..< count` into at most `threads` contiguous ranges of near equal length and runs `body` once on each.
package func parallelRanges(_ count: Int, threads: Threads, _ body: (Range<Int>) -> Void) {
  let workers = min(threads.count, count)
  guard workers > 1 else {
    if count > 0 { body(0..<count) }
    return
  }
  // The caller answers for disjoint writes, so the body need not be Sendable.
  nonisolated(unsafe) let body = body
  DispatchQueue.concurrentPerform(iterations: workers) { worker in
    body(count * worker / workers..<count * (worker + 1) / workers)
  }
}

/// The results of `body(0) … body(count − 1)` in order; the error of the lowest index is thrown.
package func parallelMap<T: Sendable>(
  _ count: Int, threads: Threads, _ body: @Sendable (Int) throws -> T
) throws -> [T] {
  var results = [Result<T, any Error>?](repeating: nil, count: count)
  results.withUnsafeMutableBufferPointer { buffer in
    nonisolated(unsafe) let buffer = buffer
    parallelFor(count, threads: threads) { index in buffer[index] = Result { try body(index) } }
  }
  return try results.compactMap { try $0?.get() }
}
