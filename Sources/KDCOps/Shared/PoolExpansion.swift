import KDCDiagnostics
import KDCGraph
import KDCTensor

/// An operator with a window that, over three axes and more, is composed of ones over fewer.
protocol ManyAxes: Expanding {}

/// A pool whose windows are boxes: over more than two axes it is one along each.
///
/// Steps pool the rows and columns of one image of float32. Other types are cast.
protocol BoxPool: Pool, ManyAxes, ParallelOperator {
  var window: SpatialWindow { get }
  /// Attributes other than those of the window.
  var ownAttributes: [String: Attribute] { get }
  /// Whether int8 and uint8 are pooled, too.
  static var takesIntegers: Bool { get }
}

extension BoxPool {
  var ownAttributes: [String: Attribute] { [:] }
  static var takesIntegers: Bool { false }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try required(inputs, 0, "X").type
    guard x.dataType.isFloat || (Self.takesIntegers && x.dataType.byteCount == 1 && x.dataType != .bool) else {
      throw typeMismatch("input X is \(x), must be float32")
    }
    let axes = try window.resolve(self, input: x.shape)
    return [TensorType(x.dataType, Shape(x.shape.dims[..<2] + axes.map(\.output)))]
  }

  /// Whether it is more than rows and columns of float32.
  func needsComposition(_ type: TensorType) -> Bool { type.dataType != .float32 || type.shape.rank > 4 }

  package func isExpanded(_ inputs: [OperatorInput?]) -> Bool {
    guard let type = inputs.first??.type else { return false }
    return needsComposition(type)
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { try evaluate(inputs, threads: .single) }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try expansion.cast(expansion.inputs[0] ?? "", to: .float32)
    let axes = try window.resolve(self, input: expansion.shape(of: x))
    try finish(inputs, [expansion.boxes(Self.onnxName, x, window, axes, ownAttributes)], &expansion)
  }
}

extension Expansion {
  /// A pool of [N, C, spatial…] whose windows are boxes: over rows and columns, then along each other axis.
  mutating func boxes(
    _ opType: String, _ image: String, _ window: SpatialWindow, _ axes: [SpatialWindow.Axis],
    _ ownAttributes: [String: Attribute] = [:]
  ) throws(Diagnostic) -> String {
    let shape = shape(of: image)
    var x = image
    var dims = Array(shape.dims[2...])
    let planes = shape[0] * shape[1]
    func pool(_ axes: [SpatialWindow.Axis], _ image: Shape) throws(Diagnostic) {
      let attributes = window.attributes(axes).merging(ownAttributes) { $1 }
      x = try add(opType, [reshape(x, to: image)], attributes)
    }
    // Rows and columns, then the axes before them, from the last to the first.
    let outer = max(0, axes.count - 2)
    let lines = dims[..<outer].reduce(1, *)
    try pool(Array(axes[outer...]), Shape([1, planes * lines] + dims[outer...]))
    for axis in outer..<axes.count { dims[axis] = axes[axis].output }
    for axis in (0..<outer).reversed() {
      let before = planes * dims[..<axis].reduce(1, *)
      try pool([axes[axis], .unit], [1, before, dims[axis], dims[(axis + 1)...].reduce(1, *)])
      dims[axis] = axes[axis].output
    }
    return try reshape(x, to: Shape(shape.dims[..<2] + dims))
  }
}

extension SpatialWindow {
  /// Attributes that say these axes of the window again, the padding explicitly.
  func attributes(_ axes: [Axis]) -> [String: Attribute] {
    func list(_ values: [Int]) -> Attribute { .ints(values.map { Int64($0) }) }
    var attributes = [
      "kernel_shape": list(axes.map(\.kernel)), "strides": list(axes.map(\.stride)),
      "dilations": list(axes.map(\.dilation)), "pads": list(axes.map(\.padBegin) + axes.map(\.padEnd)),
    ]
    switch padding {
    case .explicit, .valid: if ceilMode { attributes["ceil_mode"] = .int(1) }
    case .sameUpper, .sameLower: break
    }
    return attributes
  }
}
