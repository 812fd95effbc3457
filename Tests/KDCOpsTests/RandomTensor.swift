import KDCTensor
import KDCTestSupport

extension SeededGenerator {
  /// A float32 tensor of uniform elements in −1 ..< 1.
  mutating func tensor(_ dims: Int...) -> Tensor { tensor(dims) }
  mutating func tensor(_ dims: [Int]) -> Tensor {
    Tensor(Shape(dims), (0..<Shape(dims).count).map { _ in Float.random(in: -1..<1, using: &self) })
  }
}
