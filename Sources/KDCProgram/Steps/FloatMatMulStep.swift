import CKDCFloat

/// Batched float32 product of two computed matrices: y[b,m,n] = Σ_k a[b,m,k] · b[b,k,n], k ascending, from 0, each product and
/// its addition rounded once (fusedMultiplyAdd).
///
/// `batchStrideA/B` in elements may be 0 (broadcast). `transposedB`: b is stored [n,k].
package struct FloatMatMulStep: BinaryStep {
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
  package var macs: Int { batch * rows * columns * depth }
}

extension FloatMatMulStep {
  package var detail: String {
    "\(batch) × [\(rows),\(depth)]·[\(depth),\(columns)]\(transposedB ? " b stored transposed" : "")"
  }

  package func run(_ memory: inout Memory) {
    let a = UnsafePointer(memory.pointer(a, as: Float.self))
    let b = UnsafePointer(memory.pointer(b, as: Float.self))
    let y = memory.pointer(output, as: Float.self)
    memory.inParallel(batch &* rows, work: batch &* rows &* columns &* depth) { range in
      for row in range {
        let a = a + (row / rows &* batchStrideA &+ row % rows &* depth)
        let b = b + row / rows &* batchStrideB
        let y = y + row &* columns
        for n in 0..<columns { y[n] = 0 }
        if transposedB {
          for n in 0..<columns { kdc_float_add_products(y + n, a, b + n &* depth, Int64(depth), 1, 1) }
        } else {
          kdc_float_add_products(y, a, b, Int64(depth), Int64(columns), Int64(columns))
        }
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.positive(batch, rows, columns, depth, named: "sizes")
    check.range(batchStrideA, 0...StepCheck.limit, named: "batchStrideA")
    check.range(batchStrideB, 0...StepCheck.limit, named: "batchStrideB")
    guard check.faults.isEmpty else { return }
    check.buffer(a, (batch - 1) * batchStrideA + rows * depth, bytes: 4, named: "a")
    check.buffer(b, (batch - 1) * batchStrideB + columns * depth, bytes: 4, named: "b")
    check.buffer(output, batch, rows, columns, bytes: 4, named: "output")
    check.require(a != output && b != output, "input and output are the same buffer")
  }
}
