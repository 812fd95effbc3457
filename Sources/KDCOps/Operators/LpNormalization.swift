import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// x / ‖x‖ along one axis, by the sum of magnitudes (p = 1) or the root of the sum of squares (p = 2); zeros where the
/// norm is 0. ONNX `LpNormalization`, opsets 1, 22.
package struct LpNormalization: AxisFunction, OutputJudging {
  package static let onnxName = "LpNormalization"
  package let rows: RowAxis
  package let p: Int

  package init(decoding node: Node) throws(Diagnostic) {
    rows = RowAxis(axis: try node.int("axis", default: -1))
    p = try node.int("p", default: 2)
    guard p == 1 || p == 2 else { throw node.unsupported("'LpNormalization' with p \(p), which must be 1 or 2") }
  }

  /// What a norm is raised to, so that zeros stay zeros.
  static let leastNorm = Float.leastNormalMagnitude

  func apply(_ row: UnsafeMutablePointer<Float>, stride: Int, count: Int) {
    var sum: Float = 0
    for i in 0..<count { sum += p == 1 ? abs(row[i &* stride]) : row[i &* stride] * row[i &* stride] }
    let norm = max(p == 1 ? sum : sum.squareRoot(), Self.leastNorm)
    for i in 0..<count { row[i &* stride] /= norm }
  }

  package static func outputKind(isVector: Bool) -> OutputKind? { .embedding }
}

extension LpNormalization {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let rows = try split(shape)
    let (outer, count, inner) = (rows.outer, rows.count, rows.inner)
    let norms = outer * inner
    guard norms > 0, count > 0 else { throw cannotLower(node, "of no elements") }
    let x = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let parts = lowering.unary(FloatFunction(p == 1 ? .abs : .square), x, count: shape.count)
    var norm = lowering.temporary(TensorType(.float32, [norms]))
    lowering.append { [norm] in
      FloatReduceStep(
        name: $0, operation: .sum, input: parts, output: norm, outer: outer, reduced: count, inner: inner)
    }
    if p == 2 { norm = lowering.unary(FloatFunction(.sqrt), norm, count: norms) }
    let least = lowering.loaded(Tensor([1], [Self.leastNorm]), "least")
    let divisor = lowering.binary(.maximum, norm, least, rows: 1, columns: norms, strideB: (0, 0))
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    let walk = Walk(
      extents: [outer, count, inner], strides: [[count * inner, inner, 1], [inner, 0, 1], [count * inner, inner, 1]])
    lowering.append {
      FloatBinaryStep(
        name: $0, operation: .divide, a: x, b: divisor, output: output, walk: walk.collapsed)
    }
  }
}

extension LpNormalization: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return result }
    let (shape, x) = try inputs.floats(0)
    let y = try outputs.floats(0).values
    let split = try split(shape)
    var ofX = x
    for outer in 0..<split.outer {
      for inner in 0..<split.inner {
        let row = (0..<split.count).map { (outer * split.count + $0) * split.inner + inner }
        let sum = row.reduce(Float(0)) { $0 + (p == 1 ? abs(x[$1]) : x[$1] * x[$1]) }
        let norm = max(p == 1 ? sum : sum.squareRoot(), Self.leastNorm)
        // ∂‖x‖/∂x is x / ‖x‖, or the sign.
        let product = row.reduce(Float(0)) { $0 + gradient[$1] * y[$1] }
        for i in row {
          let slope = p == 1 ? (x[i] > 0 ? 1 : x[i] < 0 ? -1 : 0) : y[i]
          ofX[i] = (gradient[i] - slope * product) / norm
        }
      }
    }
    result[0] = Tensor(shape, ofX)
    return result
  }
}
