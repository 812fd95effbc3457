import KDCDiagnostics
import KDCOps
import KDCTensor
import Testing

/// What every comparison does: `expected` is its answer for 1, 2, 3, 2, 1, 3 beside 2.
struct ComparisonCheck {
  let name: String

  func values(_ expected: [Bool]) throws {
    let float = try OperatorCase(name).run([
      Tensor([2, 3], [1.0, 2.0, 3.0, 2.0, 1.0, 3.0] as [Float]), Tensor([], [2] as [Float]),
    ])[0]
    let integer = try OperatorCase(name).run([
      Tensor([2, 3], [1, 2, 3, 2, 1, 3] as [Int64]), Tensor([1], [2] as [Int64]),
    ])[0]
    for y in [float, integer] {
      guard case .bool(let values) = y.elements else {
        Issue.record("\(y.type)")
        continue
      }
      #expect(y.shape == [2, 3] && values == expected, "\(name)")
    }
  }

  /// Operands of two types are a fault; two of bool where there is no order of them.
  func types(takesBool: Bool = false) {
    #expect(OperatorCase(name).fault([Tensor([], [1] as [Float]), Tensor([], [1] as [Int64])])?.id == .typeMismatch)
    #expect(
      OperatorCase(name).fault([Tensor([1], [true]), Tensor([1], [true])])?.id == (takesBool ? nil : .typeMismatch))
  }
}
