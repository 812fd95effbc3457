/// Batched float32 product of two computed matrices: y[b,m,n] = Σ_k a[b,m,k] · b[b,k,n], k ascending, from 0.
///
/// `batchStrideA/B` in elements may be 0 (broadcast). `transposedB`: b is stored [n,k].
package struct FloatMatMulStep: Step {
  package static let kind = "floatMatMul"
  package var name: String
  package var a: BufferID
  package var b: BufferID
  package var output: BufferID
  package var batch, rows, columns, depth: Int
  package var batchStrideA, batchStrideB: Int
  package var transposedB: Bool

  package init(
    name: String, a: BufferID, b: BufferID, output: BufferID, batch: Int, rows: Int, columns: Int, depth: Int,
    batchStrideA: Int, batchStrideB: Int, transposedB: Bool
  ) {
    self.name = name
    self.a = a
    self.b = b
    self.output = output
    self.batch = batch
    self.rows = rows
    self.columns = columns
    self.depth = depth
    self.batchStrideA = batchStrideA
    self.batchStrideB = batchStrideB
    self.transposedB = transposedB
  }
  package var reads: [BufferID] { [a, b] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [] }
}
