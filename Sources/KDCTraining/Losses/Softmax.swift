import Glibc

/// log softmax(values / temperature), computed from the largest value down so that nothing overflows.
func logSoftmax(_ values: [Double], temperature: Double = 1) -> [Double] {
  let scaled = values.map { $0 / temperature }
  let largest = scaled.max() ?? 0
  let logSum = log(scaled.reduce(0) { $0 + exp($1 - largest) })
  return scaled.map { $0 - largest - logSum }
}
