import KDCDiagnostics
import KDCGraph
import KDCTensor

/// How images become numbers: value = (pixel / 255 − mean) / std, at the size given. Inputs of whole numbers take the
/// pixels themselves, 0…255.
package struct ImageOptions: Sendable, Hashable, Codable {
  /// What images are resized to; nil takes them as they are.
  package var size: Size?
  /// One for all channels, or one each.
  package var mean: [Float] = [0]
  package var deviation: [Float] = [1]

  package struct Size: Sendable, Hashable, Codable, CustomStringConvertible {
    package var width: Int
    package var height: Int
    package init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }
    package var description: String { "\(width)x\(height)" }
  }

  package init() {}

  /// The options that are not as they are by default.
  var given: [String] {
    (size == nil ? [] : ["--image-size"]) + (mean == [0] ? [] : ["--mean"]) + (deviation == [1] ? [] : ["--std"])
  }
}

/// Pictures as samples of a model's image input, decoded each time one is asked for.
struct ImageSource: SampleColumn {
  let input: ValueInfo
  let files: [String]
  let options: ImageOptions
  let layout: ImageLayout
  var count: Int { files.count }

  /// Checks that the input is an image and decodes every file once, so that all faults are reported before any work.
  /// Throws a `DiagnosticList`: `unsuitableInput`, `imageSizeMismatch`, `unreadableImage`.
  init(_ files: [String], folder: String, input: ValueInfo, options: ImageOptions, threads: Threads) throws {
    self.input = input
    self.files = files
    self.options = options
    let place = Place(file: folder)
    guard let layout = ImageLayout(input.type.shape) else {
      throw DiagnosticList([
        Diagnostic(
          .unsuitableInput, "images cannot fill the model's input '\(input.name)' \(input.type)", at: place,
          notes: ["images are [1,C,H,W] or [1,H,W,C] with 1 or 3 channels"], hint: "save such samples as npz")
      ])
    }
    self.layout = layout
    let wanted = ImageOptions.Size(width: layout.width, height: layout.height)
    if let size = options.size, size != wanted {
      throw DiagnosticList([
        Diagnostic(
          .imageSizeMismatch, "--image-size \(size) is not what the model takes: '\(input.name)' is \(wanted)",
          at: place, hint: "leave it out with --image-size \(wanted), or compile with --input-shape")
      ])
    }
    try checkNumbers(place)
    for (name, values) in [("--mean", options.mean), ("--std", options.deviation)]
    where values.count != 1 && values.count != layout.channels {
      throw DiagnosticList([
        Diagnostic(
          .unsuitableInput, "\(name) has \(values.count) values for the \(layout.channels) channels of '\(input.name)'",
          at: place)
      ])
    }
    let source = self
    let faults = try parallelMap(files.count, threads: threads) { index in
      do throws(Diagnostic) {
        let file = try PictureFile(files[index])
        try source.check(file)
        _ = try file.decoded(channels: layout.channels)
        return Diagnostic?.none
      } catch {
        return error
      }
    }.compactMap { $0 }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
  }

  /// Pixels are 0…255: types that do not hold them cannot be filled, and whole numbers are not scaled to 0…1.
  private func checkNumbers(_ place: Place) throws(DiagnosticList) {
    let type = input.type.dataType
    guard !type.isFloat else { return }
    if type == .int8 || type == .bool {
      throw DiagnosticList([
        Diagnostic(
          .unsuitableInput, "pixels, 0…255, do not fit the model's input '\(input.name)' \(input.type)", at: place,
          hint: "save such samples as npz, in the numbers that the model takes")
      ])
    }
    let scaling = options.given.filter { $0 != "--image-size" }
    guard scaling.isEmpty else {
      throw DiagnosticList([
        Diagnostic(
          .unsuitableInput,
          "\(scaling.joined(separator: " and ")) cannot be applied: '\(input.name)' \(input.type) takes whole numbers",
          at: place, hint: "leave it out: such an input takes the pixels as they are, 0…255")
      ])
    }
  }

  /// Before any pixel is decoded.
  private func check(_ image: PictureFile) throws(Diagnostic) {
    guard options.size == nil, image.width != layout.width || image.height != layout.height else { return }
    throw Diagnostic(
      .imageSizeMismatch,
      "the image is \(image.width)x\(image.height), the model's input '\(input.name)' \(layout.width)x\(layout.height)",
      at: Place(file: image.path), hint: "resize all images alike with --image-size \(layout.width)x\(layout.height)")
  }

  func sample(_ index: Int) throws -> Tensor {
    let file = try PictureFile(files[index])
    try check(file)
    let image = try file.decoded(channels: layout.channels)
    let takesPixels = !input.type.dataType.isFloat
    var result = [Float](repeating: 0, count: layout.channels * layout.width * layout.height)
    for channel in 0..<layout.channels {
      let mean = options.mean[options.mean.count == 1 ? 0 : channel]
      let deviation = options.deviation[options.deviation.count == 1 ? 0 : channel]
      let resized = ImageResize.plane(
        from: (image.width, image.height), to: (layout.width, layout.height)
      ) { position in
        let pixel = Float(image.pixels[position * layout.channels + channel])
        return takesPixels ? pixel : pixel / 255
      }
      for (position, value) in resized.enumerated() {
        result[layout.index(channel, position)] = takesPixels ? value.rounded() : (value - mean) / deviation
      }
    }
    return Tensor(input.type.shape, result).converted(to: input.type.dataType)
  }
}

/// Where channels, rows and columns of an image lie in a tensor with batch 1.
package struct ImageLayout: Sendable, Hashable {
  package let channels: Int
  package let height: Int
  package let width: Int
  let isChannelsLast: Bool

  /// nil where the shape is neither [1,C,H,W] nor [1,H,W,C] with 1 or 3 channels.
  package init?(_ shape: Shape) {
    guard shape.rank == 4, shape[0] == 1 else { return nil }
    if shape[1] == 1 || shape[1] == 3 {
      (channels, height, width, isChannelsLast) = (shape[1], shape[2], shape[3], false)
    } else if shape[3] == 1 || shape[3] == 3 {
      (channels, height, width, isChannelsLast) = (shape[3], shape[1], shape[2], true)
    } else {
      return nil
    }
  }

  /// Element of a channel's pixel, counted row by row.
  func index(_ channel: Int, _ position: Int) -> Int {
    isChannelsLast ? position * channels + channel : channel * height * width + position
  }
}
