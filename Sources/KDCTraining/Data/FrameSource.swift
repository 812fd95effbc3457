import KDCDiagnostics
import KDCGraph
import KDCTensor

/// A folder's images as successive frames, for an input [1,K,H,W]: sample i holds the K frames up to frame i, in grey, the
/// latest last. The first frame stands for those before it.
struct FrameSource: SampleColumn {
  private let input: ValueInfo
  private let frames: ImageSource
  var count: Int { frames.count }

  /// The columns of a model with several inputs, in their order: one with 1 or 3 channels takes frame i, one with K others
  /// the K frames up to it. Frames are resized to each input. Throws a `DiagnosticList`: `unsuitableInput`,
  /// `unreadableImage`.
  static func columns(
    _ files: [String], folder: String, inputs: [ValueInfo], options: ImageOptions, threads: Threads
  ) throws -> [(name: String, source: any SampleColumn)] {
    guard options.size == nil else {
      throw DiagnosticList([
        Diagnostic(
          .unsuitableInput, "--image-size is for models with one input; this one has \(inputs.count)",
          at: Place(file: folder), hint: "leave it out: frames are resized to each input")
      ])
    }
    return try inputs.map { input in
      let shape = input.type.shape
      let isSeries = shape.rank == 4 && shape[0] == 1 && ImageLayout(shape) == nil
      let plane = isSeries ? Shape([1, 1, shape[2], shape[3]]) : shape
      var own = options
      own.size = ImageLayout(plane).map { ImageOptions.Size(width: $0.width, height: $0.height) }
      let image = ValueInfo(name: input.name, type: TensorType(input.type.dataType, plane))
      let source = try ImageSource(files, folder: folder, input: image, options: own, threads: threads)
      return (input.name, isSeries ? FrameSource(input: input, frames: source) : source)
    }
  }

  private init(input: ValueInfo, frames: ImageSource) {
    self.input = input
    self.frames = frames
  }

  func sample(_ index: Int) throws -> Tensor {
    let length = input.type.shape[1]
    let values = try (0..<length).flatMap { try frames.sample(max(0, index - length + 1 + $0)).asFloats }
    return Tensor(input.type.shape, values).converted(to: input.type.dataType)
  }
}
