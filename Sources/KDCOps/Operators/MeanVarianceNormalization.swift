import KDCDiagnostics
import KDCGraph
import KDCTensor

/// (x − mean) / (√variance + 1e-9), the statistics over some axes. ONNX `MeanVarianceNormalization`, opsets 9, 13.
///
/// Without axes they are batch, rows and columns: 0, 2 and 3.
package struct MeanVarianceNormalization: Expanding {
  package static let onnxName = "MeanVarianceNormalization"
  package let axes: [Int]

  package init(decoding node: Node) throws(Diagnostic) {
    axes = try node.optionalInts("axes") ?? [0, 2, 3]
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try float(inputs, 0, "X", &expansion)
    let rank = expansion.shape(of: x).rank
    var axes: [Int] = []
    for axis in self.axes { axes.append(try normalized(axis: axis, rank: rank)) }
    let centred = try expansion.add("Sub", [x, expansion.reduce("ReduceMean", x, axes: axes)])
    let variance = try expansion.reduce("ReduceMean", expansion.power(centred, 2), axes: axes)
    let deviation = try expansion.shift(expansion.power(variance, 0.5), by: 1e-9)
    try finish(inputs, [expansion.add("Div", [centred, deviation])], &expansion)
  }
}
