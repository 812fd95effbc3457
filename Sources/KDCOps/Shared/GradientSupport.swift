import KDCDiagnostics
import KDCTensor

/// alpha · op(a) · op(b), op(a) [m, k], op(b) [k, n].
func product(
  _ a: [Float], transposed transposeA: Bool, _ b: [Float], transposed transposeB: Bool, m: Int, n: Int, k: Int,
  _ alpha: Float = 1
) -> [Float] {
  [Float](count: m * n) { c in
    a.withPointer { a in
      b.withPointer { b in
        BLAS.gemm(transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: alpha, a: a, b: b, c: c)
      }
    }
  }
}

/// What gradients share.
extension [Tensor?] {
  /// Elements of ∂L/∂output `index`; nil where L does not depend on it.
  func gradient(_ index: Int = 0) throws -> [Float]? { try optionalFloats(index) }

  /// No gradient for any of `count` inputs.
  static func none(_ count: Int) -> [Tensor?] { [Tensor?](repeating: nil, count: count) }
}

extension [Tensor] {
  /// Shape and elements of a float32 output.
  func floats(_ index: Int) throws -> (shape: Shape, values: [Float]) {
    guard index < count, let values = self[index].floats else { throw InternalError("output \(index) is not float32") }
    return (self[index].shape, values)
  }
}

extension [Bool] {
  /// Whether input `index` has a gradient of use.
  func at(_ index: Int) -> Bool { index < count && self[index] }
}

extension Tensor {
  /// ∂L/∂x from ∂L/∂y where y is x broadcast: summed over the dimensions that repeat.
  func summed(to shape: Shape) throws -> Tensor {
    guard shape != self.shape else { return self }
    guard let values = floats else { throw InternalError("gradient of \(type)") }
    return Tensor(shape, broadcastSums(values, self.shape, to: shape))
  }
}

/// `values` of shape `from` summed to `shape`, which broadcasts to it.
func broadcastSums(_ values: [Float], _ from: Shape, to shape: Shape) -> [Float] {
  var result = [Float](repeating: 0, count: shape.count)
  guard from.count > 0 else { return result }
  let loops = StridedLoops(from.dims, Broadcasting.strides(of: shape, over: from))
  let (count, step) = (loops.row.n, loops.row.a)
  values.withPointer { values in
    result.withUnsafeMutableBufferPointer { result in
      loops.forEachRow { at, target, _ in
        if step == 0 {
          result[target] += VectorSums.sum(values + at, count)
        } else {
          for i in 0..<count { result[target &+ i &* step] += values[at &+ i] }
        }
      }
    }
  }
  return result
}
