import KDCDiagnostics

/// The layers between an input and its features, by family.
enum Trunk {
  /// He, Zhang, Ren and Sun, "Deep Residual Learning", 2016; with `isPreActivated` their "Identity Mappings", 2016.
  case resnet(widths: [Int], blocks: [Int], stem: Int, hasBottleneck: Bool, isPreActivated: Bool)
  /// Rows of expansion, channels, repetitions, stride. Sandler et al., "MobileNetV2", 2018, table 2.
  case mobilenet(stem: Int, rows: [[Int]], last: Int)
  /// 3×3 convolutions, each normalised; `isFlat`: all places of the last are features, not their means.
  case convolutions(widths: [Int], strides: [Int], isFlat: Bool)
  case perceptron(widths: [Int])
  case recurrent(widths: [Int])

  /// Dimensions of an input without the batch; 0: any.
  var inputRank: Int {
    switch self {
    case .resnet, .mobilenet, .convolutions: 3
    case .perceptron: 0
    case .recurrent: 2
    }
  }

  init?(_ map: YAMLMap, _ family: String) {
    func widths(_ standard: [Int]) -> [Int] { map.integers("widths", in: 1...65536, count: 1...64) ?? standard }
    switch family {
    case "resnet", "resnet-v2":
      let widths = widths([64, 128, 256, 512])
      let blocks = map.integers("blocks", in: 1...256, count: 1...64) ?? widths.map { _ in 2 }
      if blocks.count != widths.count {
        map.faults.report("'blocks' needs one number for each of 'widths'", line: map.line(of: "blocks"))
        return nil
      }
      guard Self.limit(blocks.reduce(0, +), "blocks", map) else { return nil }
      self = .resnet(
        widths: widths, blocks: blocks, stem: map.integer("stem", in: 1...15) ?? 3,
        hasBottleneck: map.flag("bottleneck") ?? false, isPreActivated: family == "resnet-v2")
    case "mobilenetv2":
      let rows =
        map.table("blocks", in: 1...65536, width: 4, count: 1...64)
        ?? [[1, 8, 1, 2], [6, 16, 3, 1], [6, 24, 3, 2], [6, 32, 3, 1]]
      guard Self.limit(rows.reduce(0) { $0 + $1[2] }, "blocks", map) else { return nil }
      self = .mobilenet(
        stem: map.integer("stem", in: 1...65536) ?? 16, rows: rows, last: map.integer("last", in: 1...65536) ?? 320)
    case "conv", "conv-tiny", "conv-very-tiny":
      let isVery = family == "conv-very-tiny"
      let widths = widths(isVery ? [8, 8, 16, 16, 24] : [16, 16, 16, 32, 32, 48, 64])
      let strides =
        map.integers("strides", in: 1...16, count: 1...64)
        ?? (map.has("widths") ? widths.map { _ in 1 } : isVery ? [1, 1, 2, 1, 2] : [1, 1, 1, 2, 1, 2, 1])
      if strides.count != widths.count {
        map.faults.report("'strides' needs one number for each of 'widths'", line: map.line(of: "strides"))
        return nil
      }
      self = .convolutions(widths: widths, strides: strides, isFlat: map.flag("flat") ?? false)
    case "mlp": self = .perceptron(widths: widths([128]))
    case "gru": self = .recurrent(widths: widths([64]))
    default: return nil
    }
  }

  /// Whether there are few enough blocks to be meant.
  private static func limit(_ count: Int, _ key: String, _ map: YAMLMap) -> Bool {
    guard count > 1000 else { return true }
    map.faults.report("'\(key)' makes \(count) blocks: at most 1000 can be", line: map.line(of: key))
    return false
  }

  func build(_ input: GraphBuilder.Value, _ builder: inout GraphBuilder) -> GraphBuilder.Value {
    switch self {
    case .resnet(let widths, let blocks, let stem, let hasBottleneck, let isPreActivated):
      var x = builder.convolution(input, widths[0], kernel: stem, stride: stem > 3 ? 2 : 1)
      if !isPreActivated { x = builder.relu(builder.normalization(x)) }
      if stem > 3 { x = builder.maxPool(x, kernel: 3, stride: 2) }
      for (stage, (width, count)) in zip(widths, blocks).enumerated() {
        for block in 0..<count {
          let stride = stage > 0 && block == 0 ? 2 : 1
          x =
            isPreActivated
            ? preActivated(x, width, stride, hasBottleneck, &builder)
            : residual(x, width, stride, hasBottleneck, &builder)
        }
      }
      return isPreActivated ? builder.relu(builder.normalization(x)) : x
    case .mobilenet(let stem, let rows, let last):
      var x = builder.relu6(builder.normalization(builder.convolution(input, stem)))
      for row in rows {
        for index in 0..<row[2] {
          x = inverted(x, row[1], expansion: row[0], stride: index == 0 ? row[3] : 1, &builder)
        }
      }
      return builder.relu6(builder.normalization(builder.convolution(x, last, kernel: 1)))
    case .convolutions(let widths, let strides, let isFlat):
      let x = zip(widths, strides).reduce(input) { builder.block($0, $1.0, stride: $1.1) }
      return isFlat ? builder.flatten(x) : x
    case .perceptron(let widths):
      let flat = input.dims.count == 2 ? input : builder.flatten(input)
      return widths.reduce(flat) { builder.relu(builder.dense($0, $1)) }
    case .recurrent(let widths): return builder.recurrent(input, widths)
    }
  }

  private func residual(
    _ x: GraphBuilder.Value, _ width: Int, _ stride: Int, _ hasBottleneck: Bool, _ builder: inout GraphBuilder
  ) -> GraphBuilder.Value {
    let channels = hasBottleneck ? 4 * width : width
    var y: GraphBuilder.Value
    if hasBottleneck {
      y = builder.block(builder.block(x, width, kernel: 1), width, stride: stride)
      y = builder.normalization(builder.convolution(y, channels, kernel: 1))
    } else {
      y = builder.normalization(builder.convolution(builder.block(x, width, stride: stride), channels))
    }
    let isSame = stride == 1 && x.dims[1] == channels
    let shortcut =
      isSame ? x : builder.normalization(builder.convolution(x, channels, kernel: 1, stride: stride))
    return builder.relu(builder.add(y, shortcut))
  }

  private func preActivated(
    _ x: GraphBuilder.Value, _ width: Int, _ stride: Int, _ hasBottleneck: Bool, _ builder: inout GraphBuilder
  ) -> GraphBuilder.Value {
    let channels = hasBottleneck ? 4 * width : width
    let active = builder.relu(builder.normalization(x))
    var y: GraphBuilder.Value
    if hasBottleneck {
      y = builder.relu(builder.normalization(builder.convolution(active, width, kernel: 1)))
      y = builder.relu(builder.normalization(builder.convolution(y, width, stride: stride)))
      y = builder.convolution(y, channels, kernel: 1)
    } else {
      y = builder.relu(builder.normalization(builder.convolution(active, width, stride: stride)))
      y = builder.convolution(y, channels)
    }
    let isSame = stride == 1 && x.dims[1] == channels
    return builder.add(y, isSame ? x : builder.convolution(active, channels, kernel: 1, stride: stride))
  }

  private func inverted(
    _ x: GraphBuilder.Value, _ channels: Int, expansion: Int, stride: Int, _ builder: inout GraphBuilder
  ) -> GraphBuilder.Value {
    let hidden = x.dims[1] * expansion
    var y = x
    if expansion > 1 { y = builder.relu6(builder.normalization(builder.convolution(y, hidden, kernel: 1))) }
    y = builder.relu6(builder.normalization(builder.convolution(y, hidden, stride: stride, groups: hidden)))
    y = builder.normalization(builder.convolution(y, channels, kernel: 1))
    return stride == 1 && x.dims[1] == channels ? builder.add(x, y) : y
  }
}
