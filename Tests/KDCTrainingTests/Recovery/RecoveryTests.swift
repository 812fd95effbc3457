import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

@Suite("Recovery")
struct RecoveryTests {
  private struct Stop: Error {}

  /// A damaged network, and what it is to answer again.
  private func problem() throws -> (damaged: Graph, samples: RandomImages, targets: DistillationTargets) {
    let original = try TinyNetwork.residual(seed: 21)
    let teacher = try TinyNetwork.residual(seed: 21)
    let samples = TinyNetwork.images(120, seed: 22)
    let targets = try TinyNetwork.targets(original, teacher: teacher, samples: samples)
    return (TinyNetwork.damaged(original, "bw", seed: 23), samples, targets)
  }

  private var options: Recovery.Options {
    var options = Recovery.Options()
    options.epochs = 4
    options.batchSize = 16
    options.chunkSize = 4
    return options
  }

  @Test("A damaged network comes closer to its targets on held-out samples, with the same bytes for 1 and 2 threads")
  func improves() throws {
    let (damaged, samples, targets) = try problem()
    let results = try [1, 2].map { threads in
      try Recovery.run(damaged, samples: samples, targets: targets, options: options, threads: Threads(threads))
    }
    let result = results[0]
    #expect(result.accepted)
    #expect(result.after < 0.5 * result.before, "\(result.reason)")
    #expect(result.history.count == 4 && result.history.map(\.heldOut).min() == result.after)
    #expect(bytes(results[0].graph) == bytes(results[1].graph))
    #expect(results[0].history == results[1].history)
  }

  @Test("A run that is stopped and resumed gives the bytes of one that was not", arguments: [3, 7, 14])
  func resume(stopAfter steps: Int) throws {
    let (damaged, samples, targets) = try problem()
    let whole = try Recovery.run(damaged, samples: samples, targets: targets, options: options, threads: 1)
    try withFile { path in
      let time = Ticks()
      let checkpoint = Checkpoint(path: path, interval: 2) { time.next() }
      var calls = 0
      #expect(throws: Stop.self) {
        try Recovery.run(
          damaged, samples: samples, targets: targets, options: options, threads: 1, checkpoint: checkpoint
        ) { _ in
          calls += 1
          if calls > steps { throw Stop() }
        }
      }
      var first: Int?
      let resumed = try Recovery.run(
        damaged, samples: samples, targets: targets, options: options, threads: 2, checkpoint: checkpoint
      ) { first = first ?? $0.step }
      #expect(try #require(first) > 1, "the run began anew")
      #expect(bytes(resumed.graph) == bytes(whole.graph))
      #expect(resumed.history == whole.history && resumed.warnings.isEmpty)
    }
  }

  @Test("A damaged checkpoint, or one of another run, is not used, and a warning says so")
  func badCheckpoint() throws {
    let (damaged, samples, targets) = try problem()
    try withFile { path in
      let checkpoint = Checkpoint(path: path) { 0 }
      var options = options
      options.epochs = 1
      func run() throws -> Recovery.Result {
        try Recovery.run(
          damaged, samples: samples, targets: targets, options: options, threads: 1, checkpoint: checkpoint)
      }
      let whole = try run()
      #expect(whole.warnings.isEmpty)
      let good = try Files.read(path)
      for cut in [0, 5, 20, good.count / 2, good.count - 1] {
        try Files.write(Array(good.prefix(cut)), to: path)
        #expect(try run().warnings.map(\.id) == [.unusableCheckpoint])
      }
      var flipped = good
      flipped[good.count / 3] ^= 4
      try Files.write(flipped, to: path)
      let again = try run()
      #expect(again.warnings.map(\.id) == [.unusableCheckpoint])
      #expect(bytes(again.graph) == bytes(whole.graph))
      options.seed = 9
      #expect(try run().warnings.map(\.id) == [.unusableCheckpoint])
    }
  }

  @Test("A loss that is not finite stops the run, keeps the best epoch, and says so")
  func diverges() throws {
    var (damaged, samples, targets) = try problem()
    let clean = try Recovery.run(damaged, samples: samples, targets: targets, options: options, threads: 1)
    #expect(clean.warnings.isEmpty)
    // A training sample, not a held-out one: training is what fails.
    let order = SampleOrder(originals: 120, views: 1, heldOutShare: options.heldOutShare, seed: options.seed)
    samples.values[order.training[5] * 36] = .nan
    let result = try Recovery.run(damaged, samples: samples, targets: targets, options: options, threads: 1)
    #expect(result.warnings.map(\.id) == [.nonFiniteLoss])
    #expect(!result.accepted && bytes(result.graph) == bytes(damaged))
  }

  @Test("A network that training cannot better is given back as it was")
  func notAccepted() throws {
    let (_, samples, targets) = try problem()
    let original = try TinyNetwork.residual(seed: 21)
    var options = options
    options.patience = 2
    let result = try Recovery.run(original, samples: samples, targets: targets, options: options, threads: 1)
    #expect(!result.accepted && bytes(result.graph) == bytes(original))
    #expect(result.history.count == 2, "patience of 2 epochs")
  }

  @Test("Held-out samples are never trained on, in no epoch and view")
  func heldOut() {
    let order = SampleOrder(originals: 50, views: 2, heldOutShare: 0.12, seed: 3)
    #expect(order.heldOut.count == 6 && order.training.count == 44)
    for epoch in 0..<3 {
      let seen = order.batches(epoch, size: 11).flatMap { $0 }
      #expect(seen.count == 44 && Set(seen.map { $0 % 50 }).isDisjoint(with: order.heldOut))
    }
    #expect(order.epoch(0) != order.epoch(1))
  }

  private func bytes(_ graph: Graph) -> [[UInt8]] {
    graph.initializers.keys.sorted().map { graph.initializers[$0]?.littleEndianBytes ?? [] }
  }

  private func withFile(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.appendingPathComponent("recovery.checkpoint").path)
  }
}
