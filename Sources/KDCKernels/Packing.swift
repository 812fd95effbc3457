extension Packing {
  /// The bytes that a kernel sees of a constant stored as `bytes` in logical order: the definition of each packing.
  /// The runtime's loader does the same in C. Needs exactly rows · runs · length bytes for panels.
  package func pack(_ bytes: [UInt8]) -> [UInt8] {
    guard case .panels(let rows, let runs, let length, let nr, let kr, let widened) = self else { return bytes }
    let blocks = (length + kr - 1) / kr
    let width = widened ? 2 : 1
    var packed = [UInt8](repeating: 0, count: (rows + nr - 1) / nr * runs * blocks * nr * kr * width)
    for row in 0..<rows {
      for run in 0..<runs {
        for k in 0..<length {
          let block = ((row / nr * runs + run) * blocks + k / kr) * nr + row % nr
          let index = block * kr + k % kr
          let value = bytes[(row * runs + run) * length + k]
          packed[index * width] = value
          if widened { packed[index * 2 + 1] = value < 128 ? 0 : 255 }
        }
      }
    }
    return packed
  }

  /// Bytes of the packed form of a constant that has `byteCount` bytes as stored.
  package func packedBytes(of byteCount: Int) -> Int {
    guard case .panels(let rows, let runs, let length, let nr, let kr, let widened) = self else { return byteCount }
    return (rows + nr - 1) / nr * nr * runs * ((length + kr - 1) / kr * kr) * (widened ? 2 : 1)
  }
}
