import Foundation
import KDCDiagnostics
import KDCTensor

/// Whether the system gives kdc what its libraries ask for: they try again for ever where it does not.
enum SystemLimits {
  /// Throws `systemLimit` where addresses are limited (`ulimit -v`) to less than matrix products on `threads` take. What
  /// they take is taken now: later something else might have it.
  static func reserve(for threads: Threads) throws(Diagnostic) {
    guard let limit = MachineMemory.addressSpace, !BLAS.reserve(threads.count) else { return }
    throw Diagnostic(
      .systemLimit, "the limit of \(Figure.bytes(limit)) on memory is too low to compute on \(threads.count) threads",
      hint: "raise it (`ulimit -v`), remove it, or give --threads 1")
  }

  /// Throws `systemLimit` where threads are refused (`ulimit -u`).
  static func checkThreads() throws(Diagnostic) {
    let wanted = max(2, ProcessInfo.processInfo.activeProcessorCount)
    let threads = availableThreads(wanted)
    guard threads == wanted else {
      throw Diagnostic(
        .systemLimit, "the system allows kdc \(threads) threads, and it needs \(wanted)",
        hint: "raise the limit on processes (`ulimit -u`, or that of the container)")
    }
  }

  /// How many threads can be there at once, up to `wanted`.
  private static func availableThreads(_ wanted: Int) -> Int {
    var gate = pthread_mutex_t()
    pthread_mutex_init(&gate, nil)
    defer { pthread_mutex_destroy(&gate) }
    return withUnsafeMutablePointer(to: &gate) { gate in
      // Each waits until all are there.
      pthread_mutex_lock(gate)
      var threads: [pthread_t] = []
      for _ in 0..<wanted {
        var thread = pthread_t()
        let code = pthread_create(
          &thread, nil,
          { gate in
            guard let gate = gate?.assumingMemoryBound(to: pthread_mutex_t.self) else { return nil }
            pthread_mutex_lock(gate)
            pthread_mutex_unlock(gate)
            return nil
          }, gate)
        guard code == 0 else { break }
        threads.append(thread)
      }
      pthread_mutex_unlock(gate)
      for thread in threads { pthread_join(thread, nil) }
      return threads.count
    }
  }
}
