/// Determinants of matrices [batch, size, size], float32, by elimination in float64: column by column, the row with the largest
/// magnitude (of equal ones the first) comes to the diagonal, f = a / pivot and a − f · pivot row for each row below; the product of
/// the diagonal in order, rounded once. NaN gives the NaN 0x7fc00000.
package struct DeterminantStep: UnaryStep {
  package static let kind = "determinant"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var batch, size: Int

  package init(name: String, input: BufferID, output: BufferID, batch: Int, size: Int) {
    self.name = name
    self.input = input
    self.output = output
    self.batch = batch
    self.size = size
  }
}

extension DeterminantStep {
  package var detail: String { "\(batch) of \(size)×\(size)" }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Float.self))
    let y = memory.pointer(output, as: Float.self)
    for n in 0..<batch {
      var a = (0..<size * size).map { Double(x[n &* size &* size &+ $0]) }
      var product = 1.0
      for k in 0..<size {
        var pivot = k
        for row in k + 1..<max(size, k + 1) where abs(a[row * size + k]) > abs(a[pivot * size + k]) { pivot = row }
        if pivot != k {
          for column in 0..<size { a.swapAt(k * size + column, pivot * size + column) }
          product = -product
        }
        let diagonal = a[k * size + k]
        product = product * diagonal
        if diagonal == 0 { continue }
        for row in k + 1..<max(size, k + 1) {
          let factor = a[row * size + k] / diagonal
          for column in k + 1..<max(size, k + 1) {
            a[row * size + column] = a[row * size + column] - factor * a[k * size + column]
          }
        }
      }
      y[n] = FloatMath.number(Float(product))
    }
  }

  package func check(_ check: inout StepCheck) {
    check.positive(batch, named: "batch")
    check.range(size, 1...2048, named: "size")
    check.buffer(input, batch, size, size, bytes: 4, named: "input")
    check.buffer(output, batch, bytes: 4, named: "output")
    check.require(input != output, "input and output are the same buffer")
  }
}
