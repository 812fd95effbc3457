import KDCProgram

/// Integer multipliers of y = a + b: scale/output · 2^shift for each.
struct AdditionFactors {
  var a: Int
  var b: Int
  var shift: Int

  /// nil where a ratio is too large for int16. `sign` −1 subtracts b.
  init?(a scaleA: Float, b scaleB: Float, output: Float, sign: Int = 1) {
    let ratios = [Double(scaleA) / Double(output), Double(scaleB) / Double(output)]
    guard let largest = ratios.max(), largest > 0, largest.rounded() <= 32767 else { return nil }
    var shift = 16
    while shift > 0, (largest * Double(1 << shift)).rounded() > 32767 { shift -= 1 }
    self.shift = shift
    a = Int((ratios[0] * Double(1 << shift)).rounded())
    b = sign * Int((ratios[1] * Double(1 << shift)).rounded())
  }
}

extension Lowering {
  /// Add (sign 1), Sub (sign −1) of int8 values; false where there is no integer form.
  mutating func integerAdd(_ a: String, _ b: String, _ output: String, sign: Int) throws -> Bool {
    guard let operands = try integerOperands(a, b, output),
      let factors = AdditionFactors(
        a: operands.a.affine.scale, b: operands.b.affine.scale, output: operands.output.scale, sign: sign)
    else { return false }
    let buffer = try write(output, as: .int8(operands.output), in: operands.layout)
    append {
      AddStep(
        name: $0, a: operands.a.form.buffer, b: operands.b.form.buffer, output: buffer, walk: operands.walk,
        zeroPointA: operands.a.affine.zeroPoint, zeroPointB: operands.b.affine.zeroPoint, multiplierA: factors.a,
        multiplierB: factors.b, requantization: Requantization(shift: factors.shift, to: operands.output))
    }
    return true
  }

  mutating func integerMultiply(_ a: String, _ b: String, _ output: String) throws -> Bool {
    guard let operands = try integerOperands(a, b, output),
      let factors = RequantizationChoice.factors(
        [Double(operands.a.affine.scale) * Double(operands.b.affine.scale) / Double(operands.output.scale)],
        accumulatorBound: 255 * 255),
      let multiplier = factors.multipliers.first
    else { return false }
    let buffer = try write(output, as: .int8(operands.output), in: operands.layout)
    append {
      MultiplyStep(
        name: $0, a: operands.a.form.buffer, b: operands.b.form.buffer, output: buffer, walk: operands.walk,
        zeroPointA: operands.a.affine.zeroPoint, zeroPointB: operands.b.affine.zeroPoint, multiplier: multiplier,
        requantization: Requantization(preShift: factors.preShift, shift: factors.shift, to: operands.output))
    }
    return true
  }

  private struct IntegerOperands {
    var a, b: (form: Form, affine: Affine)
    var output: Affine
    var layout: Layout
    var walk: Walk
  }

  private mutating func integerOperands(_ a: String, _ b: String, _ output: String) throws -> IntegerOperands? {
    guard let first = integerForm(a), let second = integerForm(b), let result = quantized(output) else { return nil }
    let shape = try shape(of: output)
    let layout = elementwiseLayout([a, b], shape, [.int8(first), .int8(second)])
    let left = try readForElementwise(a, .int8(first), layout, shape)
    let right = try readForElementwise(b, .int8(second), layout, shape)
    let walk = binaryWalk((left, try self.shape(of: a)), (right, try self.shape(of: b)), shape, layout)
    return IntegerOperands(a: (left, first), b: (right, second), output: result, layout: layout, walk: walk)
  }

  /// The value's own int8 form, or for a float constant the one that covers its range.
  func integerForm(_ name: String) -> Affine? {
    if let affine = quantized(name) { return affine }
    guard let values = floatConstant(name)?.floats, values.allSatisfy({ $0.isFinite }) else { return nil }
    let low = min(values.min() ?? 0, 0)
    let high = max(values.max() ?? 0, 0)
    let scale = (high - low) / 255
    guard scale > 0, scale.isNormal else { return Affine(scale: 1, zeroPoint: 0) }
    return Affine(scale: scale, zeroPoint: Int((-128 - low / scale).rounded()))
  }
}

extension Requantization {
  /// To the whole range of `output`.
  init(preShift: Int = 0, shift: Int, to output: Affine) {
    let limits = output.limits
    self.init(
      preShift: preShift, shift: shift, zeroPoint: output.zeroPoint, low: limits.lowerBound, high: limits.upperBound)
  }
}
