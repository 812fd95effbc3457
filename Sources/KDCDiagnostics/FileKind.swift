/// What a file is by its first bytes: for messages about a file of the wrong kind.
package struct FileKind: Sendable {
  /// "a PNG picture".
  package let name: String
  /// How it becomes an ONNX model; nil where it does not.
  package let modelHint: String?
  /// How it becomes samples; nil where it does not.
  package let dataHint: String?

  private init(_ name: String, model: String? = nil, data: String? = nil) {
    self.name = name
    modelHint = model
    dataHint = data
  }

  /// How many first bytes are looked at.
  package static let headLength = 512

  /// nil where the bytes are of none of the kinds known here; ONNX models are among those.
  package init?(head: some Collection<UInt8>) {
    let head = Array(head.prefix(Self.headLength))
    func has(_ text: String, at offset: Int = 0) -> Bool {
      head.count >= offset + text.utf8.count && head[offset..<offset + text.utf8.count].elementsEqual(text.utf8)
    }
    if let kind = Self.picture(head) {
      self = kind
    } else if head.starts(with: [0x7F]) && has("ELF", at: 1) {
      self.init(
        "a kdc bundle or another program", model: "give the ONNX model that the bundle was made from",
        data: "samples are npz, npy, CSV, or a folder of pictures")
    } else if has("PK") {
      self = Self.archive(head)
    } else if has("TFL3", at: 4) {
      self.init(
        "a TensorFlow Lite model",
        model: "convert it: python -m tf2onnx.convert --tflite FILE --output model.onnx")
    } else if head.starts(with: [0x89]) && has("HDF", at: 1) {
      self.init(
        "an HDF5 file, as Keras writes",
        model: "load it in Keras and call model.export(\"model.onnx\", format=\"onnx\")",
        data: "save the arrays with numpy.savez(file, NAME=array)")
    } else if head.first == 0x80, head.count > 1, (2...5).contains(head[1]) {
      self.init(
        "a pickle, as PyTorch and joblib write", model: "load it in PyTorch and export it with torch.onnx.export",
        data: "save the arrays with numpy.savez(file, NAME=array)")
    } else if head.starts(with: [0x93]) && has("NUMPY", at: 1) {
      self.init("an npy file of samples", model: "the model is an ONNX file; samples go with --data or --input")
    } else if head.starts(with: [0x1F, 0x8B]) {
      self.init("a gzip file", model: "unpack it first", data: "unpack it first")
    } else if has("GGUF") {
      self.init("a GGUF file of weights", model: Self.weightsHint)
    } else if head.count > 9, head[8] == UInt8(ascii: "{"), head[5..<8].allSatisfy({ $0 == 0 }) {
      self.init("a safetensors file of weights", model: Self.weightsHint)
    } else if let kind = Self.tensorFlow(head) ?? Self.text(head) {
      self = kind
    } else {
      return nil
    }
  }

  private static let weightsHint =
    "it has no graph: load the weights into the model and export it with torch.onnx.export"

  /// Of TensorFlow's protobufs: a SavedModel is its schema version 1, and a graph with its own description first; a frozen graph is
  /// nodes, each a name and an operator.
  private static func tensorFlow(_ head: [UInt8]) -> FileKind? {
    /// What follows the length at `index`.
    func content(at index: Int) -> Int? {
      guard index < head.count, let end = head[index...].prefix(5).firstIndex(where: { $0 < 0x80 }) else { return nil }
      return end + 1
    }
    if head.starts(with: [8, 1, 0x12]), let inner = content(at: 3), inner < head.count, head[inner] == 0x0A {
      return FileKind(
        "a TensorFlow SavedModel",
        model: "give its folder to python -m tf2onnx.convert --saved-model FOLDER --output model.onnx")
    }
    guard head.first == 0x0A, let node = content(at: 1), node + 1 < head.count, head[node] == 0x0A else { return nil }
    let name = node + 2
    let end = name + Int(head[node + 1])
    guard head[node + 1] < 0x80, end + 1 < head.count, head[end] == 0x12, head[name..<end].allSatisfy({ $0 > 32 })
    else {
      return nil
    }
    return FileKind(
      "a frozen TensorFlow graph",
      model: "convert it: python -m tf2onnx.convert --graphdef FILE --inputs IN:0 --outputs OUT:0 --output model.onnx")
  }

  private static func picture(_ head: [UInt8]) -> FileKind? {
    func text(_ range: Range<Int>) -> String {
      head.count >= range.upperBound ? String(decoding: head[range], as: UTF8.self) : ""
    }
    let name: String? =
      if head.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
        "PNG"
      } else if head.starts(with: [0xFF, 0xD8, 0xFF]) {
        "JPEG"
      } else if text(0..<4) == "RIFF" && text(8..<12) == "WEBP" {
        "WebP"
      } else if text(0..<4) == "GIF8" {
        "GIF"
      } else if text(0..<2) == "BM" && head.count > 10 && head[6..<10].allSatisfy({ $0 == 0 }) {
        "BMP"
      } else if head.starts(with: [0x49, 0x49, 0x2A, 0]) || head.starts(with: [0x4D, 0x4D, 0, 0x2A]) {
        "TIFF"
      } else if text(4..<8) == "ftyp" && ["heic", "heix", "mif1", "avif"].contains(text(8..<12)) {
        text(8..<12) == "avif" ? "AVIF" : "HEIC"
      } else {
        nil
      }
    return name.map { name in
      let isRead = ["PNG", "JPEG", "BMP", "WebP", "TIFF"].contains(name)
      return FileKind(
        "a \(name) picture", model: "the model is an ONNX file; pictures are samples, for --data or --input",
        data: isRead ? "give the folder that holds it: each of its pictures is a sample" : "convert it to PNG")
    }
  }

  /// Of a zip file by the name of its first entry.
  private static func archive(_ head: [UInt8]) -> FileKind {
    let name = String(decoding: head.dropFirst(30).prefix(200), as: UTF8.self)
    if ["data.pkl", "/byteorder", "/.format_version", "/version", "constants.pkl", "/code/"].contains(
      where: name.contains)
    {
      return FileKind(
        "a PyTorch file", model: "export the model with torch.onnx.export(model, example, \"model.onnx\")",
        data: "save the arrays with numpy.savez(file, NAME=array)")
    }
    if name.hasPrefix("metadata.json") || name.hasPrefix("config.json") {
      return FileKind(
        "a Keras model", model: "load it in Keras and call model.export(\"model.onnx\", format=\"onnx\")")
    }
    if name.contains(".npy") {
      return FileKind("an npz file of samples", model: "the model is an ONNX file; samples go with --data or --input")
    }
    return FileKind(
      "a zip archive", model: "unpack it first",
      data: "unpack it, or save the arrays with numpy.savez(file, NAME=array)")
  }

  private static func text(_ head: [UInt8]) -> FileKind? {
    guard head.count > 8, head.allSatisfy({ $0 >= 32 || (9...13).contains($0) }) else { return nil }
    let text = String(decoding: head, as: UTF8.self).lowercased()
    let start = text.drop { $0.isWhitespace }
    if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") {
      return FileKind("a web page", model: "download the file itself", data: "download the file itself")
    }
    return FileKind(
      "a text file", model: "`kdc new` makes a model of a description in YAML",
      data: "tables of numbers are read where their names end in .csv")
  }
}
