import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTestSupport
import KDCToolchain
import Testing

import KDCTraining

@Suite("Image folders")
struct ImageFolderTests {
  /// 2x2 grey 0, 51, 102, 255.
  static let grey = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGNgMGZI+w8AAp0BmTIGOnUAAAAASUVORK5CYII="
  /// 2x2 red, green, blue, white.
  static let colour =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEklEQVR4nGP4z8DAAMIM/4EAAB/uBfsL2WiLAAAAAElFTkSuQmCC"
  /// 2x2 with alpha: transparent white, white, half-transparent 100, (10, 20, 30).
  static let transparent = """
    iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAYAAABytg0kAAAAGElEQVR4nGP4//8/w38QkZKS0sAlIvcfAGoHCeGr1XLBAAAAAElFTkSu
    QmCC
    """
  /// 4x4 grey: [0, 100, 200, 40], [20, 40, 60, 80], [255, 255, 0, 0], [255, 255, 0, 0].
  static let large = """
    iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAAAAACMmsGiAAAAGUlEQVR4nGNgSDmhwSCiYRPA8P8/AwOYAAA4LAYZUYyz4gAAAABJRU5ErkJg
    gg==
    """
  /// 8x8 grey JPEG of 128.
  static let greyJPEG = """
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggL
    DAsKDAkKCgr/wAALCAAIAAgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQR
    BRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4
    eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEB
    AAA/ACv/2Q==
    """
  static let image = ValueInfo(name: "image", type: TensorType(.float32, [1, 1, 2, 2]))
  static let coloured = ValueInfo(name: "image", type: TensorType(.float32, [1, 3, 2, 2]))

  private func folder(_ files: [String: String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (name, text) in files {
      let url = URL(fileURLWithPath: folder.path).appendingPathComponent(name)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try (Data(base64Encoded: text, options: .ignoreUnknownCharacters) ?? Data(text.utf8)).write(to: url)
    }
    return folder
  }

  private func bytes(_ values: [Float]?) -> [Float]? { values.map { $0.map { ($0 * 255).rounded() } } }

  @Test("Grey images are pixels over 255 in order of name; class folders are labels, numbers their own")
  func classes() throws {
    let folder = try folder(["10/a.png": Self.grey, "9/b.png": Self.colour, "9/a.PNG": Self.grey, "9/note.txt": "x"])
    defer { folder.remove() }
    let set = try DataSet(contentsOf: folder.path, inputs: [Self.image], outputs: ["logits"], threads: 2)
    #expect(set.count == 3)
    #expect(set.labels["logits"]?.int64s == [9, 9, 10])
    #expect(try set.sample(0)["image"]?.floats == [0, 0.2, 0.4, 1])
    // (299 R + 587 G + 114 B) / 1000
    #expect(try bytes(set.sample(1)["image"]?.floats) == [76, 150, 29, 255])
  }

  @Test("Colour images are planes; transparency is shown over black; mean and std are per channel")
  func colour() throws {
    let folder = try folder(["a.png": Self.colour, "b.png": Self.transparent, "c.png": Self.grey])
    defer { folder.remove() }
    var options = ImageOptions()
    let plain = try DataSet(contentsOf: folder.path, inputs: [Self.coloured], outputs: [], images: options)
    #expect(try bytes(plain.sample(0)["image"]?.floats) == [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255])
    #expect(try bytes(plain.sample(1)["image"]?.floats) == [0, 255, 50, 10, 0, 255, 50, 20, 0, 255, 50, 30])
    #expect(try bytes(plain.sample(2)["image"]?.floats) == [0, 51, 102, 255, 0, 51, 102, 255, 0, 51, 102, 255])
    options.mean = [0.5, 0, 1]
    options.deviation = [0.5, 2, 1]
    let scaled = try DataSet(contentsOf: folder.path, inputs: [Self.coloured], outputs: [], images: options)
    #expect(try scaled.sample(0)["image"]?.floats == [1, -1, -1, 1, 0, 0.5, 0, 0.5, -1, -1, 0, 0])
    let last = ValueInfo(name: "image", type: TensorType(.float32, [1, 2, 2, 3]))
    let channelsLast = try DataSet(contentsOf: folder.path, inputs: [last], outputs: [])
    #expect(try bytes(channelsLast.sample(0)["image"]?.floats) == [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255])
  }

  @Test("A size resizes: means over what an output pixel covers, blends where it grows")
  func resized() throws {
    let folder = try folder(["a.png": Self.large, "b.jpg": Self.greyJPEG])
    defer { folder.remove() }
    var options = ImageOptions()
    options.size = ImageOptions.Size(width: 2, height: 2)
    let set = try DataSet(contentsOf: folder.path, inputs: [Self.image], outputs: [], images: options)
    #expect(try bytes(set.sample(0)["image"]?.floats) == [40, 95, 255, 0])
    #expect(try bytes(set.sample(1)["image"]?.floats) == [128, 128, 128, 128])
    #expect(
      ImageResize.plane([0, 1, 2, 3], from: (2, 2), to: (4, 1)) == [1, 1.25, 1.75, 2])
    // 3 to 2: one and a half pixels each.
    #expect(ImageResize.plane([0, 3, 6], from: (3, 1), to: (2, 1)).map { ($0 * 100).rounded() } == [100, 500])
  }

  /// 2x2 grey of 16 bits, 0, 77 · 257, 128 · 257 + 100, 65535, with a gAMA chunk of 1.
  static let deep = """
    iVBORw0KGgoAAAANSUhEUgAAAAIAAAACEAAAAAAHTY67AAAABGdBTUEAAYagMeiWXwAAABJJREFUeNpjYGDw9WVoePL/PwALnAP9cEjR0gAAAA
    BJRU5ErkJggg==
    """
  /// 2x2 grey of 8 bits, 0, 77, 128, 255, with a gAMA chunk of 1.
  static let gamma = """
    iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAABGdBTUEAAYagMeiWXwAAAA5JREFUeNpjYPBlaPgPAAM5Ac2sCTmYAAAAAElFTk
    SuQmCC
    """
  /// 8x8 CMYK JPEG of one colour, which Pillow shows as (48, 138, 183).
  static let inks = """
    /9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAQCwwODAoQDg0OEhEQExgoGhgWFhgxIyUdKDozPTw5Mzg3QEhcTkBEV0U3OFBtUVdfYmdoZz5NcXlwZH
    hcZWdj/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAYE/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkA
    SwAAPwA0uJzF/9k=
    """
  /// Some bytes that claim 60000x60000 pixels.
  static let huge = """
    iVBORw0KGgoAAAANSUhEUgAA6mAAAOpgAQAAAACoqUjvAAAAEUlEQVR42mNgGAWjYBQMdwAAA+gAAc5JTFgAAAAASUVORK5CYII=
    """

  @Test("Pixels are taken as they are stored: 16 bits by 257, and gamma is not followed")
  func stored() throws {
    let folder = try folder(["a.png": Self.deep, "b.png": Self.gamma])
    defer { folder.remove() }
    let set = try DataSet(contentsOf: folder.path, inputs: [Self.image], outputs: [])
    for index in 0..<2 { #expect(try bytes(set.sample(index)["image"]?.floats) == [0, 77, 128, 255]) }
  }

  @Test("An input of bytes takes the pixels themselves, in both layouts, resized or not")
  func pixels() throws {
    let folder = try folder(["a.png": Self.colour])
    defer { folder.remove() }
    let first = ValueInfo(name: "image", type: TensorType(.uint8, [1, 3, 2, 2]))
    let last = ValueInfo(name: "image", type: TensorType(.int32, [1, 2, 2, 3]))
    let planes = try DataSet(contentsOf: folder.path, inputs: [first], outputs: [])
    #expect(try planes.sample(0)["image"]?.dataType == .uint8)
    #expect(try planes.sample(0)["image"]?.asInts == [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255])
    let pixels = try DataSet(contentsOf: folder.path, inputs: [last], outputs: [])
    #expect(try pixels.sample(0)["image"]?.asInts == [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255])
    var options = ImageOptions()
    options.size = ImageOptions.Size(width: 1, height: 1)
    let small = ValueInfo(name: "image", type: TensorType(.uint8, [1, 3, 1, 1]))
    let mean = try DataSet(contentsOf: folder.path, inputs: [small], outputs: [], images: options)
    #expect(try mean.sample(0)["image"]?.asInts == [128, 128, 128])
    options.mean = [0.5]
    for input in [small, ValueInfo(name: "image", type: TensorType(.int8, [1, 3, 1, 1]))] {
      let error = #expect(throws: DiagnosticList.self) {
        try DataSet(contentsOf: folder.path, inputs: [input], outputs: [], images: options)
      }
      #expect(error?.all.first?.id == .unsuitableInput)
    }
  }

  @Test("A CMYK JPEG becomes RGB as Pillow has it")
  func cmyk() throws {
    let folder = try folder(["a.jpg": Self.inks])
    defer { folder.remove() }
    let image = try Image(contentsOf: folder.path + "/a.jpg", channels: 3)
    #expect(
      zip(image.pixels.prefix(3), [48, 138, 183]).allSatisfy { abs(Int($0) - $1) <= 2 }, "\(image.pixels.prefix(3))")
    #expect(try Image(contentsOf: folder.path + "/a.jpg", channels: 1).pixels.count == 64)
  }

  @Test("A picture that claims more pixels than memory holds is refused by its header")
  func bomb() throws {
    let folder = try folder(["a.png": Self.huge])
    defer { folder.remove() }
    let error = #expect(throws: Diagnostic.self) { try Image(contentsOf: folder.path + "/a.png", channels: 3) }
    #expect(error?.id == .tooLarge)
    #expect(error?.place?.file == folder.path + "/a.png")
  }

  @Test("Pictures of other kinds are named: beside samples a warning, without any an error")
  func skipped() throws {
    let folder = try folder(["a.png": Self.grey, "b.gif": "x", "c.HEIC": "x", "note.txt": "x"])
    defer { folder.remove() }
    let set = try DataSet(contentsOf: folder.path, inputs: [Self.image], outputs: [])
    #expect(set.count == 1 && set.warnings.map(\.id) == [.skippedPictures])
    #expect(set.warnings[0].message.contains("b.gif") && set.warnings[0].message.contains("c.HEIC"))
    let other = try self.folder(["b.gif": "x"])
    defer { other.remove() }
    let error = #expect(throws: DiagnosticList.self) {
      try DataSet(contentsOf: other.path, inputs: [Self.image], outputs: [])
    }
    #expect(error?.all.first?.id == .noSamples)
    #expect(error?.description.contains("b.gif") == true)
  }

  @Test("Faults of one kind are told once")
  func flood() throws {
    let files = (0..<30).map { ("\($0).png", Self.large) }
    let folder = try folder(Dictionary(files) { first, _ in first })
    defer { folder.remove() }
    let error = #expect(throws: DiagnosticList.self) {
      try DataSet(contentsOf: folder.path, inputs: [Self.image], outputs: [])
    }
    #expect(error?.all.count == 30 && error?.grouped.count == 1)
    #expect(error?.description.contains("and 29 more like it") == true)
  }

  static let whole = Data(base64Encoded: colour) ?? Data()
  static let wholeJPEG = Data(base64Encoded: greyJPEG, options: .ignoreUnknownCharacters) ?? Data()
  static let wide = ValueInfo(name: "image", type: TensorType(.float32, [1, 4, 2, 2]))
  static let faults: [(files: [String: String], input: ValueInfo, size: Int?, id: DiagnosticID, text: String)] = [
    (["a.png": grey, "b.png": large], image, nil, .imageSizeMismatch, "4x4"),
    (["a.png": grey], image, 3, .imageSizeMismatch, "--image-size 2x2"),
    (["a.png": whole.prefix(60).base64EncodedString()], image, nil, .unreadableImage, "a.png"),
    (["a.jpg": wholeJPEG.prefix(200).base64EncodedString()], image, 2, .unreadableImage, "a.jpg"),
    (["a.png": "no image"], image, nil, .unreadableImage, "no PNG, JPEG, BMP, WebP or TIFF file"),
    (["a.png": grey], wide, nil, .unsuitableInput, "1 or 3 channels"),
    (["a.txt": "x"], image, nil, .noSamples, "no pictures, recordings or CSV"),
    (["a.png": grey, "b/a.png": grey], image, nil, .mixedFolder, "sub-folders"),
    (["a.png": grey, "b.csv": "1,2"], image, nil, .mixedFolder, "pictures and tables"),
  ]

  @Test("Folders that cannot be samples are refused with the file at fault", arguments: faults.indices)
  func refused(index: Int) throws {
    let (files, input, size, id, text) = Self.faults[index]
    let folder = try folder(files)
    defer { folder.remove() }
    var options = ImageOptions()
    options.size = size.map { ImageOptions.Size(width: $0, height: $0) }
    let error = #expect(throws: DiagnosticList.self) {
      try DataSet(contentsOf: folder.path, inputs: [input], outputs: ["logits"], images: options)
    }
    let first = try #require(error?.all.first)
    #expect(first.id == id, "\(first)")
    #expect(first.description.contains(text), "\(first)")
  }

  @Test("Every cut of an image gives a diagnostic or pixels, never a trap", arguments: ["a.png", "a.jpg"])
  func damaged(name: String) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let whole = [UInt8](name == "a.png" ? Self.whole : Self.wholeJPEG)
    let path = folder.path + "/" + name
    let seed: UInt64 = 11
    var generator = SeededGenerator(seed: seed)
    for round in 0..<300 {
      var copy = whole
      if round < 60 {
        copy = Array(whole.prefix(whole.count * round / 60))
      } else {
        copy[Int.random(in: copy.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      try Files.write(copy, to: path)
      do throws(Diagnostic) {
        let image = try Image(contentsOf: path, channels: 3)
        #expect(image.pixels.count == 3 * image.width * image.height)
      } catch {
        #expect(error.id == .unreadableImage, "seed \(seed), round \(round)")
      }
    }
  }
}
