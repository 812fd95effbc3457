import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTestSupport
import KDCToolchain
import KDCTraining
import Testing

@Suite struct AudioTests {
  private static let input = ValueInfo(name: "audio", type: TensorType(.float32, [1, 4]))

  /// A WAV file of 16-bit samples.
  private func wave(_ values: [Int16], channels: UInt16 = 1, rate: UInt32 = 16000) -> Data {
    func little<T: FixedWidthInteger>(_ value: T) -> Data { withUnsafeBytes(of: value.littleEndian) { Data($0) } }
    let samples = values.reduce(into: Data()) { $0 += little($1) }
    let format =
      little(UInt16(1)) + little(channels) + little(rate) + little(rate * 2 * UInt32(channels)) + little(2 * channels)
      + little(UInt16(16))
    let body =
      Data("WAVEfmt ".utf8) + little(UInt32(16)) + format + Data("data".utf8) + little(UInt32(samples.count)) + samples
    return Data("RIFF".utf8) + little(UInt32(body.count)) + body
  }

  private func folder(_ files: [String: Data]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (name, data) in files {
      let url = URL(fileURLWithPath: folder.path).appendingPathComponent(name)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try data.write(to: url)
    }
    return folder
  }

  @Test("A recording is cut into windows, the rest is silence; each has the label of its folder")
  func windows() throws {
    let folder = try folder([
      "no/a.wav": wave([16384, -16384, 8192, 0, -32768, 4096]), "yes/b.wav": wave([32767 - 255, 0]),
    ])
    defer { folder.remove() }
    let set = try DataSet(contentsOf: folder.path, inputs: [Self.input], outputs: ["class"])
    #expect(set.count == 3 && set.labels["class"]?.int64s == [0, 0, 1])
    #expect(try set.sample(0)["audio"]?.floats == [0.5, -0.5, 0.25, 0])
    #expect(try set.sample(1)["audio"]?.floats == [-1, 0.125, 0, 0])
    #expect(try set.sample(2)["audio"]?.floats == [0.9921875, 0, 0, 0])
  }

  @Test("Channels are mixed, one file is samples too, and whole numbers are taken as they are")
  func channels() throws {
    let folder = try folder(["a.wav": wave([100, 300, -500, 500, 7, 8], channels: 2)])
    defer { folder.remove() }
    let input = ValueInfo(name: "audio", type: TensorType(.int16, [1, 1, 3]))
    let set = try DataSet(contentsOf: folder.path + "/a.wav", inputs: [input], outputs: [])
    guard case .int16(let values)? = try set.sample(0)["audio"]?.elements else {
      Issue.record("not int16")
      return
    }
    #expect(values == [200, 0, 8])
  }

  @Test("Other rates, inputs that take no recordings and damaged files are diagnosed")
  func faults() throws {
    let folder = try folder(["a.wav": wave([1, 2]), "b.wav": wave([1, 2], rate: 44100), "c.wav": Data("RIFF".utf8)])
    defer { folder.remove() }
    let error = #expect(throws: DiagnosticList.self) {
      try DataSet(contentsOf: folder.path, inputs: [Self.input], outputs: [])
    }
    #expect(error?.all.map(\.id) == [.unsuitableInput, .unreadableData])
    #expect(error?.all.first?.message.contains("44100") == true)
    let picture = ValueInfo(name: "x", type: TensorType(.float32, [1, 2, 4]))
    let other = #expect(throws: DiagnosticList.self) {
      try DataSet(contentsOf: folder.path, inputs: [picture], outputs: [])
    }
    #expect(other?.all.map(\.id) == [.unsuitableInput])
  }
}
