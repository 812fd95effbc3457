import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The attributes convolutions and pools share: kernel_shape, strides, dilations, pads, auto_pad, ceil_mode.
///
/// Lists are outermost axis first; nil where the attribute is absent, since the rank is not known before the input is.
package struct SpatialWindow: Sendable {
  package enum Padding: Sendable, Equatable {
    /// Begin of every axis, then end of every axis; nil: no padding.
    case explicit([Int]?)
    /// Output = ceil(input / stride); the odd element of padding goes to the end (upper) or the begin (lower).
    case sameUpper, sameLower
    case valid
  }

  package typealias Axis = ImageGeometry.Axis

  package let kernel: [Int]?
  package let strides: [Int]?
  package let dilations: [Int]?
  package let padding: Padding
  package let ceilMode: Bool

  /// Sizes above this are refused, which keeps all sums and products of two of them far from overflow.
  private static let largest = 1 << 28
  /// Elements of a window: sums of so many int8 values fit int32, and float counts them exactly.
  package static let largestWindow = 1 << 23

  package init(decoding node: Node) throws(Diagnostic) {
    kernel = try Self.sizes(node, "kernel_shape", least: 1)
    strides = try Self.sizes(node, "strides", least: 1)
    dilations = try Self.sizes(node, "dilations", least: 1)
    ceilMode = try node.flag("ceil_mode", default: false)
    let pads = try Self.sizes(node, "pads", least: 0)
    let auto = try node.choice(
      "auto_pad", default: "NOTSET", of: ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])
    padding =
      switch auto {
      case "SAME_UPPER": .sameUpper
      case "SAME_LOWER": .sameLower
      case "VALID": .valid
      default: .explicit(pads)
      }
  }

  private static func sizes(_ node: Node, _ name: String, least: Int) throws(Diagnostic) -> [Int]? {
    guard let values = try node.optionalInts(name) else { return nil }
    for value in values where value < least || value > largest {
      throw node.invalid(name, "has the element \(value), must be \(least) or more")
    }
    return values
  }

  /// The axes of a convolution or pool over `input` [N, C, spatial…] with the given kernel (nil: the attribute's).
  ///
  /// Throws KDC2011 for attributes of the wrong length, KDC2013 for three or more spatial axes, KDC2014 for a kernel
  /// that does not fit.
  package func resolve(_ op: some Operator, input: Shape, kernel given: [Int]? = nil) throws(Diagnostic) -> [Axis] {
    let (kernel, strides, dilations, pads) = try lists(op, input: input, kernel: given)
    var axes: [Axis] = []
    for axis in kernel.indices {
      let size = input[axis + 2]
      let stride = strides[axis]
      let extent = (kernel[axis] - 1) * dilations[axis] + 1
      var (begin, end) = (pads[axis], pads[axis + kernel.count])
      let output: Int
      switch padding {
      case .sameUpper, .sameLower:
        output = (size + stride - 1) / stride
        let total = max(0, (output - 1) * stride + extent - size)
        begin = padding == .sameUpper ? total / 2 : total - total / 2
        end = total - begin
      case .explicit, .valid:
        let room = size + begin + end - extent
        guard room >= 0 else {
          throw op.shapeMismatch(
            "a kernel of \(kernel[axis]) (dilation \(dilations[axis])) does not fit into \(size) with padding "
              + "\(begin) + \(end) on spatial axis \(axis) of input \(input)")
        }
        var count = (ceilMode ? room + stride - 1 : room) / stride + 1
        // A window that starts in the padding after the end is dropped.
        if ceilMode, (count - 1) * stride >= size + begin { count -= 1 }
        output = count
      }
      axes.append(
        Axis(
          input: size, output: output, kernel: kernel[axis], stride: stride, dilation: dilations[axis], padBegin: begin,
          padEnd: end))
    }
    return axes
  }

  /// Attribute lists of full length, with defaults.
  func lists(
    _ op: some Operator, input: Shape, kernel given: [Int]? = nil
  ) throws(Diagnostic) -> (kernel: [Int], strides: [Int], dilations: [Int], pads: [Int]) {
    let rank = input.rank - 2
    guard rank >= 1 else {
      throw op.shapeMismatch("input \(input) needs at least one spatial axis after batch and channels")
    }
    guard rank <= 2 || op is any ManyAxes else {
      throw Diagnostic(
        .unsupportedAttribute, "'\(type(of: op).onnxName)' with \(rank) spatial axes is not supported",
        notes: ["supported: 1 and 2 spatial axes; the input is \(input)"])
    }
    guard let kernel = given ?? kernel else {
      throw Diagnostic(.invalidAttribute, "attribute 'kernel_shape' of '\(type(of: op).onnxName)' is missing")
    }
    if let attribute = self.kernel, attribute != kernel {
      throw op.shapeMismatch("kernel_shape is \(Shape(attribute)) but the weights have \(Shape(kernel))")
    }
    var pads: [Int]?
    if case .explicit(let list) = padding { pads = list }
    for (name, list, count) in [
      ("kernel_shape", kernel, rank), ("strides", strides, rank), ("dilations", dilations, rank),
      ("pads", pads, 2 * rank),
    ] {
      guard let list, list.count != count else { continue }
      throw Diagnostic(
        .invalidAttribute,
        "attribute '\(name)' of '\(type(of: op).onnxName)' has \(list.count) elements, must have \(count)")
    }
    for (name, list) in [("input", input.dims), ("kernel", kernel)] where list.contains(where: { $0 > Self.largest }) {
      throw Diagnostic(.shapeOverflow, "'\(type(of: op).onnxName)': \(name) \(Shape(list)) is too large")
    }
    guard let taps = Shape(kernel).checkedCount(), taps <= Self.largestWindow else {
      throw Diagnostic(
        .windowTooLarge, "'\(type(of: op).onnxName)' has a window of \(Shape(kernel))",
        notes: ["at most \(Self.largestWindow) elements are supported"],
        hint: "for the mean or maximum of a whole image use GlobalAveragePool or GlobalMaxPool")
    }
    let ones = [Int](repeating: 1, count: rank)
    return (kernel, strides ?? ones, dilations ?? ones, pads ?? [Int](repeating: 0, count: 2 * rank))
  }
}

extension [SpatialWindow.Axis] {
  /// Height and width; a one-dimensional operator has height 1.
  package var planar: (y: SpatialWindow.Axis, x: SpatialWindow.Axis) {
    count == 2 ? (self[0], self[1]) : (.unit, first ?? .unit)
  }
}

extension SpatialWindow.Axis {
  /// Elements from a window's first tap to its last.
  var extent: Int { (kernel - 1) * dilation + 1 }
}
