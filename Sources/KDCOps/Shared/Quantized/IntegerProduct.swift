import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Sums of products of 8-bit integers in float32, which has every integer up to 2²⁴.
extension Expansion {
  /// Operand `index` minus its zero point, as float32; `axis` is that of several zero points.
  mutating func centred(_ index: Int, zeroPoint: Int, axis: Int) throws(Diagnostic) -> String {
    let value = operand(index) ?? ""
    let shape = shape(of: value)
    let x = try cast(value, to: .float32)
    guard let zero = operand(zeroPoint) else { return x }
    let given = self.shape(of: zero)
    var broadcast = try cast(zero, to: .float32)
    if given.count == 1 {
      broadcast = try reshape(broadcast, to: [])
    } else if given.rank == 1, shape.dims.indices.contains(axis) {
      broadcast = try reshape(broadcast, to: Shape(shape.dims.indices.map { $0 == axis ? given.count : 1 }))
    }
    return try add("Sub", [x, broadcast])
  }

  /// The int32 result of a linear `product` with sums of `depth` products. Where the sums could leave what float32 has
  /// exactly, the left operand is cut into its upper and lower four bits, whose products add up: exact up to a depth of 4112.
  mutating func integerProduct(
    _ left: String, depth: Int, _ product: (inout Expansion, String) throws(Diagnostic) -> String
  ) throws(Diagnostic) -> String {
    guard depth * 255 * 255 > 1 << 24 else { return try cast(product(&self, left), to: .int32) }
    let upper = try add("Floor", [add("Mul", [left, scalar(0.0625)])])
    let lower = try add("Sub", [left, add("Mul", [upper, scalar(16)])])
    let parts = [try cast(product(&self, upper), to: .int32), try cast(product(&self, lower), to: .int32)]
    let sixteen = constant(Tensor([], .int32([16])))
    return try add("Add", [add("Mul", [parts[0], sixteen]), parts[1]])
  }
}
