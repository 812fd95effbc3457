import KDCDiagnostics
import KDCGraph
import KDCTensor

/// How images become numbers: value = (pixel / 255 − mean) / std, at the size given.
package struct ImageOptions: Sendable, Hashable {
  /// What images are resized to; nil takes them as they are.
  package var size: Size?
  /// One for all channels, or one each.
  package var mean: [Float] = [0]
  package var deviation: [Float] = [1]

  package struct Size: Sendable, Hashable, CustomStringConvertible {
    package var width: Int
    package var height: Int
    package init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }
    package var description: String { "\(width)x\(height)" }
  }

  package init() {}
}

/// PNG and JPEG files as samples of a model's image input, decoded each time one is asked for.
struct ImageSource: SampleColumn {
  let input: ValueInfo
  let files: [String]
  let options: ImageOptions
  let layout: ImageLayout
  var count: Int { files.count }

  /// Checks that the input is an image and decodes every file once, so that all faults are told before any work.
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
        try source.check(try Image(contentsOf: files[index], channels: layout.channels), files[index])
        return Diagnostic?.none
      } catch {
        return error
      }
    }.compactMap { $0 }
    guard faults.isEmpty else { throw DiagnosticList(faults.count > 20 ? Array(faults.prefix(20)) : faults) }
  }

  private func check(_ image: Image, _ file: String) throws(Diagnostic) {
    guard options.size == nil, image.width != layout.width || image.height != layout.height else { return }
    throw Diagnostic(
      .imageSizeMismatch,
      "the image is \(image.width)x\(image.height), the model's input '\(input.name)' \(layout.width)x\(layout.height)",
      at: Place(file: file), hint: "resize all images alike with --image-size \(layout.width)x\(layout.height)")
  }

  func sample(_ index: Int) throws -> Tensor {
    let image = try Image(contentsOf: files[index], channels: layout.channels)
    try check(image, files[index])
    let pixels = image.width * image.height
    var result = [Float](repeating: 0, count: layout.channels * layout.width * layout.height)
    for channel in 0..<layout.channels {
      let mean = options.mean[options.mean.count == 1 ? 0 : channel]
      let deviation = options.deviation[options.deviation.count == 1 ? 0 : channel]
      let plane = (0..<pixels).map { Float(image.pixels[$0 * layout.channels + channel]) / 255 }
      let resized = ImageResize.plane(
        plane, from: (image.width, image.height), to: (layout.width, layout.height))
      for (position, value) in resized.enumerated() {
        result[layout.index(channel, position)] = (value - mean) / deviation
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
