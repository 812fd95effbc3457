import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTestSupport
import KDCToolchain
import Testing

import KDCTraining

@Suite("Data sets")
struct DataSetTests {
  /// numpy.savez_compressed of image = arange(12)/4 as float16 [3,1,2,2], f = arange(6) int32 [2,3] in Fortran
  /// order, flag = [True, False].
  static let numpyFile = """
    UEsDBC0AAAAIAAAAIQD3hsID//////////8JABQAaW1hZ2UubnB5AQAQAJgAAAAAAAAAYwAAAAAAAACb7BfqGxDJyFDGUK2eklqc
    XKRupaBuk2akrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RrGOgqGOgpGQKSpo1CrQAbgYmBgMGGwYLBisGGwZbBjsGdw
    aHBgcGxwBABQSwMELQAAAAgAAAAhAMpkdOL//////////wUAFABmLm5weQEAEACYAAAAAAAAAFQAAAAAAAAAm+wX6hsQychQxlCt
    npJanFykbqWgbpNpoq6joJ6WX1RSlJgXn1+UkgoSDykqTQUKF2ckFqQCuRpGOgrGmjoKtQrkAy4GIGAGYkYgZgFiJiBmBWIAUEsD
    BC0AAAAIAAAAIQDuGbtd//////////8IABQAZmxhZy5ucHkBABAAggAAAAAAAABGAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6l
    oF6TZKiuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6mjoKtQoUAC5GBgBQSwECLQMtAAAACAAAACEA94bCA2MAAACY
    AAAACQAAAAAAAAAAAAAAgAEAAAAAaW1hZ2UubnB5UEsBAi0DLQAAAAgAAAAhAMpkdOJUAAAAmAAAAAUAAAAAAAAAAAAAAIABngAA
    AGYubnB5UEsBAi0DLQAAAAgAAAAhAO4Zu11GAAAAggAAAAgAAAAAAAAAAAAAAIABKQEAAGZsYWcubnB5UEsFBgAAAAADAAMAoAAA
    AKkBAAAAAA==
    """
  static let image = ValueInfo(name: "image", type: TensorType(.float32, [1, 1, 2, 2]))

  @Test("A compressed npz written by numpy is read, Fortran order and bools included")
  func numpyCompressed() throws {
    let bytes = try #require(Data(base64Encoded: Self.numpyFile, options: .ignoreUnknownCharacters))
    let arrays = try NumpyFile.decode([UInt8](bytes))
    #expect(arrays.map(\.key) == ["image", "f", "flag"])
    #expect(arrays[0].tensor.dataType == .float16)
    #expect(arrays[0].tensor.asFloats == (0..<12).map { Float($0) / 4 })
    #expect(arrays[1].tensor.shape == [2, 3])
    #expect(arrays[1].tensor.asInts == Array(0..<6))
    #expect(arrays[2].tensor.asInts == [1, 0])
  }

  @Test("Arrays of every type come back from a written npz unchanged", arguments: DataType.allCases)
  func roundTrip(type: DataType) throws {
    let tensor = Tensor([2, 3], [0, 1, 2, 3, 100, 1] as [Float]).converted(to: type)
    let bytes = NumpyFile.encode([("a", tensor), ("label:ü", Tensor([], [7] as [Float]))]).flatMap { $0 }
    let arrays = try NumpyFile.decode(bytes)
    #expect(arrays.map(\.key) == ["a", "label:ü"])
    #expect(arrays[0].tensor.type == tensor.type)
    #expect(arrays[0].tensor.asFloats == tensor.asFloats)
    #expect(arrays[1].tensor.shape == [])
  }

  @Test("A damaged npz gives a diagnostic or the same arrays, never a trap")
  func damaged() throws {
    let bytes = try #require(Data(base64Encoded: Self.numpyFile, options: .ignoreUnknownCharacters))
    let whole = [UInt8](bytes)
    for length in 0..<whole.count {
      let error = #expect(throws: Diagnostic.self) { try NumpyFile.decode(Array(whole.prefix(length))) }
      #expect(error?.id == .unreadableData, "cut to \(length) bytes")
    }
    let seed: UInt64 = 7
    var generator = SeededGenerator(seed: seed)
    for round in 0..<3000 {
      var copy = whole
      for _ in 0...round % 4 {
        copy[Int.random(in: copy.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      do {
        _ = try NumpyFile.decode(copy)
      } catch {
        #expect(error.id == .unreadableData, "seed \(seed), round \(round)")
      }
    }
  }

  @Test(
    "A sample is cast to the model's type and takes the model's shape", arguments: [[3, 1, 2, 2], [3, 1, 1, 2, 2]])
  func samples(dims: [Int]) throws {
    let values = Tensor(Shape(dims), (0..<12).map { Float($0) }).converted(to: .uint8)
    let labels = Tensor([3], [4, 5, 6] as [Int64])
    let set = try DataSet(
      [("image", values), ("label", labels)], file: "a.npz", inputs: [Self.image], outputs: ["logits"])
    #expect(set.count == 3)
    #expect(try set.sample(1)["image"]?.floats == [4, 5, 6, 7])
    #expect(try set.sample(2)["image"]?.shape == [1, 1, 2, 2])
    #expect(set.labels["logits"]?.int64s == [4, 5, 6])
    #expect(try set.ranges(threads: 2)["image"] == 0...11)
  }

  @Test("An array of a model's own shape without a batch is one sample, and its labels and outputs are alike")
  func oneSample() throws {
    let input = ValueInfo(name: "x", type: TensorType(.float32, [3, 2]))
    let values = (0..<6).map { Float($0) }
    for (dims, isStacked, count) in [([3, 2], false, 1), ([1, 3, 2], true, 1)] {
      let set = try DataSet(
        [
          ("x", Tensor(Shape(dims), values)),
          ("label:box", Tensor(isStacked ? [1, 4] : [4], [1, 2, 3, 4] as [Float])),
        ],
        file: "a.npz", inputs: [input], outputs: ["box"])
      #expect(set.count == count && set.hasSampleAxis == isStacked)
      #expect(try set.sample(0)["x"]?.floats == values)
      #expect(set.labels["box"]?.shape == [1, 4])
    }
    let two = try DataSet(
      [("x", Tensor([2, 3, 2], values + values))], file: "a.npz", inputs: [input], outputs: [])
    #expect(two.count == 2 && two.hasSampleAxis)
    // A leading 1 is the batch: the same array is one of n samples.
    let batched = ValueInfo(name: "x", type: TensorType(.float32, [1, 3, 2]))
    #expect(
      try DataSet([("x", Tensor([1, 3, 2], values))], file: "a.npz", inputs: [batched], outputs: []).hasSampleAxis)
    let error = #expect(throws: DiagnosticList.self) {
      try DataSet([("x", Tensor([2, 3], values))], file: "a.npz", inputs: [input], outputs: [])
    }
    #expect(error?.description.contains("[n,3,2] of n samples, or [3,2] for one") == true)
    // Teachers' outputs, as `kdc run` writes them.
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try NumpyFile.write([("x", Tensor([3, 2], values))], to: folder.path + "/t.npz")
    let outputs = try TeacherOutputs(files: [folder.path + "/t.npz"], outputs: [input], names: [:], count: 1)
    #expect(outputs.sample(0)["x"]?.floats == values)
  }

  @Test("Numbers that an input of whole numbers cannot hold are refused, not cut to zero")
  func wholeNumbers() throws {
    let bytes = ValueInfo(name: "image", type: TensorType(.uint8, [1, 1, 2, 2]))
    for (values, isFine) in [
      ([0, 1, 254, 255], true), ([0, 0.5, 1, 1], false), ([0, 256, 1, 1], false), ([-1, 0, 0, 0], false),
    ] {
      for type in [DataType.float32, .float64, .float16, .int64] where isFine || type != .int64 || !values.contains(0.5)
      {
        let arrays = [("image", Tensor([1, 1, 2, 2], values.map { Float($0) }).converted(to: type))]
        if isFine {
          let set = try DataSet(arrays, file: "a.npz", inputs: [bytes], outputs: [])
          #expect(try set.sample(0)["image"]?.asInts == [0, 1, 254, 255])
        } else {
          let error = #expect(throws: DiagnosticList.self) {
            try DataSet(arrays, file: "a.npz", inputs: [bytes], outputs: [])
          }
          #expect(error?.all.first?.id == .numbersDoNotFit, "\(values) as \(type)")
        }
      }
    }
  }

  @Test("Entries of an npz that share bytes are refused before they are unpacked")
  func overlap() throws {
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    let npz = NumpyFile.encode([("a", Tensor([1 << 20], .uint8(zeros))), ("b", Tensor([1], .uint8([1])))]).flatMap {
      $0
    }
    // The second entry of the directory is told to lie where the first does.
    var copy = npz
    let directory = try #require((0..<copy.count - 4).last { copy[$0..<$0 + 4].elementsEqual([0x50, 0x4B, 1, 2]) })
    let offset = directory + 46 + 5 + 4 + 16
    for index in 0..<8 { copy[offset + index] = 0 }
    #expect(try NumpyFile.decode(npz).count == 2)
    let error = #expect(throws: Diagnostic.self) { try NumpyFile.decode(copy) }
    #expect(error?.message.contains("overlap") == true)
  }

  @Test("Options for pictures are said to have no effect on npz")
  func unused() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/a.npz"
    try NumpyFile.write([("image", Self.good)], to: path)
    var options = ImageOptions()
    #expect(try DataSet(contentsOf: path, inputs: [Self.image], outputs: [], images: options).warnings.isEmpty)
    options.mean = [0.5]
    options.size = ImageOptions.Size(width: 2, height: 2)
    let set = try DataSet(contentsOf: path, inputs: [Self.image], outputs: [], images: options)
    #expect(set.warnings.map(\.id) == [.optionWithoutEffect])
    #expect(set.warnings[0].message.contains("--image-size, --mean have no effect on npz"))
    #expect(try set.sample(0)["image"]?.floats == [1, 1, 1, 1])
  }

  @Test("A file of another kind is named")
  func foreign() throws {
    let png = #expect(throws: Diagnostic.self) { try NumpyFile.decode([0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10]) }
    #expect(png?.message.contains("it is a PNG picture") == true)
    #expect(png?.hint?.contains("folder") == true)
  }

  @Test("An npy file serves a model with one input")
  func npy() throws {
    let arrays = try NumpyFile.decode(NumpyArray.encode(Tensor([1, 1, 2, 2], [1, 2, 3, 4] as [Float])))
    let set = try DataSet(arrays, file: "a.npy", inputs: [Self.image], outputs: [])
    #expect(try set.sample(0)["image"]?.floats == [1, 2, 3, 4])
  }

  static let good = Tensor([2, 1, 2, 2], [Float](repeating: 1, count: 8))
  static let bad = Tensor([2, 1, 2, 2], [1, 1, 1, 1, 1, .nan, 1, 1] as [Float])
  static let faults: [(arrays: [(key: String, tensor: Tensor)], id: DiagnosticID, text: String)] = [
    ([("imgae", good)], .missingData, "did you mean 'image' by 'imgae'?"),
    ([("image", Tensor([2, 3], [Float](repeating: 0, count: 6)))], .wrongDataShape, "[n,1,2,2]"),
    ([("image", bad)], .nonFiniteData, "sample 1"),
    ([("image", Tensor([0, 1, 2, 2], [] as [Float]))], .noSamples, "no samples"),
    ([("image", good), ("label", Tensor([3], [1, 2, 3] as [Int64]))], .differentSampleCounts, "[3]"),
    ([("image", good), ("label:logit", Tensor([2], [1, 2] as [Int64]))], .unknownLabel, "'label:logits'"),
  ]

  @Test("Data that does not fit the model is a diagnostic that says what would", arguments: faults.indices)
  func misfits(index: Int) throws {
    let (arrays, id, text) = Self.faults[index]
    let error = #expect(throws: DiagnosticList.self) {
      try DataSet(arrays, file: "a.npz", inputs: [Self.image], outputs: ["logits"])
    }
    let first = try #require(error?.all.first)
    #expect(first.id == id)
    #expect(first.description.contains(text), "\(first)")
    #expect(first.place?.file == "a.npz")
  }

  @Test("Labels of outputs that the model lacks are passed over where none of its own is missing")
  func otherLabels() throws {
    let arrays = [("image", Self.good)] + ["label:box", "label:logits"].map { ($0, Tensor([2], [1, 2] as [Int64])) }
    let set = try DataSet(arrays, file: "a.npz", inputs: [Self.image], outputs: ["logits"])
    #expect(set.labels.keys.sorted() == ["logits"])
  }

  @Test("Files that are missing or no npz are named")
  func noFile() throws {
    let missing = #expect(throws: Diagnostic.self) { try NumpyFile.read("no-such-file.npz") }
    #expect(missing?.id == .fileNotFound)
    let other = #expect(throws: Diagnostic.self) { try NumpyFile.decode(Array("hello".utf8)) }
    #expect(other?.id == .unreadableData)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-\(UUID())").path
    let unwritable = #expect(throws: Diagnostic.self) { try NumpyFile.write([], to: folder + "/none/out.npz") }
    #expect(unwritable?.id == .outputNotWritable)
  }

  @Test("A written file appears whole and leaves nothing else behind")
  func atomic() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("out.npz").path
    try NumpyFile.write([("a", Self.good)], to: path)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.npz"])
    #expect(try NumpyFile.read(path).first?.tensor.floats == Self.good.floats)
  }

  @Test("Selected samples keep their order and their labels")
  func selecting() throws {
    let set = try DataSet(
      [
        ("image", Tensor([3, 1, 2, 2], (0..<12).map { Float($0) })), ("label", Tensor([3], [4, 5, 6] as [Int64])),
        ("label:box", Tensor([3, 2], [0, 1, 2, 3, 4, 5] as [Float])),
      ], file: "a.npz", inputs: [Self.image], outputs: ["logits", "box"])
    let some = set.selecting([2, 0]).selecting([0, 1, 0])
    #expect(some.count == 3)
    #expect(try some.sample(0)["image"]?.floats == [8, 9, 10, 11])
    #expect(try some.sample(1)["image"]?.floats == [0, 1, 2, 3])
    #expect(some.labels["logits"]?.int64s == [6, 4, 6])
    #expect(some.labels["box"]?.floats == [4, 5, 0, 1, 4, 5])
  }

  @Test("Samples of stored and of compressed files come from the file as they are asked for", arguments: [true, false])
  func mapped(isStored: Bool) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/a.npz"
    if isStored {
      try NumpyFile.write([("image", Self.good.converted(to: .float16))], to: path)
    } else {
      try Files.write(
        [UInt8](try #require(Data(base64Encoded: Self.numpyFile, options: .ignoreUnknownCharacters))), to: path)
    }
    let set = try DataSet(contentsOf: path, inputs: [Self.image], outputs: [])
    let expected: [Float] = isStored ? [1, 1, 1, 1] : [1, 1.25, 1.5, 1.75]
    #expect(try set.sample(1)["image"]?.floats == expected)
    // A file that is mapped stays readable after its name is gone.
    unlink(path)
    #expect(try set.sample(1)["image"]?.floats == expected)
  }

  @Test("Bytes over the limit are unpacked into a file that no folder lists")
  func unpacked() throws {
    let blob = try #require(
      try Blob.filled(count: 5000, inMemory: 100) { target in
        for index in target.indices { target[index] = UInt8(truncatingIfNeeded: index) }
        return true
      })
    #expect(blob.bytes.count == 5000)
    #expect(blob.bytes[4999] == UInt8(truncatingIfNeeded: 4999))
    #expect(try Blob.filled(count: 5000, inMemory: 100) { _ in false } == nil)
  }

  @Test("IDX files are read with the labels beside them, and damaged ones are refused")
  func idx() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let images = folder.appendingPathComponent("t-images-idx3-ubyte").path
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]
    let pixels: [UInt8] = [0, 51, 102, 153, 204, 255, 255, 204, 153, 102, 51, 0]
    try Files.write(header + pixels, to: images)
    try Files.write([0, 0, 8, 1, 0, 0, 0, 2, 7, 9], to: folder.appendingPathComponent("t-labels-idx1-ubyte").path)
    let inputs = [ValueInfo(name: "image", type: TensorType(.float32, [1, 1, 2, 3]))]
    let data = try DataSet(contentsOf: images, inputs: inputs, outputs: ["y"])
    #expect(data.count == 2 && data.labels["y"]?.int64s == [7, 9])
    let pixel = [ValueInfo(name: "image", type: TensorType(.uint8, [1, 1, 2, 3]))]
    let raw = try DataSet(contentsOf: images, inputs: pixel, outputs: ["y"])
    #expect(try raw.sample(0)["image"]?.asInts == pixels.prefix(6).map { Int($0) })
    let values = try #require(try data.sample(1)["image"]?.floats)
    #expect(zip(values, [1, 0.8, 0.6, 0.4, 0.2, 0] as [Float]).allSatisfy { abs($0 - $1) < 1e-3 })
    for bad in [
      header + pixels.dropLast(), Array(header.prefix(9)), [0, 0, 9, 3],
      [0, 0, 8, 3] + [UInt8](repeating: 255, count: 12),
    ] {
      try Files.write(bad, to: images)
      #expect(throws: DiagnosticList.self) { try DataSet(contentsOf: images, inputs: inputs, outputs: ["y"]) }
    }
    try Files.write([0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3], to: images)
    let empty = #expect(throws: DiagnosticList.self) {
      try DataSet(contentsOf: images, inputs: inputs, outputs: ["y"])
    }
    #expect(empty?.all.map(\.id) == [.noSamples])
    // So many elements are in no memory; how many bytes there are is not looked at first.
    try Files.write([0, 0, 8, 3, 0, 15, 255, 255, 0, 0, 16, 0, 0, 0, 16, 0], to: images)
    #expect(throws: DiagnosticList.self) { try DataSet(contentsOf: images, inputs: inputs, outputs: ["y"]) }
    try Files.write(header + pixels, to: images)
    try Files.write([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 7, 9], to: folder.path + "/t-labels-idx1-ubyte")
    let square = #expect(throws: DiagnosticList.self) {
      try DataSet(contentsOf: images, inputs: inputs, outputs: ["y"])
    }
    #expect(square?.all.first?.place?.file.hasSuffix("t-labels-idx1-ubyte") == true)
  }
}
