import CZlib
import Glibc
import KDCDiagnostics
import KDCGraph
import KDCTensor

/// All that a run changes, as bytes.
protocol CheckpointState {
  func encode(into writer: inout ByteWriter)
  /// nil where bytes are missing or left over.
  init?(from reader: inout ByteReader)
}

/// The file in which a run keeps its state: written whole or not at all, after every epoch and from time to time between.
package struct Checkpoint: Sendable {
  package let path: String
  private let interval: Double
  private let clock: @Sendable () -> Double
  private let lastSave: SaveTime

  /// - Parameters:
  ///   - interval: seconds between two saves inside an epoch.
  ///   - clock: seconds from any start; only the interval is judged by it.
  package init(path: String, interval: Double = 20, clock: @escaping @Sendable () -> Double) {
    self.path = path
    self.interval = interval
    self.clock = clock
    lastSave = SaveTime(clock())
  }

  func save(_ state: some CheckpointState, key: RunKey) throws(Diagnostic) {
    var writer = ByteWriter()
    writer.text(Self.magic)
    writer.integer(key.value)
    state.encode(into: &writer)
    writer.integer(UInt64(Self.checksum(writer.bytes)))
    try Files.write(writer.bytes, to: path)
    lastSave.seconds = clock()
  }

  func saveIfDue(_ state: @autoclosure () -> some CheckpointState, key: RunKey) throws(Diagnostic) {
    if clock() - lastSave.seconds >= interval { try save(state(), key: key) }
  }

  /// The state, or nil where there is no file; without a key that of any run. Throws `unusableCheckpoint` (a warning) where the file is damaged or of
  /// another run.
  func load<State: CheckpointState>(key: RunKey?) throws(Diagnostic) -> State? {
    guard access(path, F_OK) == 0 else { return nil }
    let bytes = try Files.read(path)
    guard bytes.count > 8 else { throw fault("it is damaged") }
    var check = ByteReader(Array(bytes.suffix(8)))
    var reader = ByteReader(Array(bytes.dropLast(8)))
    guard check.integer() == UInt64(Self.checksum(reader.bytes)), reader.text() == Self.magic else {
      throw fault("it is damaged, or no checkpoint")
    }
    let own = reader.integer()
    guard key.map({ $0.value == own }) ?? true else { throw fault("it belongs to a run with other inputs or options") }
    guard let state = State(from: &reader) else { throw fault("it is damaged") }
    return state
  }

  /// Throws `unusableCheckpoint` where the path is that of some other file, which the run would write over and remove, and
  /// `outputNotWritable`. Cheap, to be asked before anything long.
  package func check() throws(Diagnostic) {
    try Files.checkWritable(path)
    guard access(path, F_OK) == 0 else { return }
    var own = ByteWriter()
    own.text(Self.magic)
    guard Array(try Files.read(path).prefix(own.bytes.count)) == own.bytes else {
      throw Diagnostic(
        .unusableCheckpoint, "'\(path)' is not a checkpoint, and would be overwritten", at: Place(file: path),
        hint: "name a file that does not exist, or the checkpoint of an interrupted run")
    }
  }

  func fault(_ reason: String) -> Diagnostic {
    Diagnostic(
      .unusableCheckpoint, severity: .warning, "the checkpoint is not used: \(reason)", at: Place(file: path),
      notes: ["the run starts again from the beginning and overwrites it"])
  }

  private static let magic = "kdc training 1"

  private static func checksum(_ bytes: [UInt8]) -> UInt {
    UInt(bytes.withUnsafeBufferPointer { crc32_z(0, $0.baseAddress, $0.count) })
  }

  /// When the file was last written; one run uses it, from one thread.
  private final class SaveTime: @unchecked Sendable {
    var seconds: Double
    init(_ seconds: Double) { self.seconds = seconds }
  }
}

/// What a run's result depends on, as one number: a checkpoint of another run is not gone on from.
struct RunKey: Sendable, Equatable {
  let value: UInt64
  init(_ hash: StableHash) { value = hash.value }

  init(
    _ graph: Graph, targets: DistillationTargets, samples: any SampleSource, options: Recovery.Options
  ) {
    var hash = StableHash()
    hash.add(graph)
    hash.add(options.summary)
    hash.add("\(samples.count) \(samples.viewCount)")
    targets.hash(into: &hash)
    value = hash.value
  }
}

/// FNV-1a with 64 bits: the same on every machine, unlike `Hasher`.
struct StableHash: Sendable {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325
  mutating func add(_ text: String) { add(Array(text.utf8)) }
  mutating func add(_ bytes: [UInt8]) {
    var hash = value
    bytes.withUnsafeBufferPointer { bytes in
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    // The length, so that two texts are not one.
    value = (hash ^ UInt64(bytes.count)) &* 0x100_0000_01b3
  }
  mutating func add(_ graph: Graph) {
    add(graph.description)
    for name in graph.initializers.keys.sorted() {
      add(name)
      add(graph.initializers[name]?.littleEndianBytes ?? [])
    }
  }
  mutating func add(_ values: [Float]) { add(values.withUnsafeBytes { Array($0) }) }
}
