import KDCDiagnostics
import KDCGraph
import KDCTensor

/// (Σ |x|^p)^(1/p) of each window. ONNX `LpPool`, opsets 2, 11, 18, 22.
package struct LpPool: ManyAxes {
  package static let onnxName = "LpPool"
  package let window: SpatialWindow
  package let p: Int

  package init(decoding node: Node) throws(Diagnostic) {
    window = try SpatialWindow(decoding: node)
    p = try node.int("p", default: 2)
    guard p > 0 else { throw node.invalid("p", "is \(p), must be positive") }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try float(inputs, 0, "X", &expansion)
    let axes = try window.resolve(self, input: expansion.shape(of: x))
    // The sum is the mean times the size of the window, if all windows are inside of the padding.
    let ends = axes.map { axis in
      max(axis.padEnd, (axis.output - 1) * axis.stride + axis.extent - axis.input - axis.padBegin)
    }
    let means = try expansion.add(
      "AveragePool", [expansion.magnitudePower(x, Float(p))],
      [
        "kernel_shape": .ints(axes.map { Int64($0.kernel) }), "strides": .ints(axes.map { Int64($0.stride) }),
        "dilations": .ints(axes.map { Int64($0.dilation) }), "count_include_pad": .int(1),
        "pads": .ints((axes.map(\.padBegin) + ends).map { Int64($0) }),
      ])
    let sum = try expansion.scale(means, by: Float(axes.map(\.kernel).reduce(1, *)))
    try finish(inputs, [expansion.power(sum, 1 / Float(p))], &expansion)
  }
}
